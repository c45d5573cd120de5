import { expect, test } from 'vitest';
import { GossipCluster, type TestNode } from '../support/gossip-fixture.ts';

const KIB = 1024;

async function fill(node: TestNode, bytes: number): Promise<void> {
  const value = 'x'.repeat(4 * KIB);
  for (let at = 0; at < bytes; at += value.length) await node.put(`key ${at}`, value);
}

function sentBy(cluster: GossipCluster, host: string): string[] {
  const sent = cluster.takeSent().filter(({ from }) => from === host);
  return sent.map(({ message }) => (message === 'malformed' ? message : message.type));
}

test('what a peer is served is limited to a rate, and it waits without giving up', async () => {
  const cluster = new GossipCluster();
  const a = await cluster.start('a', { servedBytesPerSecond: 64 * KIB, chunkBytes: 16 * KIB });
  await fill(a, 1024 * KIB);
  const b = await cluster.start('b', { peers: ['a'] });
  const beganMs = cluster.clock.monotonicMs();
  await cluster.converge(60_000);
  const tookMs = cluster.clock.monotonicMs() - beganMs;
  // 16 s' worth, of which one came at once.
  expect(tookMs).toBeGreaterThan(14_000);
  expect(tookMs).toBeLessThan(18_000);
  expect(b.replica.state.all.count).toBe(256);
  expect(sentBy(cluster, 'a').filter((type) => type === 'opened')).toHaveLength(1);
  await cluster.stopAll();
});

test('a chunk that takes longer to pay for than a session lasts does not end it', async () => {
  const cluster = new GossipCluster();
  const a = await cluster.start('a', { servedBytesPerSecond: 64 * KIB, chunkBytes: 16 * KIB });
  // The first chunk takes 45 s to pay for, a session lasts for 30 s.
  await a.put('first', 'y'.repeat(3 * 1024 * KIB));
  await fill(a, 64 * KIB);
  const b = await cluster.start('b', { peers: ['a'] });
  await cluster.converge(120_000);
  expect(b.replica.state.all.count).toBe(17);
  const types = sentBy(cluster, 'a');
  expect(types.filter((type) => type === 'opened')).toHaveLength(1);
  expect(types).toContain('keep-alive');
  await cluster.stopAll();
});

test('each peer has a rate of its own', async () => {
  const cluster = new GossipCluster();
  const a = await cluster.start('a', { servedBytesPerSecond: 64 * KIB, chunkBytes: 16 * KIB });
  await fill(a, 512 * KIB);
  await cluster.start('b', { peers: ['a'] });
  await cluster.start('c', { peers: ['a'] });
  const beganMs = cluster.clock.monotonicMs();
  await cluster.converge(60_000);
  expect(cluster.clock.monotonicMs() - beganMs).toBeLessThan(10_000);
  await cluster.stopAll();
});
