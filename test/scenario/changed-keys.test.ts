import { expect, test } from 'vitest';
import { GossipCluster, INTERVAL_MS, keysSent, putMany, summarize } from '../support/gossip-fixture.ts';
import { contents } from '../support/replica-fixture.ts';

test('when 100 of 1,000 keys changed, exactly those travel, and only their bytes are paid for', async () => {
  const cluster = new GossipCluster();
  const a = await cluster.start('a');
  await a.write(...putMany(1000));
  const b = await cluster.start('b', { peers: ['a'] });
  await cluster.converge();
  await cluster.pass(12 * INTERVAL_MS);
  cluster.takeSent();
  const changed = putMany(1000, 'other').filter((_, index) => index % 10 === 0);
  for (const write of changed) await a.write(write);

  await cluster.converge();

  const sent = cluster.takeSent();
  expect(new Set(sent.flatMap(keysSent))).toEqual(new Set(putMany(1000).flatMap(keyIfChanged)));
  expect(sent.flatMap(keysSent)).toHaveLength(100);
  expect(summarize(sent)).toMatchInlineSnapshot(`
    "a → b summary × 1: 40 B
    b → a recent × 1: 11 B
    b → a summary-reply × 1: 40 B
    a → b recent-reply × 1: 47 B
    a → b recent × 1: 37 B
    b → a recent-reply × 1: 21 B
    b → a open × 1: 49 B
    a → b opened × 1: 1383 B
    b → a done × 1: 41 B"
  `);
  expect(await contents(b.replica)).toEqual(await contents(a.replica));
  await cluster.stopAll();
});

test('a batch of 100 keys arrives whole in one chunk, even if chunks are to hold a single byte', async () => {
  const cluster = new GossipCluster();
  const a = await cluster.start('a', { chunkBytes: 1 });
  const b = await cluster.start('b', { peers: ['a'] });
  await a.put('before', '1');
  await cluster.converge();
  await cluster.pass(12 * INTERVAL_MS);
  cluster.takeSent();
  await a.write(...putMany(100));

  await cluster.converge();

  const sent = cluster.takeSent();
  expect(sent.filter((message) => keysSent(message).length > 0)).toHaveLength(1);
  expect(summarize(sent)).toMatchInlineSnapshot(`
    "a → b summary × 1: 38 B
    b → a recent × 1: 11 B
    b → a summary-reply × 1: 38 B
    a → b recent-reply × 1: 46 B
    a → b recent × 1: 36 B
    b → a recent-reply × 1: 21 B
    b → a open × 1: 49 B
    a → b opened × 1: 1481 B
    b → a done × 1: 41 B"
  `);
  expect(await contents(b.replica)).toEqual(await contents(a.replica));
  await cluster.stopAll();
});

function keyIfChanged(_: unknown, index: number): string[] {
  return index % 10 === 0 ? [`key-${String(index).padStart(4, '0')}`] : [];
}
