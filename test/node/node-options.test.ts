import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openNode } from '../../src/index.ts';
import { checkNodeOptions } from '../../src/node/options.ts';
import { temporaryDir, temporaryNode } from './temporary-store.ts';

const LIST = 'must be a list of host:port';

/** The field, a bad value of it, what the sentence says of it. */
type BadField = readonly [field: string, value: unknown, what: string];

const BAD: readonly BadField[] = [
  ['listen', 7531, 'must be a string of the form host:port'],
  ['listen', ['127.0.0.1:0'], 'must be a string of the form host:port'],
  ['peers', '127.0.0.1:7531', LIST],
  ['peers', { a: '127.0.0.1:7531' }, LIST],
  ['peers', [7531], LIST],
  ['peers', ['127.0.0.1:7531', null], LIST],
  ['peers', ['127.0.0.1:0'], 'must name the port of 127.0.0.1:0; 0 is none'],
  ['advertise', 'here', 'must be host:port as other nodes dial it, not "here"'],
  ['advertise', '0.0.0.0:7531', 'must be host:port as other nodes dial it, not "0.0.0.0:7531"'],
  ['advertise', '10.0.0.1:0', 'must be host:port as other nodes dial it, not "10.0.0.1:0"'],
  ['membership', 'no', 'must be true or false'],
  ['metadata', 7, 'must be a string without lone surrogates'],
  ['metadata', '\ud800', 'must be a string without lone surrogates'],
  ['metadata', 'é'.repeat(257), 'takes 512 bytes of UTF-8 at most, not 514'],
  ['sampler', 'some', 'must be one of full, partial, not "some"'],
  ['probeIntervalMs', 99, 'must be an integer from 100 to 60000, not 99'],
  ['memberRetentionMs', 999, 'must be an integer from 1000 to 31536000000, not 999'],
  ['mode', 'gossip', 'must be one of push, pull, push-pull, not "gossip"'],
  ['mode', true, 'must be one of push, pull, push-pull, not true'],
  ['gossipIntervalMs', 9, 'must be an integer from 10 to 1073741823, not 9'],
  ['gossipIntervalMs', 1_073_741_824, 'must be an integer from 10 to 1073741823, not 1073741824'],
  ['gossipIntervalMs', '1s', 'must be an integer from 10 to 1073741823, not "1s"'],
  ['gossipFanout', 0, 'must be an integer from 1 to 1000, not 0'],
  ['gossipFanout', 1001, 'must be an integer from 1 to 1000, not 1001'],
  ['gossipFanout', 2.5, 'must be an integer from 1 to 1000, not 2.5'],
  ['sessionTimeoutMs', 999, 'must be an integer from 1000 to 2147483647, not 999'],
  ['sessionTimeoutMs', 2 ** 31, 'must be an integer from 1000 to 2147483647, not 2147483648'],
  ['insecureNetwork', 'yes', 'must be true or false'],
  ['insecureNetwork', 1, 'must be true or false'],
  ['compression', 'yes', 'must be auto, always, never'],
  ['compression', true, 'must be auto, always, never'],
];

describe('openNode', () => {
  test.each(BAD)('refuses %s: %j with one sentence, and makes no folder', async (field, value, what) => {
    const dir = await temporaryDir();
    await expect(openNode({ dir, [field]: value })).rejects.toMatchObject({
      name: 'BoatoError',
      code: 'INVALID_OPTION',
      message: `The option \`${field}\` ${what}.`,
    });
    expect(existsSync(dir)).toBe(false);
  });

  test.each([
    '',
    'no where',
    ':7531',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:-1',
    '127.0.0.1:65536',
    '127.0.0.1:1e3',
    '::1:7531',
    '[::1]',
    '[nowhere]:7531',
    'http://127.0.0.1:7531',
    ' 127.0.0.1:7531',
  ])('refuses the malformed address "%s", to listen on and of a peer, and shows it', async (address) => {
    const dir = await temporaryDir();
    const refused = {
      code: 'INVALID_OPTION',
      message: expect.stringContaining(JSON.stringify(address)),
    };
    await expect(openNode({ dir, listen: address })).rejects.toMatchObject(refused);
    await expect(openNode({ dir, peers: ['127.0.0.1:7531', address] })).rejects.toMatchObject(refused);
    expect(existsSync(dir)).toBe(false);
  });

  test.each(['0.0.0.0:0', '[::]:0', '192.0.2.1:7531', 'example.org:7531', '128.0.0.1:0', '[::2]:0'])(
    'refuses to listen on %s, which is beyond loopback, and says how to allow it',
    async (listen) => {
      const dir = await temporaryDir();
      for (const insecureNetwork of [undefined, false]) {
        const options = insecureNetwork === undefined ? { dir, listen } : { dir, listen, insecureNetwork };
        await expect(openNode(options)).rejects.toMatchObject({
          code: 'INSECURE_NETWORK',
          message: expect.stringMatching(/^Listening on .* would let anyone .*insecureNetwork.*\.$/),
        });
      }
      expect(existsSync(dir)).toBe(false);
    },
  );
});

test.each([
  ['listen', '127.0.0.1:0'],
  ['listen', '127.0.0.2:65535'],
  ['listen', 'localhost:1'],
  ['listen', '[::1]:0'],
  ['peers', []],
  ['peers', ['shop-1.example:1', '192.0.2.1:65535', '[2001:db8::1]:7531']],
  ['metadata', 'é'.repeat(256)],
  ['mode', 'push'],
  ['mode', 'pull'],
  ['mode', 'push-pull'],
  ['gossipIntervalMs', 10],
  ['gossipIntervalMs', 1_073_741_823],
  ['gossipFanout', 1],
  ['gossipFanout', 1000],
  ['sessionTimeoutMs', 1000],
  ['sessionTimeoutMs', 2_147_483_647],
] as const)('%s: %j is accepted', (field, value) => {
  expect(checkNodeOptions({ dir: 'a', [field]: value })).toMatchObject({ [field]: value });
});

test('an address beyond loopback is accepted with `insecureNetwork`', () => {
  const checked = checkNodeOptions({ dir: 'a', listen: '0.0.0.0:7531', insecureNetwork: true });
  expect(checked.listen).toBe('0.0.0.0:7531');
});

test('a node listens on a port of its own on loopback when nothing else is said', async () => {
  const node = await temporaryNode();
  expect(node.address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
});
