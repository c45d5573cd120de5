import { expect, test } from 'vitest';
import { GossipCluster, INTERVAL_MS, TOMBSTONE_TTL_MS } from '../support/gossip-fixture.ts';
import { contents } from '../support/replica-fixture.ts';

test('nodes that a write reached before, and after, they collected the deletion of its key settle that without a warning', async () => {
  const cluster = new GossipCluster();
  const a = await cluster.start('a', { peers: ['before', 'after'] });
  const after = await cluster.start('after', { peers: ['before'] });
  const before = await cluster.start('before');
  cluster.network.cut('a', 'before');
  cluster.network.cut('a', 'after');
  await a.put('k', 'the deleter has not seen it');
  await after.put('k', 'seen');
  await after.del('k');
  await cluster.pass(TOMBSTONE_TTL_MS + 5000);
  cluster.network.cut('before', 'after');
  expect(await after.replica.collect()).toEqual({ collected: 1, kept: 0 });
  cluster.network.heal('a', 'after');
  await cluster.pass(20_000);
  cluster.network.cut('a', 'after');
  cluster.network.heal('a', 'before');
  await cluster.pass(20_000);
  cluster.network.cut('a', 'before');
  expect(await contents(after.replica)).toEqual({ k: 'the deleter has not seen it' });
  expect(await contents(before.replica)).toEqual({ k: 'x' });
  expect(after.replica.contextHash()).toBe(before.replica.contextHash());

  cluster.network.heal('before', 'after');
  for (let round = 0; round < 20; round++) {
    await cluster.pass(INTERVAL_MS);
    for (const node of [before, after]) expect(node.warnings()).toEqual([]);
  }
  expect(await contents(after.replica)).toEqual({});
  await cluster.stopAll();
});

test('what comparing does not settle is warned of as damage, until both hold the same', async () => {
  const cluster = new GossipCluster();
  const a = await cluster.start('a', { peers: ['b'] });
  const b = await cluster.start('b');
  await a.put('k', '1');
  await cluster.converge();
  const fingerprint = b.replica.fingerprint.bind(b.replica);
  b.replica.fingerprint = () => ({ count: 1, sum: 1n });
  await cluster.pass(15 * INTERVAL_MS);
  expect(a.warnings()).toEqual(['DAMAGED b']);

  b.replica.fingerprint = fingerprint;
  await cluster.pass(5 * INTERVAL_MS);
  expect(a.warnings()).toEqual([]);
  await cluster.stopAll();
});
