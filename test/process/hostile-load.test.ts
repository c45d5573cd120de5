import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { parseAddress } from '../../src/adapters/address.ts';
import { frameHeader } from '../../src/adapters/frame.ts';
import { packer } from '../../src/adapters/msgpack-packer.ts';
import type { NodeId } from '../../src/core/actor.ts';
import { encodeMessage } from '../../src/gossip/message-codec.ts';
import type { Message } from '../../src/gossip/messages.ts';
import type { Opened } from '../../src/gossip/session-messages.ts';
import type { Node } from '../../src/index.ts';
import { frameOf, hello, HostilePeer } from '../support/hostile-peer.ts';
import { attackedNode } from '../support/undisturbed.ts';

const MIB = 2 ** 20;
const PATIENCE = { timeout: 60_000, interval: 20 };

/** Of this process, in which node and attacker both are: what the garbage collector cannot take. */
function heldBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function rawSocket(address: string): Promise<Socket> {
  const socket = connect(parseAddress(address));
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

function roomOrEnd(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once('drain', resolve).once('close', () => resolve()));
}

/** Opens a session for everything that the node holds. */
async function openSession(peer: HostilePeer, request: number, compare: boolean = false): Promise<Opened> {
  peer.send({ type: 'recent', request, rows: [] });
  const { rows, restHash } = await peer.take('recent-reply');
  const fullRows = rows.map(({ actor }) => {
    const birth = Number.parseInt(actor.slice(-23, -9), 16) as (typeof rows)[number]['received'];
    const nothing = { count: 0, sum: 0n };
    const none = { cloud: nothing, cloudVersions: [], loose: nothing, predecessor: undefined };
    return { actor, received: birth, closed: birth, ...none };
  });
  const flags = { empty: false, compare, compress: false };
  peer.send({ type: 'open', request, rows: fullRows, restHash, ...flags, wallMs: Date.now() });
  return peer.take('opened');
}

/** As many as a batch may hold: 8 MiB, which one reply brings together. */
async function putLargeBatch(node: Node): Promise<void> {
  const value = new Uint8Array(MIB);
  await node.batch(Array.from({ length: 7 }, (_, at) => ({ type: 'put', key: `large ${at}`, value })));
}

describe('connections', () => {
  test('by the thousand, of which none says hello, leave the others alone', async () => {
    const { node, expectUndisturbed } = await attackedNode();
    const sockets = await Promise.all(Array.from({ length: 2000 }, () => rawSocket(node.address)));
    await expectUndisturbed();
    // Nor do they keep out who says hello.
    const late = await HostilePeer.connect(node.address);
    expect(await late.take('summary')).toMatchObject({ type: 'summary' });
    for (const socket of sockets) socket.destroy();
    await expectUndisturbed();
  });

  test('under as many names as there is room for cost a bounded memory', async () => {
    const { node, expectUndisturbed } = await attackedNode();
    const before = heldBytes();
    const sockets = await Promise.all(
      Array.from({ length: 50 }, async (_, at) => {
        const { socket } = await HostilePeer.connect(node.address, hello({ nodeId: `h${at}` as NodeId }));
        // All but the last byte of the longest message.
        socket.write(frameHeader(16 * MIB));
        for (let piece = 0; piece < 15 && !socket.destroyed; piece++)
          if (!socket.write(new Uint8Array(MIB))) await roomOrEnd(socket);
        return socket;
      }),
    );
    expect(sockets.filter(({ destroyed }) => destroyed).length).toBeGreaterThan(20);
    // Of 750 MiB that were sent: what one process may hold of unfinished messages, and what is on its way.
    expect(heldBytes() - before).toBeLessThan(500 * MIB);
    for (const socket of sockets) socket.destroy();
    await expectUndisturbed();
    expect(await node.status()).toMatchObject({ malformedMessages: 0 });
  });
});

describe('a peer that asks and does not read', () => {
  test('is owed a few answers, whatever it asks for', async () => {
    const { node, expectUndisturbed } = await attackedNode();
    await putLargeBatch(node);
    const peer = await HostilePeer.connect(node.address);
    const { session } = await openSession(peer, 1);
    peer.socket.pause();
    const before = heldBytes();
    const served = async (): Promise<number> => {
      const { sessions } = await node.status();
      return sessions.find((one) => one.peer === 'hostile')?.bytes ?? 0;
    };
    const first = await served();
    for (let request = 2; request < 60; request++)
      peer.send({ type: 'next', request, session, cursor: Uint8Array.of(0), compress: false });
    // The answers that are made: 7 MiB each.
    await vi.waitFor(async () => expect(await served()).toBeGreaterThan(first + 14 * MIB), PATIENCE);
    await expectUndisturbed();
    expect(await served()).toBeLessThan(first + 60 * MIB);
    expect(heldBytes() - before).toBeLessThan(200 * MIB);
  });

  test('is hung up on when it asks for more than 64 things at once', async () => {
    const { node, expectUndisturbed } = await attackedNode();
    await putLargeBatch(node);
    const peer = await HostilePeer.connect(node.address);
    const { session } = await openSession(peer, 1);
    peer.socket.pause();
    for (let request = 2; request < 80; request++)
      peer.send({ type: 'next', request, session, cursor: Uint8Array.of(0), compress: false });
    await vi.waitFor(async () => expect((await node.status()).malformedMessages).toBe(1), PATIENCE);
    await expectUndisturbed();
  });

  test('is hung up on when its questions are long', async () => {
    const { node, expectUndisturbed } = await attackedNode();
    await putLargeBatch(node);
    const peer = await HostilePeer.connect(node.address);
    const { session } = await openSession(peer, 1);
    peer.socket.pause();
    const keys = Array.from({ length: 1000 }, () => new Uint8Array(10_000).fill(97));
    const fetch: Message = { type: 'fetch', request: 9, session, keys };
    const next = { type: 'next', session, cursor: Uint8Array.of(0), compress: false } as const;
    for (let request = 2; request < 8; request++) peer.send({ ...next, request });
    const bytes = encodeMessage(fetch, packer);
    for (let at = 0; at < 4; at++) peer.send(bytes);
    await vi.waitFor(async () => expect((await node.status()).malformedMessages).toBe(1), PATIENCE);
    await expectUndisturbed();
  });
});

describe('a peer that takes its time', () => {
  test('is hung up on if its hello is not there in 5 s, however steadily it comes', async () => {
    const { node, expectUndisturbed } = await attackedNode();
    const peer = await HostilePeer.connect(node.address, false);
    const bytes = frameOf(hello());
    let sent = 0;
    const timer = setInterval(() => peer.socket.write(bytes.subarray(sent, ++sent)), 500);
    onTestFinished(() => clearInterval(timer));
    await expectUndisturbed();
    await peer.closed;
    expect(sent).toBeLessThan(bytes.length);
    await expectUndisturbed();
  });

  test('is hung up on if it never answers, while others are answered', async () => {
    const { node, expectUndisturbed } = await attackedNode({ gossipIntervalMs: 200 });
    const peer = await HostilePeer.connect(node.address);
    await peer.take('summary');
    await expectUndisturbed();
    await peer.closed;
    await expectUndisturbed();
  });

  test('and never goes on with its sessions: what was pinned for them is let go', async () => {
    const { node, expectUndisturbed } = await attackedNode({ sessionTimeoutMs: 1000 });
    const served = async (): Promise<number> =>
      (await node.status()).sessions.filter(({ direction }) => direction === 'served').length;
    const peers = [];
    for (let at = 0; at < 40; at++) {
      const peer = await HostilePeer.connect(node.address, hello({ nodeId: `h${at}` as NodeId }));
      peers.push(peer);
      for (let request = 1; request <= 4; request++) await openSession(peer, request, request > 2);
    }
    // Two for a node, 64 in all.
    expect(await served()).toBeLessThanOrEqual(64);
    await expectUndisturbed();
    await vi.waitFor(async () => expect(await served()).toBe(0), PATIENCE);
    await expectUndisturbed();
  });
});
