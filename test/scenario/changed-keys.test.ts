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
  expect(summarize(sent)).toMatchInlineSnapshot();
  expect(await contents(b.replica)).toEqual(await contents(a.replica));
  await cluster.stopAll();
});

test('a batch of 100 keys costs less than 100 writes, and arrives whole in one chunk', async () => {
  const cluster = new GossipCluster();
  const a = await cluster.start('a');
  const b = await cluster.start('b', { peers: ['a'], chunkBytes: 1 });
  await a.put('before', '1');
  await cluster.converge();
  await cluster.pass(12 * INTERVAL_MS);
  cluster.takeSent();
  await a.write(...putMany(100));

  await cluster.converge();

  const sent = cluster.takeSent();
  expect(sent.filter((message) => keysSent(message).length > 0)).toHaveLength(1);
  expect(summarize(sent)).toMatchInlineSnapshot();
  expect(await contents(b.replica)).toEqual(await contents(a.replica));
  await cluster.stopAll();
});

function keyIfChanged(_: unknown, index: number): string[] {
  return index % 10 === 0 ? [`key-${String(index).padStart(4, '0')}`] : [];
}
