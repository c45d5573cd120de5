import { describe, expect, test } from 'vitest';
import { GossipCluster, INTERVAL_MS, type TestNode } from '../support/gossip-fixture.ts';
import { contents } from '../support/replica-fixture.ts';

interface Waiting {
  /** Undefined while it waits. */
  outcome: boolean | undefined;
  cancel: () => void;
}

function wait(node: TestNode): Waiting {
  let cancelled = false;
  const waiting: Waiting = { outcome: undefined, cancel: () => (cancelled = true) };
  void node.gossip
    .waitUntilSeen(() => cancelled)
    .then((outcome) => {
      waiting.outcome = outcome;
    });
  return waiting;
}

async function threeNodes(): Promise<{ cluster: GossipCluster; a: TestNode; b: TestNode; c: TestNode }> {
  const cluster = new GossipCluster();
  const b = await cluster.start('b');
  const c = await cluster.start('c');
  const a = await cluster.start('a', { peers: ['b', 'c'] });
  await cluster.pass(2 * INTERVAL_MS);
  return { cluster, a, b, c };
}

describe('waiting until the others have seen', () => {
  test('ends when every peer has the writes, and not before', async () => {
    const { cluster, a, b, c } = await threeNodes();
    await a.put('k', '1');
    cluster.stall('a', 'c');
    const waiting = wait(a);

    await cluster.pass(3 * INTERVAL_MS);
    expect(await contents(b.replica)).toEqual({ k: '1' });
    expect(await contents(c.replica)).toEqual({});
    expect(waiting.outcome).toBeUndefined();

    cluster.resume('a', 'c');
    await cluster.until(() => waiting.outcome !== undefined, 40_000);
    expect(waiting.outcome).toBe(true);
    expect(await contents(c.replica)).toEqual({ k: '1' });
    await cluster.stopAll();
  });

  test('ends without waiting for the next round', async () => {
    const { cluster, a, b, c } = await threeNodes();
    await a.put('k', '1');
    const waiting = wait(a);
    await cluster.until(() => waiting.outcome !== undefined, 300);
    expect(waiting.outcome).toBe(true);
    expect(await contents(b.replica)).toEqual({ k: '1' });
    expect(await contents(c.replica)).toEqual({ k: '1' });
    await cluster.stopAll();
  });

  test('ends at once if all have seen everything, or there are no peers', async () => {
    const { cluster, a } = await threeNodes();
    const alone = await cluster.start('alone');
    await alone.put('k', '1');
    const waiting = [wait(a), wait(alone)];
    await cluster.pass(0);
    expect(waiting.map(({ outcome }) => outcome)).toEqual([true, true]);
    await cluster.stopAll();
  });

  test('goes on while one peer cannot be reached, and ends when it is back', async () => {
    const { cluster, a, c } = await threeNodes();
    cluster.network.cut('a', 'c');
    await a.put('k', '1');
    const waiting = wait(a);
    await cluster.pass(60_000);
    expect(waiting.outcome).toBeUndefined();

    cluster.network.heal('a', 'c');
    await cluster.until(() => waiting.outcome !== undefined, 40_000);
    expect(waiting.outcome).toBe(true);
    expect(await contents(c.replica)).toEqual({ k: '1' });
    await cluster.stopAll();
  });

  test('goes on while a peer was never reached', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a', { peers: ['nobody'] });
    await a.put('k', '1');
    const waiting = wait(a);
    await cluster.pass(60_000);
    expect(waiting.outcome).toBeUndefined();
    waiting.cancel();
    await cluster.pass(INTERVAL_MS);
    expect(waiting.outcome).toBe(false);
    await cluster.stopAll();
  });

  test('does not wait for the own address among the peers', async () => {
    const cluster = new GossipCluster();
    await cluster.start('b');
    const a = await cluster.start('a', { peers: ['a', 'b'] });
    await cluster.pass(INTERVAL_MS);
    await a.put('k', '1');
    const waiting = wait(a);
    await cluster.until(() => waiting.outcome === true, 300);
    await cluster.stopAll();
  });

  test('can be cancelled', async () => {
    const { cluster, a } = await threeNodes();
    cluster.network.cut('a', 'c');
    await a.put('k', '1');
    const waiting = wait(a);
    await cluster.pass(5000);
    waiting.cancel();
    await cluster.pass(INTERVAL_MS);
    expect(waiting.outcome).toBe(false);
    await cluster.stopAll();
  });

  test('is about what was written before: later writes do not prolong it', async () => {
    const { cluster, a, b, c } = await threeNodes();
    await a.put('k', '1');
    const waiting = wait(a);
    for (let write = 0; write < 100 && waiting.outcome === undefined; write++) {
      await a.put('other', String(write));
      await cluster.pass(10);
    }
    expect(waiting.outcome).toBe(true);
    for (const node of [b, c]) expect(await contents(node.replica)).toHaveProperty('k');
    await cluster.stopAll();
  });

  test('ends when the node stops', async () => {
    const { cluster, a } = await threeNodes();
    cluster.network.cut('a', 'c');
    await a.put('k', '1');
    const waiting = wait(a);
    await cluster.pass(INTERVAL_MS);
    await cluster.stopAll();
    await cluster.pass(INTERVAL_MS);
    expect(waiting.outcome).toBe(false);
  });
});

describe('a round with every peer now', () => {
  test('brings what they have, lets them have it, and tells how many hold the same', async () => {
    const { cluster, a, b, c } = await threeNodes();
    await a.put('from-a', '1');
    await b.put('from-b', '1');
    await c.put('from-c', '1');

    const counts = await cluster.finish(a.gossip.sync(), 300);

    expect(counts).toMatchObject({ peers: 2, entries: 2 });
    expect(await contents(a.replica)).toEqual({ 'from-a': '1', 'from-b': '1', 'from-c': '1' });
    expect(await cluster.finish(a.gossip.sync(), 300)).toEqual({ peers: 2, inSync: 2, entries: 0 });
    for (const node of [b, c]) expect(await contents(node.replica)).toEqual(await contents(a.replica));
    await cluster.stopAll();
  });

  test('counts a peer that cannot be reached as not in sync', async () => {
    const { cluster, a } = await threeNodes();
    cluster.network.cut('a', 'c');
    await cluster.pass(0);
    expect(await cluster.finish(a.gossip.sync())).toEqual({ peers: 2, inSync: 1, entries: 0 });
    await cluster.stopAll();
  });

  test('ends early when it is called off', async () => {
    const { cluster, a, b } = await threeNodes();
    await b.put('from-b', '1');
    cluster.stall('b', 'a');
    const result = await cluster.finish(
      a.gossip.sync(() => true),
      200,
    );
    expect(result).toMatchObject({ peers: 2, entries: 0 });
    await cluster.stopAll();
  });
});
