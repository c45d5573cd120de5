import { expect, test } from 'vitest';
import { GossipCluster, INTERVAL_MS } from '../support/gossip-fixture.ts';
import { put } from '../support/replica-fixture.ts';

/** What a round costs between nodes that hold the same, as hello and the first exchange lie behind them. */
async function idleRound(keys: number): Promise<{ cluster: GossipCluster; transcript: string; bytes: number[] }> {
  const cluster = new GossipCluster();
  const a = await cluster.start('a');
  for (let at = 0; at < keys; at += 1000) {
    await a.write(...Array.from({ length: Math.min(1000, keys - at) }, (_, index) => put(`key-${at + index}`, 'v')));
  }
  await cluster.start('b', { peers: ['a'] });
  await cluster.converge();
  await cluster.pass(5 * INTERVAL_MS);
  cluster.takeSent();
  await cluster.until(() => cluster.sentCount >= 2);
  const sent = cluster.takeSent();
  await cluster.stopAll();
  return { cluster, transcript: sent.map(describeSent).join('\n'), bytes: sent.map(({ bytes }) => bytes) };
}
