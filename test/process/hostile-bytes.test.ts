import { describe, expect, test } from 'vitest';
import { frameHeader } from '../../src/adapters/frame.ts';
import { packer } from '../../src/adapters/msgpack-packer.ts';
import type { NodeId } from '../../src/core/actor.ts';
import type { Message } from '../../src/gossip/messages.ts';
import { frameOf, hello, HostilePeer } from '../support/hostile-peer.ts';
import { attackedNode } from '../support/undisturbed.ts';

const SUMMARY: Message = {
  type: 'summary',
  request: 1,
  contextHash: 1n,
  fingerprint: { count: 0, sum: 0n },
  wallMs: 5,
};
const SESSION = 'f'.repeat(32);

/** `count` empty arrays in an array. */
function emptyArrays(count: number): Uint8Array {
  const head = Buffer.from([0xdd, 0, 0, 0, 0]);
  head.writeUInt32BE(count, 1);
  return frameOf(Buffer.concat([head, Buffer.alloc(count, 0x90)]));
}

/** Each as bytes on a fresh connection, after a hello or in the place of one. */
const MALFORMED: readonly [string, 'first' | 'after a hello', Uint8Array][] = [
  ['random bytes', 'first', Buffer.from('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')],
  ['a length of 4 GiB', 'first', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1)],
  ['a length of 16 MiB before the hello', 'first', frameHeader(16 * 2 ** 20)],
  ['a length one above 16 MiB', 'after a hello', frameHeader(16 * 2 ** 20 + 1)],
  ['an empty frame', 'after a hello', frameHeader(0)],
  ['a frame of an unknown type', 'after a hello', Uint8Array.of(0, 0, 0, 1, 9, 0)],
  ['a body that is no message', 'first', frameOf(Uint8Array.of(0xc1))],
  ['a summary instead of a hello', 'first', frameOf(SUMMARY)],
  ['a notice instead of a hello', 'first', frameOf({ type: 'done', session: SESSION })],
  ['a second hello', 'after a hello', frameOf(hello())],
  ['a message of an unknown type', 'after a hello', frameOf(packer.pack([99, 1]))],
  ['a message of too many positions', 'after a hello', frameOf(packer.pack([14, 1, 2]))],
  ['10,000 arrays in each other', 'after a hello', frameOf(new Uint8Array(10_000).fill(0x91))],
  ['a million empty arrays', 'after a hello', emptyArrays(1_000_000)],
  ['16 million empty arrays', 'after a hello', emptyArrays(16_000_000)],
  [
    'rows that are more than their bytes',
    'after a hello',
    frameOf(packer.pack([23, 1, Uint8Array.of(0xff, 0xff, 0x0f)])),
  ],
];

test('bytes that are not as the protocol says close their connection, are counted, and disturb nothing else', async () => {
  const { node, expectUndisturbed } = await attackedNode();
  for (const [index, [name, when, bytes]] of MALFORMED.entries()) {
    const peer = await HostilePeer.connect(node.address, when === 'first' ? false : hello());
    peer.socket.write(bytes);
    await peer.closed;
    const { malformedMessages } = await node.status();
    expect({ name, malformedMessages }).toEqual({ name, malformedMessages: index + 1 });
  }
  await expectUndisturbed();
});

describe('no fault of a message, and not counted as one:', () => {
  test('a frame that ends in the middle', async () => {
    const { node, expectUndisturbed } = await attackedNode();
    const peer = await HostilePeer.connect(node.address);
    peer.socket.end(frameOf(SUMMARY).subarray(0, 20));
    await peer.closed;
    expect(await node.status()).toMatchObject({ malformedMessages: 0 });
    await expectUndisturbed();
  });

  test.each([
    ['another cluster', { clusterId: 'foreign' }, 'cluster'],
    ['a protocol of the future', { protocolVersion: 4_000_000_000 }, 'protocol-version'],
    ['the name of the node itself', { nodeId: 'attacked' as NodeId }, 'same-name'],
  ])('a hello of %s: it is told why, and refused', async (_, changes, code) => {
    const { node, expectUndisturbed } = await attackedNode();
    const peer = await HostilePeer.connect(node.address, hello(changes));
    expect(await peer.take('reject')).toMatchObject({ code });
    await peer.closed;
    expect(await node.status()).toMatchObject({ malformedMessages: 0 });
    await expectUndisturbed();
  });

  test('replies that nobody asked for are passed over', async () => {
    const { node, expectUndisturbed } = await attackedNode();
    const peer = await HostilePeer.connect(node.address);
    await peer.take('summary');
    for (const request of [0, 2, 77, 4_000_000_000])
      peer.send(
        { ...SUMMARY, type: 'summary-reply', request },
        { type: 'sums-reply', request, sums: [] },
        { type: 'failure', request, code: 'stale', reason: '' },
      );
    peer.send({ ...SUMMARY, request: 5 });
    expect(await peer.take('summary-reply')).toMatchObject({ request: 5 });
    expect(await node.status()).toMatchObject({ malformedMessages: 0 });
    await expectUndisturbed();
  });

  test('requests about sessions that never were are answered so', async () => {
    const { node, expectUndisturbed } = await attackedNode();
    const peer = await HostilePeer.connect(node.address);
    const session = SESSION;
    peer.send(
      { type: 'next', request: 1, session, cursor: Uint8Array.of(0), compress: true },
      { type: 'compare', request: 2, session, depth: 5 },
      { type: 'fetch', request: 3, session, keys: [] },
      { type: 'lost', session, dots: Uint8Array.of(1) },
      { type: 'keep-alive', session },
    );
    for (const request of [1, 2, 3])
      expect(await peer.take('failure')).toMatchObject({ request, code: 'unknown-session' });
    await expectUndisturbed();
  });
});
