/** Nodes with certificates, over real sockets: who is let in, who is kept out, and what is said of it. */

import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { type CertificatePaths, readCertificates } from '../../src/adapters/certificates.ts';
import { packer } from '../../src/adapters/msgpack-packer.ts';
import { createTcpTransport } from '../../src/adapters/tcp-transport.ts';
import type { NodeId } from '../../src/core/actor.ts';
import { FRAME_BYTES_MAX } from '../../src/core/limits.ts';
import { helloOf } from '../../src/gossip/handshake.ts';
import { decodeMessage, encodeMessage } from '../../src/gossip/message-codec.ts';
import type { Node, NodeOptions } from '../../src/index.ts';
import { Received } from '../contract/transport.contract.ts';
import { type IssueOptions, TestAuthority, tlsOptions } from '../support/certificates.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { makeTemporaryFolder, removeFolder } from '../support/temporary-folder.ts';
import { temporaryDir, temporaryNode } from './temporary-store.ts';

const folder = await makeTemporaryFolder();
afterAll(() => removeFolder(folder));
const authority = await TestAuthority.make(folder);
const foreign = await TestAuthority.make(folder);

async function nodeWith(
  nodeId: string,
  paths: CertificatePaths,
  more: Partial<NodeOptions> = {},
): Promise<Node> {
  return temporaryNode({ nodeId, ...tlsOptions(paths), ...more });
}

async function trusted(
  nodeId: string,
  more: Partial<NodeOptions> = {},
  options: IssueOptions = {},
): Promise<Node> {
  return nodeWith(nodeId, await authority.issue(nodeId, options), more);
}

/** Lines about refusals, without ports, which differ from run to run. */
function refusals({ lines }: RecordingLog): string[] {
  return lines
    .filter((line) => line.includes('refused'))
    .map((line) => line.replace(/^(\w+) (.*) \{.*$/u, '$1 $2').replaceAll(/127\.0\.0\.1:\d+/gu, 'HOST:PORT'));
}

test('nodes with certificates of one authority exchange, and say with which version', async () => {
  const a = await trusted('a');
  const b = await trusted('b', { peers: [a.address] });
  const { token } = await a.put('k', 1);
  expect(await b.get('k', { after: token })).toBe(1);
  const { peers, tls, warnings } = await b.status();
  expect(peers).toMatchObject([{ nodeId: 'a', state: 'connected', protocolVersion: 2 }]);
  expect(tls).toMatchObject({ authorities: 1 });
  expect(warnings).toEqual([]);
});

describe('is kept out, with one line in the log of each side, however often it tries: a node', () => {
  async function keptOut(stranger: Partial<NodeOptions>): Promise<{ a: string[]; stranger: string[] }> {
    const [logOfA, logOfStranger] = [new RecordingLog(), new RecordingLog()];
    const a = await trusted('a', { log: logOfA });
    await a.put('secret', 1);
    const node = await temporaryNode({ nodeId: 'b', peers: [a.address], log: logOfStranger, ...stranger });
    await node.put('forged', 2);
    for (let tries = 0; tries < 3; tries++) await node.sync();
    // The other side may notice a moment later.
    while (refusals(logOfA).length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(await node.get('secret')).toBeUndefined();
    expect(await a.get('forged')).toBeUndefined();
    expect((await a.status()).warnings).toMatchObject([{ code: 'PEER_REJECTED' }]);
    expect((await node.status()).peers).toMatchObject([{ state: 'rejected' }]);
    return { a: refusals(logOfA), stranger: refusals(logOfStranger) };
  }

  test('without certificates', async () => {
    expect(await keptOut({})).toMatchInlineSnapshot(`
      {
        "a": [
          "warn This node refused the peer at HOST:PORT: the connection came without TLS, and one side takes no other: give all nodes certificates, or none.",
        ],
        "stranger": [
          "warn This node was refused by the peer at HOST:PORT: the connection came without TLS, and one side takes no other: give all nodes certificates, or none.",
        ],
      }
    `);
  });

  test('with those of a foreign authority', async () => {
    expect(await keptOut(tlsOptions(await foreign.issue('b')))).toMatchInlineSnapshot(`
      {
        "a": [
          "warn This node refused the peer at HOST:PORT: the certificate of node b was issued by an authority that is not trusted.",
        ],
        "stranger": [
          "warn This node refused the peer at HOST:PORT: the certificate of node a was issued by an authority that is not trusted.",
        ],
      }
    `);
  });

  test('with a foreign certificate, though it trusts the right authority', async () => {
    const paths = await foreign.issue('b', { trusted: [foreign, authority] });
    expect(await keptOut(tlsOptions(paths))).toMatchInlineSnapshot(`
      {
        "a": [
          "warn This node refused the peer at HOST:PORT: the certificate of node b was issued by an authority that is not trusted.",
        ],
        "stranger": [
          "warn This node was refused by the peer at HOST:PORT: the certificate of node b was issued by an authority that is not trusted.",
        ],
      }
    `);
  });

  test('with an expired certificate', async () => {
    const { a, stranger } = await keptOut(tlsOptions(await authority.issue('b', { fromDays: -9, days: -2 })));
    const date = / \d{4}-[\dT:.-]+Z/gu;
    expect({
      a: a.map((line) => line.replaceAll(date, ' DATE')),
      stranger: stranger.map((line) => line.replaceAll(date, ' DATE')),
    }).toMatchInlineSnapshot(`
      {
        "a": [
          "warn This node refused the peer at HOST:PORT: the certificate of node b expired on DATE, or an authority did.",
        ],
        "stranger": [
          "warn This node was refused by the peer at HOST:PORT: the certificate of node b expired on DATE, or an authority did.",
        ],
      }
    `);
  });
});

test('a node with certificates is not reached where none are, and each side says why, once', async () => {
  const [logOfA, logOfB] = [new RecordingLog(), new RecordingLog()];
  const a = await temporaryNode({ nodeId: 'a', log: logOfA });
  const b = await trusted('b', { peers: [a.address], log: logOfB });
  await b.sync();
  const [peer] = (await b.status()).peers;
  expect(peer?.lastError).toMatch(/cannot be reached: it speaks no TLS/);
  for (let tries = 0; tries < 3; tries++) await b.sync();
  const told = (log: RecordingLog): string[] => log.lines.filter((line) => /TLS/u.test(line));
  expect(told(logOfA)).toHaveLength(1);
  expect(told(logOfA)[0]).toMatch(/^warn .*the beginning of TLS, and this node speaks without/);
  expect(told(logOfB)).toHaveLength(1);
  expect(told(logOfB)[0]).toMatch(/^warn .*it speaks no TLS/);
});

describe("a node that says another's name", () => {
  test('is refused by its certificate', async () => {
    const log = new RecordingLog();
    const a = await trusted('a', { log });
    const liar = createTcpTransport({
      frameBytesMax: FRAME_BYTES_MAX,
      certificates: { current: await readCertificates(await authority.issue('b')) },
    });
    onTestFinished(() => liar.close());
    const connection = await liar.dial(a.address);
    const received = new Received(connection);
    const settings = { tombstoneTtlMs: 86_400_000, maxDriftMs: 60_000 };
    const contact = { host: '', port: 0, startedMs: 0 };
    const said = { nodeId: 'c' as NodeId, clusterId: 'default', bootNonce: 1, settings, contact };
    await connection.send(encodeMessage(helloOf(said), packer));
    await received.closed;
    expect(received.messages.map((bytes) => decodeMessage(bytes, packer)).at(-1)).toEqual({
      type: 'reject',
      code: 'certificate',
      reason: 'the certificate is that of node b, and the hello that of node c',
    });
    expect(refusals(log)).toHaveLength(1);
    expect((await a.status()).peers).toEqual([]);
  });

  test('does not start with a certificate of another', async () => {
    const paths = await authority.issue('b');
    await expect(nodeWith('c', paths)).rejects.toMatchObject({
      code: 'CERTIFICATE_INVALID',
      message: `The certificate in ${paths.cert} is that of node b, and this is node c.`,
    });
  });
});

describe('a certificate', () => {
  test.each([
    [31, undefined],
    [20, 'CERTIFICATE_EXPIRES'],
    [5, 'CERTIFICATE_EXPIRES_SOON'],
    [-1, 'CERTIFICATE_EXPIRED'],
  ])('with %d days left is shown in the status, and logged once: %s', async (days, code) => {
    const log = new RecordingLog();
    const a = await trusted('a', { log }, { fromDays: -40, days });
    const { warnings } = await a.status();
    await a.status();
    expect(warnings.map((warning) => warning.code)).toEqual(code === undefined ? [] : [code]);
    const told = log.lines.filter((line) => line.includes('CERTIFICATE_'));
    expect(told).toHaveLength(code === undefined ? 0 : 1);
  });

  test('lets a node listen beyond loopback', async () => {
    const a = await trusted('a', { listen: '0.0.0.0:0' });
    expect(a.address).toMatch(/^0\.0\.0\.0:/);
    const dir = await temporaryDir();
    await expect(temporaryNode({ dir, listen: '0.0.0.0:0' })).rejects.toMatchObject({
      code: 'INSECURE_NETWORK',
    });
  });

  test.each(['tlsCert', 'tlsKey', 'tlsCa'] as const)('is nothing without %s', async (missing) => {
    const { [missing]: _, ...others } = tlsOptions(await authority.issue('a'));
    await expect(temporaryNode(others)).rejects.toThrow(/^TLS takes three files/);
  });

  test('must be there, be sound, and fit its key and its authority', async () => {
    const [one, two] = [await authority.issue('a'), await authority.issue('a')];
    const stranger = await foreign.issue('a');
    const start = (paths: Partial<CertificatePaths>): Promise<unknown> => nodeWith('a', { ...one, ...paths });
    for (const [paths, sentence] of [
      [{ cert: '/nowhere/a.crt' }, 'The file /nowhere/a.crt cannot be read: there is no such file.'],
      [{ cert: one.key }, `The file ${one.key} holds no certificate in PEM.`],
      [{ key: one.cert }, `The file ${one.cert} holds no private key in PEM, or one with a password.`],
      [{ key: two.key }, `The key in ${two.key} is not that of the certificate in ${one.cert}.`],
      [
        { ca: stranger.ca },
        `The certificate in ${one.cert} was issued by none of the authorities in ${stranger.ca}.`,
      ],
      [
        { cert: one.ca },
        expect.stringMatching(/names no node: it needs one URI of the form boato:node:NAME/),
      ],
    ] as const) {
      await expect(start(paths)).rejects.toMatchObject({ code: 'CERTIFICATE_INVALID', message: sentence });
    }
  });
});
