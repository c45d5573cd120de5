import { expect, test } from 'vitest';
import type { Lag } from '../../src/gossip/lag.ts';
import type { PeerRecord } from '../../src/gossip/peer-record.ts';
import { GossipCluster, INTERVAL_MS, type TestNode } from '../support/gossip-fixture.ts';

function recordOf(node: TestNode, peer: string): PeerRecord {
  const record = node.gossip.peers().find(({ nodeId, address }) => nodeId === peer || address === peer);
  expect(record).toBeDefined();
  return record as PeerRecord;
}

function lag(node: TestNode, peer: string): Lag | undefined {
  return node.gossip.lag(recordOf(node, peer), node.wallMs());
}

test('nothing is said of the lag behind a peer that has never told what it has', async () => {
  const cluster = new GossipCluster();
  const b = await cluster.start('b', { peers: ['a'] });
  await cluster.pass(3 * INTERVAL_MS);
  expect(lag(b, 'a:7000')).toBeUndefined();
  expect(recordOf(b, 'a:7000')).toMatchObject({ rounds: 0, succeededAtMs: undefined, lastWord: undefined });
  await cluster.stopAll();
});

test('the lag behind a peer grows from its last word on while it cannot be reached, and ends when another brings it all', async () => {
  const cluster = new GossipCluster();
  const a = await cluster.start('a');
  const c = await cluster.start('c', { peers: ['a'] });
  const b = await cluster.start('b', { peers: ['a', 'c'] });
  await cluster.pass(3 * INTERVAL_MS);
  expect(lag(b, 'a')).toEqual({ actorsBehind: 0, lagMs: 0 });

  cluster.network.cut('b', 'c');
  await cluster.pass(12 * INTERVAL_MS);
  await a.put('k', '1');
  const writtenAtMs = cluster.clock.monotonicMs();
  // It hears of the write, and the connection ends before it has it.
  cluster.onSend = ({ from, message }) => {
    if (from === 'b' && message !== 'malformed' && message.type === 'open') cluster.network.cut('a', 'b');
  };
  await cluster.until(() => recordOf(b, 'a').state !== 'connected');
  const { lastWord, succeededAtMs } = recordOf(b, 'a');
  await cluster.pass(30_000);

  const nowMs = cluster.clock.monotonicMs();
  expect(lag(b, 'a')?.actorsBehind).toBe(1);
  expect(Math.abs((lag(b, 'a')?.lagMs ?? 0) - (nowMs - writtenAtMs))).toBeLessThanOrEqual(1);
  expect(recordOf(b, 'a')).toMatchObject({ lastWord, succeededAtMs });
  expect(nowMs - (lastWord?.heardAtMs ?? nowMs)).toBeGreaterThanOrEqual(30_000);
  expect(succeededAtMs).toBeLessThan(writtenAtMs);

  cluster.network.heal('b', 'c');
  await cluster.converge(40_000);
  expect(c.replica.contextHash()).toBe(b.replica.contextHash());
  expect(lag(b, 'a')).toEqual({ actorsBehind: 0, lagMs: 0 });
  expect(recordOf(b, 'a').lastWord?.heardAtMs).toBe(lastWord?.heardAtMs);
  await cluster.stopAll();
});

test('a pull that brings all there was is a success, also while the peer lacks something itself', async () => {
  const cluster = new GossipCluster();
  const a = await cluster.start('a', { mode: 'pull', gossipIntervalMs: 3_600_000 });
  const b = await cluster.start('b', { mode: 'pull', peers: ['a'] });
  await cluster.pass(3 * INTERVAL_MS);
  await b.put('from-b', '1');
  await a.put('from-a', '1');
  await cluster.pass(5 * INTERVAL_MS);
  const nowMs = cluster.clock.monotonicMs();
  const { inSyncAtMs = 0, succeededAtMs = 0, lastWord } = recordOf(b, 'a');
  expect(nowMs - inSyncAtMs).toBeGreaterThan(4 * INTERVAL_MS);
  expect(nowMs - succeededAtMs).toBeLessThan(2 * INTERVAL_MS);
  expect(nowMs - (lastWord?.heardAtMs ?? 0)).toBeLessThan(2 * INTERVAL_MS);
  expect(lag(b, 'a')).toEqual({ actorsBehind: 0, lagMs: 0 });
  await cluster.stopAll();
});

test('a peer that does not answer any more is silent, and a connected one again as soon as it does', async () => {
  const cluster = new GossipCluster();
  await cluster.start('a');
  const b = await cluster.start('b', { peers: ['a'] });
  await cluster.pass(3 * INTERVAL_MS);
  expect(recordOf(b, 'a').state).toBe('connected');
  cluster.stall('a', 'b');
  await cluster.pass(4 * INTERVAL_MS);
  expect(recordOf(b, 'a').state).toBe('silent');
  cluster.resume('a', 'b');
  await cluster.pass(0);
  expect(recordOf(b, 'a').state).toBe('connected');
  await cluster.stopAll();
});

test('what is not taken from a clock far ahead leaves the last word as it was', async () => {
  const cluster = new GossipCluster();
  const a = await cluster.start('a');
  const b = await cluster.start('b', { peers: ['a'] });
  await cluster.pass(15 * INTERVAL_MS);
  const heardAtMs = recordOf(b, 'a').lastWord?.heardAtMs ?? 0;
  a.leap(10 * 60_000);
  await a.put('k', '1');
  await cluster.pass(5 * INTERVAL_MS);
  const later = recordOf(b, 'a').lastWord?.heardAtMs ?? 0;
  expect(later - heardAtMs).toBeLessThanOrEqual(1.2 * INTERVAL_MS);
  expect(cluster.clock.monotonicMs() - later).toBeGreaterThan(4 * INTERVAL_MS);
  await cluster.stopAll();
});
