import { expect, test } from 'vitest';
import { describeSent, GossipCluster, INTERVAL_MS, putMany, type Sent } from '../support/gossip-fixture.ts';

/** A round between two nodes that hold the same `keys`, when the first exchange lies behind them. */
async function idleRound(keys: number): Promise<Sent[]> {
  const cluster = new GossipCluster();
  const a = await cluster.start('a');
  await a.write(...putMany(keys));
  await cluster.start('b', { peers: ['a'] });
  await cluster.converge();
  await cluster.pass(3 * INTERVAL_MS);
  cluster.takeSent();
  await cluster.until(() => cluster.sentCount > 0);
  const sent = cluster.takeSent();
  await cluster.stopAll();
  return sent;
}

function bytesOf(sent: readonly Sent[]): number {
  return sent.reduce((sum, { bytes }) => sum + bytes, 0);
}

test('a round between nodes that hold the same is one summary each way', async () => {
  const sent = await idleRound(1);
  expect(sent.map(describeSent).join('\n')).toMatchInlineSnapshot(`
    "b → a summary 38 B
    a → b summary-reply 38 B"
  `);
});

test('an idle round costs less than 100 bytes each way, frames included, whatever the number of keys', async () => {
  for (const keys of [1, 10, 1000]) {
    const sent = await idleRound(keys);
    expect(sent).toHaveLength(2);
    for (const { bytes } of sent) expect(bytes).toBeLessThan(100);
  }
});

test('an idle round costs the same with 1,000 keys as with 10', async () => {
  const few = await idleRound(10);
  const many = await idleRound(1000);
  // The count of keys is part of the fingerprint, and takes two bytes more when it is large.
  expect(bytesOf(many) - bytesOf(few)).toBeLessThanOrEqual(2 * 2);
});
