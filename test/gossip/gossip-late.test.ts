import { describe, expect, test } from 'vitest';
import {
  GossipCluster,
  keysSent,
  putMany,
  SESSION_TIMEOUT_MS,
  type TestNode,
  TOMBSTONE_TTL_MS,
} from '../support/gossip-fixture.ts';
import { contents } from '../support/replica-fixture.ts';

/** `c` was away while `a` deleted a key, and the deletion was collected at `a` and `b`. */
async function lateNode(): Promise<{ cluster: GossipCluster; a: TestNode; b: TestNode; c: TestNode }> {
  const cluster = new GossipCluster();
  const a = await cluster.start('a');
  const b = await cluster.start('b', { peers: ['a'] });
  const c = await cluster.start('c', { peers: ['a', 'b'] });
  await a.put('deleted', '1');
  await a.put('kept', '1');
  await cluster.converge();
  cluster.network.cut('a', 'c');
  cluster.network.cut('b', 'c');
  await a.del('deleted');
  await cluster.pass(TOMBSTONE_TTL_MS + 5000);
  for (const node of [a, b]) expect(await node.replica.collect()).toEqual({ collected: 1, kept: 0 });
  await c.put('own', '1');
  cluster.network.heal('a', 'c');
  cluster.network.heal('b', 'c');
  cluster.takeSent();
  await cluster.pass(45_000);
  return { cluster, a, b, c };
}

describe('a node that was away while a deletion was collected', () => {
  test('adopts nothing: the deleted key stays deleted at the others, and their new writes do not come', async () => {
    const { cluster, a, b, c } = await lateNode();
    await a.put('new', '1');
    await cluster.pass(10_000);
    expect(await contents(c.replica)).toEqual({ deleted: '1', kept: '1', own: '1' });
    expect(await contents(a.replica)).toEqual({ kept: '1', own: '1', new: '1' });
    expect(await contents(b.replica)).toEqual({ kept: '1', own: '1', new: '1' });
    await cluster.stopAll();
  });

  test('says so, about each peer, and what to do', async () => {
    const { cluster, a, b, c } = await lateNode();
    expect(c.warnings().toSorted()).toEqual(['LATE a', 'LATE b']);
    expect(c.gossip.warnings().find(({ peer }) => peer === 'a')?.message).toMatchInlineSnapshot(
      `"This node takes nothing from node a any more: it was away for longer than the tombstone TTL, or was written to before it first held a whole copy, so it may hold keys whose deletion a has forgotten, and they would come back. Its own writes still reach others. To rejoin: stop this node, export what you need, empty its folder, and start it again."`,
    );
    expect(a.warnings()).toEqual([]);
    expect(b.warnings()).toEqual([]);
    await cluster.stopAll();
  });

  test('stops pulling from those peers', async () => {
    const { cluster, a, c } = await lateNode();
    expect(['a', 'b'].map((peer) => c.gossip.isLate(peer as never))).toEqual([true, true]);
    cluster.takeSent();
    await a.put('new', '1');
    await cluster.pass(30_000);
    const asked = cluster
      .takeSent()
      .filter(({ from, message }) => from === 'c' && message !== 'malformed' && message.type === 'open');
    expect(asked).toEqual([]);
    await cluster.stopAll();
  });

  test('still gives its own writes to the others, later ones as well', async () => {
    const { cluster, a, b, c } = await lateNode();
    await c.put('own', '2');
    await cluster.pass(10_000);
    expect((await contents(a.replica))['own']).toBe('2');
    expect((await contents(b.replica))['own']).toBe('2');
    await cluster.stopAll();
  });

  test('joins again with an empty folder', async () => {
    const { cluster, a, c } = await lateNode();
    await cluster.stop(c);
    const again = await cluster.start('c', { peers: ['a', 'b'], seed: 9 });
    await cluster.converge();
    expect(await contents(again.replica)).toEqual(await contents(a.replica));
    expect(again.warnings()).toEqual([]);
    await cluster.stopAll();
  });
});

/** `b` got half of what `a` has; then the session ended at `a`, and a deletion was collected there. */
async function brokenBootstrap(
  writesItself: boolean,
): Promise<{ cluster: GossipCluster; a: TestNode; b: TestNode }> {
  const cluster = new GossipCluster();
  const a = await cluster.start('a', { chunkBytes: 1 });
  for (const write of putMany(20)) await a.write(write);
  let chunks = 0;
  cluster.onSend = (sent) => {
    if (keysSent(sent).length > 0 && ++chunks === 10) cluster.network.cut('a', 'b');
  };
  const b = await cluster.start('b', { peers: ['a'] });
  await cluster.pass(1000);
  expect(Object.keys(await contents(b.replica))).toHaveLength(9);
  if (writesItself) await b.put('own', '1');
  await a.del('key-0003');
  await cluster.pass(SESSION_TIMEOUT_MS + TOMBSTONE_TTL_MS);
  expect(await a.replica.collect()).toEqual({ collected: 1, kept: 0 });
  cluster.network.heal('a', 'b');
  return { cluster, a, b };
}

describe('a node whose first copy broke off', () => {
  test('starts over by itself, empty, if it never adopted and never wrote', async () => {
    const { cluster, a, b } = await brokenBootstrap(false);
    await cluster.converge(60_000);
    expect(await contents(b.replica)).toEqual(await contents(a.replica));
    expect(await contents(b.replica)).not.toHaveProperty('key-0003');
    expect(b.warnings()).toEqual([]);
    // And works like any other from then on.
    await b.put('own', '1');
    await cluster.converge();
    expect((await contents(a.replica))['own']).toBe('1');
    await cluster.stopAll();
  });

  test('does not if it wrote: it is late, and its writes still reach the others', async () => {
    const { cluster, a, b } = await brokenBootstrap(true);
    await cluster.pass(60_000);
    expect(b.warnings()).toEqual(['LATE a']);
    expect((await contents(b.replica))['own']).toBe('1');
    expect((await contents(a.replica))['own']).toBe('1');
    expect(await contents(a.replica)).not.toHaveProperty('key-0003');
    await cluster.stopAll();
  });
});
