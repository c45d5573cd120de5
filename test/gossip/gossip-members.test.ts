import { describe, expect, test } from 'vitest';
import { packer } from '../../src/adapters/msgpack-packer.ts';
import type { NodeId } from '../../src/core/actor.ts';
import { encodeMessage } from '../../src/gossip/message-codec.ts';
import type { Message } from '../../src/gossip/messages.ts';
import type { Connection } from '../../src/ports/transport.ts';
import {
  addressOf,
  GossipCluster,
  INTERVAL_MS,
  summarize,
  type TestNode,
} from '../support/gossip-fixture.ts';

const WATCHING = { membership: {} };

function statuses(node: TestNode): string[] {
  return (node.gossip.membership?.members() ?? []).map(({ nodeId, status }) => `${status} ${nodeId}`);
}

function isMembers({ message }: { readonly message: Message | 'malformed' }): boolean {
  return message !== 'malformed' && /^(?:ping|ack|nack|members)/u.test(message.type);
}

/** Says hello as `from` in this version, and then `messages`. */
async function speakTo(
  cluster: GossipCluster,
  to: string,
  newestVersion: number,
  ...messages: Message[]
): Promise<{ readonly connection: Connection; readonly isClosed: () => boolean }> {
  let isClosed = false;
  const connection = await cluster.transport('stranger').dial(addressOf(to));
  connection.start({ onMessage: () => {}, onClose: () => void (isClosed = true) });
  const hello: Message = {
    type: 'hello',
    newestVersion,
    oldestVersion: 1,
    clusterId: 'test',
    nodeId: 'stranger' as NodeId,
    bootNonce: 1,
    settings: { tombstoneTtlMs: 20_000, maxDriftMs: 30_000 },
    contact: { host: '', port: 0, seenHost: '', startedMs: 0 },
  };
  for (const message of [hello, ...messages]) await connection.send(encodeMessage(message, packer));
  await cluster.pass(10);
  return { connection, isClosed: () => isClosed };
}

describe('nodes that watch each other', () => {
  test('know each other once they are connected, with what each says of itself', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a', WATCHING);
    const b = await cluster.start('b', { ...WATCHING, peers: ['a'] });
    await cluster.pass(100);
    expect([statuses(a), statuses(b)]).toEqual([
      ['up a', 'up b'],
      ['up b', 'up a'],
    ]);
    expect(a.memberEvents).toEqual(['up b']);
    expect(a.gossip.membership?.member('b' as NodeId)).toMatchObject({
      address: addressOf('b'),
      version: '1.0.0',
    });
    await cluster.stopAll();
  });

  test('hear by a third of those with whom they are not connected', async () => {
    const cluster = new GossipCluster();
    await cluster.start('a', WATCHING);
    const b = await cluster.start('b', { ...WATCHING, peers: ['a'] });
    const c = await cluster.start('c', { ...WATCHING, peers: ['a'] });
    await cluster.until(() => statuses(b).length === 3 && statuses(c).length === 3, 40_000);
    expect(b.memberEvents).toEqual(['up a', 'up c']);
    await cluster.stopAll();
  });

  test('find out that one is silent, and that it is back', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a', WATCHING);
    await cluster.start('b', { ...WATCHING, peers: ['a'] });
    await cluster.pass(2 * INTERVAL_MS);
    cluster.network.cut('a', 'b');
    await cluster.pass(20_000);
    expect(a.memberEvents).toEqual(['up b', 'suspect b', 'down b']);
    cluster.network.heal('a', 'b');
    await cluster.until(() => statuses(a)[1] === 'up b', 60_000);
    await cluster.stopAll();
  });

  test('know at once that one leaves', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a', WATCHING);
    const b = await cluster.start('b', { ...WATCHING, peers: ['a'] });
    await cluster.pass(100);
    await cluster.finish(b.gossip.membership?.leave(1000) ?? Promise.resolve(), 1000);
    expect(a.memberEvents).toEqual(['up b', 'left b']);
    await cluster.stopAll();
  });

  test('say nothing of it to one that does not watch, whom nobody suspects then', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a', WATCHING);
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.pass(60_000);
    expect([statuses(a), a.memberEvents, b.gossip.malformed]).toEqual([['up a'], [], 0]);
    await cluster.stopAll();
  });

  test('say, in an idle round of one interval, less than 100 bytes each way', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a', WATCHING);
    await cluster.start('b', { ...WATCHING, peers: ['a'] });
    await cluster.pass(60 * INTERVAL_MS);
    cluster.takeSent();
    const before = a.gossip.peers()[0]?.rounds ?? 0;
    await cluster.pass(60 * INTERVAL_MS);
    const sent = cluster.takeSent();
    // Both open rounds.
    const rounds = 2 * ((a.gossip.peers()[0]?.rounds ?? 0) - before);
    for (const host of ['a', 'b']) {
      const bytes = sent.filter(({ from }) => from === host).reduce((sum, one) => sum + one.bytes, 0);
      expect(bytes / rounds).toBeLessThan(100);
    }
    expect(summarize(sent.filter(isMembers))).toMatchInlineSnapshot(`
      "a → b ping × 60: 600 B
      b → a ack × 60: 600 B
      b → a ping × 60: 600 B
      a → b ack × 60: 600 B
      b → a members-digest × 2: 24 B
      a → b members-digest × 2: 24 B"
    `);
    await cluster.stopAll();
  });
});

describe('a node of version 1', () => {
  test('is told nothing of members', async () => {
    const cluster = new GossipCluster();
    await cluster.start('a', WATCHING);
    await speakTo(cluster, 'a', 1);
    await cluster.pass(60_000);
    expect(cluster.takeSent().filter(isMembers)).toEqual([]);
    await cluster.stopAll();
  });

  test.each([
    [1, true],
    [2, false],
  ])(
    'must not speak of them: in version %d a connection that does is closed: %s',
    async (version, isClosed) => {
      const cluster = new GossipCluster();
      const a = await cluster.start('a', WATCHING);
      const peer = await speakTo(cluster, 'a', version, { type: 'ping', sequence: 1, updates: [] });
      expect(peer.isClosed()).toBe(isClosed);
      expect(a.gossip.malformed).toBe(isClosed ? 1 : 0);
      await cluster.stopAll();
    },
  );
});
