import { expect, test } from 'vitest';
import {
  GossipCluster,
  INTERVAL_MS,
  putMany,
  summarize,
  TOMBSTONE_TTL_MS,
} from '../support/gossip-fixture.ts';
import { contents } from '../support/replica-fixture.ts';

test('who missed 10 collected deletions among 1,000 keys pays for the buckets that differ, not for the keys', async () => {
  const cluster = new GossipCluster();
  const a = await cluster.start('a');
  await a.write(...putMany(1000));
  const b = await cluster.start('b', { peers: ['a'] });
  await cluster.converge();
  cluster.network.cut('a', 'b');
  for (let index = 0; index < 10; index++) await a.del(`key-0${index}00`);
  await cluster.pass(TOMBSTONE_TTL_MS + 5000);
  expect((await a.replica.collect()).collected).toBe(10);
  await b.put('own', '1');
  cluster.takeSent();
  cluster.network.heal('a', 'b');

  await cluster.converge(60_000);
  await cluster.pass(12 * INTERVAL_MS);

  const sent = cluster
    .takeSent()
    .filter(({ message }) => message !== 'malformed' && IN_COMPARISON.has(message.type));
  expect(summarize(sent)).toMatchInlineSnapshot(`
    "b → a compare × 1: 43 B
    a → b compared × 1: 8 B
    b → a sums × 2: 99 B
    a → b sums-reply × 2: 1173 B
    b → a list × 1: 57 B
    a → b list-reply × 1: 357 B"
  `);
  expect(await contents(b.replica)).toEqual(await contents(a.replica));
  expect(Object.keys(await contents(b.replica))).toHaveLength(991);
  await cluster.stopAll();
});

const IN_COMPARISON: ReadonlySet<string> = new Set([
  'compare',
  'compared',
  'sums',
  'sums-reply',
  'list',
  'list-reply',
  'fetch',
  'fetch-reply',
  'lost',
]);
