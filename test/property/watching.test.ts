/** Short schedules of nodes and somebody who watches them: without a rule of `watcher.ts` a deleted key shows for ever. */

import { expect, test } from 'vitest';
import { Cluster } from '../support/cluster.ts';
import { utf8 } from '../support/replica-fixture.ts';
import { WatchClient } from '../support/watch-client.ts';

const TTL_MS = 20_000;

async function write(cluster: Cluster, node: number, key: string, isDelete: boolean = false): Promise<void> {
  await cluster.clock.advance(1);
  const value = isDelete ? undefined : cluster.nextValue();
  await cluster.write(node, [{ key: utf8(key), value, expiresAt: undefined }]);
}

/** Node 0 has deleted `a`, and forgotten it; nodes 1 and 2 show it. */
async function afterAbsence(): Promise<Cluster> {
  const cluster = await Cluster.create(3);
  await write(cluster, 0, 'a');
  await cluster.pull(1, 0);
  await cluster.pull(2, 0);
  await write(cluster, 0, 'a', true);
  await cluster.clock.advance(TTL_MS);
  await cluster.collect(0);
  await write(cluster, 0, 'b');
  return cluster;
}

test('who watches a node that drops an entry in a comparison is told to read everything again', async () => {
  const cluster = await afterAbsence();
  const client = new WatchClient(cluster);
  await client.begin(1);
  expect(Object.keys(client.shown())).toEqual(['a']);
  await cluster.pull(1, 0);
  expect(await client.look()).toBe(true);
  expect(client.gone).toBe(1);
  expect(Object.keys(client.shown())).toEqual(['b']);
});

test('who goes on at a node that has dropped an entry, and adopts later, is told then', async () => {
  const cluster = await afterAbsence();
  const client = new WatchClient(cluster);
  await client.begin(2);
  const session = await cluster.open(1, 0, true);
  if (session === undefined) throw new Error('there is something to compare');
  // A key at a time, until the entry is dropped, and nothing adopted.
  while ((await cluster.present(1)).some(({ key }) => key[0] === utf8('a')[0]))
    expect(await cluster.step(session, 'delivered', 1)).toBe('more');
  await client.resume(1);
  await client.look();
  expect(client.gone).toBe(0);
  await cluster.run(session);
  expect(await client.look()).toBe(true);
  expect(client.gone).toBe(1);
  expect(client.shown()).toEqual(await client.expected());
});

test('who watches the node at which all began is not told to begin again by others that were away for long', async () => {
  const cluster = await Cluster.create(2);
  await write(cluster, 1, 'a');
  await write(cluster, 0, 'b', true);
  await cluster.clock.advance(TTL_MS);
  await cluster.collect(0);
  const client = new WatchClient(cluster);
  await client.begin(0);
  await cluster.pull(0, 1);
  await client.look();
  expect(client.gone).toBe(0);
  expect(client.shown()).toEqual(await client.expected());
  expect(Object.keys(client.shown())).toEqual(['a']);
});
