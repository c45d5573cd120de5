import { describe, expect, test } from 'vitest';
import { packer } from '../../src/adapters/msgpack-packer.ts';
import { settle } from '../../src/adapters/simulated-clock.ts';
import { makeActor, type NodeId } from '../../src/core/actor.ts';
import { type FullRow, unknownRow } from '../../src/core/context.ts';
import type { Version } from '../../src/core/version.ts';
import { helloOf } from '../../src/gossip/handshake.ts';
import { decodeMessage, encodeMessage } from '../../src/gossip/message-codec.ts';
import type { Message } from '../../src/gossip/messages.ts';
import type { Connection } from '../../src/ports/transport.ts';
import {
  addressOf,
  GossipCluster,
  INTERVAL_MS,
  MAX_DRIFT_MS,
  type TestNode,
  TOMBSTONE_TTL_MS,
} from '../support/gossip-fixture.ts';

function recordsOf(node: TestNode): string[] {
  return node.gossip.peers().map(({ address, nodeId, state }) => `${address} ${nodeId ?? '?'} ${state}`);
}

const hello = helloOf({
  nodeId: 'stranger' as NodeId,
  clusterId: 'test',
  bootNonce: 1,
  settings: { tombstoneTtlMs: TOMBSTONE_TTL_MS, maxDriftMs: MAX_DRIFT_MS },
  contact: { host: '', port: 0, startedMs: 0 },
});

/** A stranger that listens at `host`, and sends `messages` to whoever dials it. */
async function listen(cluster: GossipCluster, host: string, messages: readonly Message[]): Promise<void> {
  await cluster.transport(host).listen(addressOf(host), (connection) => {
    connection.start({ onMessage: () => {}, onClose: () => {} });
    for (const message of messages) void connection.send(encodeMessage(message, packer));
  });
}

describe('two nodes that dial each other', () => {
  test('are one peer to each other, with the bytes of both connections', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a', { peers: ['b'] });
    const b = await cluster.start('b', { peers: ['a'] });
    await a.put('k', '1');
    await cluster.pass(10 * INTERVAL_MS);

    expect(recordsOf(a)).toEqual(['b:7000 b connected']);
    expect(recordsOf(b)).toEqual(['a:7000 a connected']);
    const sent = cluster.takeSent();
    const bytes = (from: string): number =>
      sent.filter((one) => one.from === from).reduce((sum, one) => sum + one.bytes, 0);
    expect(a.gossip.peers()[0]).toMatchObject({ bytesSent: bytes('a'), bytesReceived: bytes('b') });
    expect(b.gossip.peers()[0]).toMatchObject({ bytesSent: bytes('b'), bytesReceived: bytes('a') });
    await cluster.stopAll();
  });

  test('have at most one round each in an interval', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a', { peers: ['b'] });
    await cluster.start('b', { peers: ['a'] });
    await cluster.pass(10 * INTERVAL_MS);
    cluster.takeSent();
    const before = a.gossip.peers()[0]?.rounds ?? 0;
    await cluster.pass(20 * INTERVAL_MS);
    const rounds = (a.gossip.peers()[0]?.rounds ?? 0) - before;
    expect(rounds).toBeGreaterThanOrEqual(16);
    expect(rounds).toBeLessThanOrEqual(25);
    await cluster.stopAll();
  });

  test('are still connected when one of the two connections is gone', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a');
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.pass(INTERVAL_MS);
    expect(recordsOf(a)).toEqual([expect.stringMatching(/^b:\d+ b connected$/)]);
    await cluster.stop(b);
    await cluster.pass(0);
    expect(recordsOf(a)).toEqual([expect.stringMatching(/^b:\d+ b disconnected$/)]);
    expect(a.gossip.peers()[0]?.bytesReceived).toBeGreaterThan(0);
    await cluster.stopAll();
  });
});

describe('a connection', () => {
  test('ends with a reason when the node at the other end stops', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a');
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.pass(INTERVAL_MS);
    await cluster.stop(a);
    await settle();
    expect(b.gossip.peers()[0]).toMatchObject({ state: 'disconnected', lastError: 'the node stops' });
    expect(b.warnings()).toEqual([]);
    await cluster.stopAll();
  });

  test('on which nothing comes any more is closed within some rounds, and dialled again', async () => {
    const cluster = new GossipCluster();
    await cluster.start('a');
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.pass(2 * INTERVAL_MS);
    cluster.stall('a', 'b');
    await cluster.pass(12_000);
    expect(b.gossip.peers()[0]?.state).not.toBe('connected');
    const dials = cluster.dials.filter(({ from }) => from === 'b').length;
    expect(dials).toBeGreaterThan(1);
    cluster.resume('a', 'b');
    await cluster.pass(35_000);
    expect(b.gossip.peers()[0]?.state).toBe('connected');
    await cluster.stopAll();
  });

  test('that ends soon after its hello does not shorten the pauses between attempts', async () => {
    const cluster = new GossipCluster();
    await listen(cluster, 'stranger', [hello, hello]);
    const a = await cluster.start('a', { peers: ['stranger'] });
    await cluster.pass(300_000);
    // Pauses of up to 30 s: were they short for ever, there would be over a thousand.
    expect(cluster.dials.length).toBeLessThan(60);
    expect(a.gossip.malformed).toBe(cluster.dials.length);
    expect(a.gossip.peers()[0]?.lastError).toMatch(/^it broke the protocol: /);
    await cluster.stopAll();
  });

  test('that is refused as the own one by somebody else is tried again all the same', async () => {
    const cluster = new GossipCluster();
    await listen(cluster, 'stranger', [{ type: 'reject', code: 'same-node', reason: 'go away' }]);
    const a = await cluster.start('a', { peers: ['stranger'] });
    await cluster.pass(60_000);
    expect(a.gossip.peers()[0]).toMatchObject({ state: 'rejected', lastError: 'go away' });
    expect(a.warnings()).toEqual(['PEER_REJECTED stranger:7000']);
    expect(cluster.dials.length).toBeGreaterThan(1);
    await cluster.stopAll();
  });
});

test('a server whose chunk cannot be read is cut off, counted, and nothing of it is stored', async () => {
  const cluster = new GossipCluster();
  const actor = makeActor('stranger' as NodeId, 0 as Version, 1);
  const row: FullRow = {
    ...unknownRow(actor),
    received: 5 as Version,
    closed: 5 as Version,
    cloudVersions: [],
  };
  await cluster.transport('stranger').listen(addressOf('stranger'), (connection) => {
    const send = (message: Message): void => void connection.send(encodeMessage(message, packer));
    connection.start({
      onMessage: (bytes) => {
        const reply = replyOf(decodeMessage(bytes, packer), row, cluster.clock.wallMs());
        if (reply !== undefined) send(reply);
      },
      onClose: () => {},
    });
    send(hello);
  });
  const a = await cluster.start('a', { peers: ['stranger'] });

  await cluster.pass(0);

  expect(a.gossip.malformed).toBe(1);
  expect(a.gossip.peers()[0]).toMatchObject({ state: 'disconnected' });
  expect(a.gossip.peers()[0]?.lastError).toMatch(/^it broke the protocol: /);
  expect(a.replica.state.all.count).toBe(0);
  expect(await a.gossip.pulled()).toEqual([]);
  await cluster.stopAll();
});

/** Of a server that has something to give until it comes to the chunk. */
function replyOf(message: Message, row: FullRow, wallMs: number): Message | undefined {
  const nothing = { count: 0, sum: 0n };
  const chunk = { entries: Uint8Array.of(255), plainBytes: 0, cursor: Uint8Array.of(1), last: true };
  switch (message.type) {
    case 'summary':
      return {
        type: 'summary-reply',
        request: message.request,
        contextHash: 1n,
        fingerprint: nothing,
        wallMs,
      };
    case 'recent':
      return { type: 'recent-reply', request: message.request, rows: [], restHash: 1n };
    // It does not add up, so that digests follow.
    case 'heads':
      return { type: 'heads-reply', request: message.request, rows: [], contextHash: 1n };
    case 'digest':
      return { type: 'digest-reply', request: message.request, rows: [row], lacking: [] };
    case 'open':
      return {
        type: 'opened',
        request: message.request,
        session: '0'.repeat(32),
        order: 'version',
        rows: [row],
        horizon: 0 as Version,
        bootstrapping: false,
        entries: 0,
        wallMs,
        chunk,
      };
    default:
      return undefined;
  }
}

describe('strangers', () => {
  function dial(cluster: GossipCluster): Promise<Connection> {
    return cluster.transport('stranger').dial(addressOf('a'));
  }

  test('that say nothing are 128 at most: with one more the oldest gives way', async () => {
    const cluster = new GossipCluster();
    await cluster.start('a');
    const ended: number[] = [];
    for (let index = 0; index < 129; index++) {
      const connection = await dial(cluster);
      connection.start({ onMessage: () => {}, onClose: () => void ended.push(index) });
    }
    await settle();
    expect(ended).toEqual([0]);
    await cluster.pass(5000);
    expect(ended).toHaveLength(129);
    await cluster.stopAll();
  });

  test('that are refused again and again leave one warning, which ends when they give up', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a');
    const foreign = await cluster.start('b', { clusterId: 'other', peers: ['a'] });
    await cluster.pass(120_000);
    expect(a.warnings()).toEqual(['PEER_REJECTED b']);
    await cluster.stop(foreign);
    await cluster.pass(120_000);
    expect(a.warnings()).toEqual([]);
    await cluster.stopAll();
  });

  test('of one name have at most four connections: the oldest gives way', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a');
    const ended: number[] = [];
    for (let index = 0; index < 5; index++) {
      const connection = await dial(cluster);
      connection.start({ onMessage: () => {}, onClose: () => void ended.push(index) });
      await connection.send(encodeMessage(hello, packer));
      await settle();
    }
    expect(ended).toEqual([0]);
    expect(a.gossip.peers()).toHaveLength(1);
    await cluster.stopAll();
  });
});
