import { describe, expect, test } from 'vitest';
import { GossipCluster, INTERVAL_MS, type Sent } from '../support/gossip-fixture.ts';

const PEERS = ['b', 'c', 'd', 'e', 'f'];

function isSummary({ message }: Sent): boolean {
  return message !== 'malformed' && message.type === 'summary';
}

describe('rounds', () => {
  /** Whom `a`, with five peers, asked at which times in `ms`. */
  async function askedBy(ms: number): Promise<Map<number, string[]>> {
    const cluster = new GossipCluster();
    for (const peer of PEERS) await cluster.start(peer);
    await cluster.start('a', { peers: PEERS });
    await cluster.converge();
    await cluster.pass(2 * INTERVAL_MS);
    const askedByTime = new Map<number, string[]>();
    cluster.onSend = (sent) => {
      if (sent.from !== 'a' || !isSummary(sent)) return;
      const atMs = cluster.clock.monotonicMs();
      askedByTime.set(atMs, [...(askedByTime.get(atMs) ?? []), sent.to]);
    };
    await cluster.pass(ms);
    await cluster.stopAll();
    return askedByTime;
  }

  test('are with three different peers at a time, and all get their turn', async () => {
    const asked = await askedBy(30 * INTERVAL_MS);
    for (const peers of asked.values()) {
      expect(peers).toHaveLength(3);
      expect(new Set(peers).size).toBe(3);
    }
    expect(new Set([...asked.values()].flat())).toEqual(new Set(PEERS));
  });

  test('come an interval apart, give or take a fifth, so that nodes do not fall into step', async () => {
    const times = [...(await askedBy(60 * INTERVAL_MS)).keys()];
    const pauses = times.slice(1).map((atMs, index) => atMs - (times[index] as number));
    for (const pause of pauses) {
      expect(pause).toBeGreaterThanOrEqual(0.8 * INTERVAL_MS);
      expect(pause).toBeLessThanOrEqual(1.2 * INTERVAL_MS);
    }
    expect(Math.max(...pauses) - Math.min(...pauses)).toBeGreaterThan(0.2 * INTERVAL_MS);
  });

  test('tell since when both hold the same, and ask a peer for nothing whose clock is far ahead', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a');
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.pass(5 * INTERVAL_MS);
    const [record] = b.gossip.peers();
    expect(cluster.clock.monotonicMs() - (record?.inSyncAtMs ?? 0)).toBeLessThanOrEqual(1.2 * INTERVAL_MS);

    await cluster.pass(10 * INTERVAL_MS);
    a.leap(10 * 60_000);
    await a.put('k', '1');
    cluster.takeSent();
    await cluster.pass(5 * INTERVAL_MS);
    // Nothing is taken from a clock that is so far ahead, so it is not even asked for rows.
    const asked = cluster
      .takeSent()
      .flatMap(({ from, message }) => (from === 'b' && message !== 'malformed' ? [message.type] : []));
    expect(asked.filter((type) => type === 'digest' || type === 'open')).toEqual([]);
    expect(asked).toContain('summary');
    const inSyncAtMs = record?.inSyncAtMs ?? 0;
    expect(cluster.clock.monotonicMs() - inSyncAtMs).toBeGreaterThan(4 * INTERVAL_MS);
    expect(b.gossip.peers()[0]?.clockOffsetMs).toBe(10 * 60_000);
    await cluster.stopAll();
  });

  test('do not begin with a peer while one with it runs', async () => {
    const cluster = new GossipCluster();
    await cluster.start('a');
    await cluster.start('b', { peers: ['a'] });
    await cluster.pass(2 * INTERVAL_MS);
    cluster.stall('a', 'b');
    cluster.takeSent();
    await cluster.pass(1900);
    // The first one waits for its answer.
    expect(cluster.takeSent().filter((sent) => sent.from === 'b' && isSummary(sent))).toHaveLength(1);
    cluster.resume('a', 'b');
    await cluster.stopAll();
  });
});
