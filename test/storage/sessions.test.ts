import { expect, test } from 'vitest';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { assert } from '../../src/core/assert.ts';
import type { ArrivedChunk } from '../../src/ports/replica.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import type { Write } from '../../src/storage/write.ts';
import { forgetfulStore } from '../support/forgetful-store.ts';
import { readSession } from '../support/pull.ts';
import { contents, openTestReplica, presentEntries, put } from '../support/replica-fixture.ts';

/** Entries that are decided at once. */
const SLICE_ENTRIES = 256;

function puts(name: string, count: number): Write[] {
  return Array.from({ length: count }, (_, at) => put(`${name}${at}`, 'v'));
}

/** The only chunk of a session from `server`. */
async function chunkOf(puller: StoredReplica, server: StoredReplica): Promise<ArrivedChunk> {
  const [chunk] = (await readSession(puller, server)).chunks;
  assert(chunk !== undefined, 'a session has a chunk');
  return chunk;
}

/** How many entries of each batch are on the disk after each write of storing all that `batches` wrote, in one chunk. */
async function storedStepByStep(batches: readonly Write[][]): Promise<number[][]> {
  const clock = new SimulatedClock();
  const server = await openTestReplica({ nodeId: 's', clock });
  for (const batch of batches) await server.write(batch);
  const store = await forgetfulStore();
  const puller = await openTestReplica({ nodeId: 'p', clock, store });
  const chunk = await chunkOf(puller, server);
  const before = store.batches;
  await puller.storeChunk(chunk);
  const steps: number[][] = [];
  for (let count = before + 1; count <= store.batches; count++) {
    const disk = await store.afterPowerLoss(count, () => false);
    const there = new Set(Object.keys(await contents(await openTestReplica({ nodeId: 'p', clock, disk }))));
    steps.push(
      batches.map((batch) => batch.filter(({ key }) => there.has(new TextDecoder().decode(key))).length),
    );
  }
  return steps;
}

test('a chunk is stored in slices of 256 entries, so that others have their turn', async () => {
  const steps = await storedStepByStep(puts('k', SLICE_ENTRIES + 44).map((write) => [write]));
  const counts = steps.map((step) => step.reduce((sum, count) => sum + count, 0));
  expect(counts).toEqual([SLICE_ENTRIES, SLICE_ENTRIES + 44]);
});

test('a batch is in one slice: a power loss leaves all of it or nothing', async () => {
  const steps = await storedStepByStep([puts('a', 200), puts('b', 200), puts('c', 100)]);
  expect(steps).toEqual([
    [200, 200, 0],
    [200, 200, 100],
  ]);
});

test('a chunk that follows another session of the same peer is refused, though that one had come as far', async () => {
  const [server, puller] = [await openTestReplica({ nodeId: 's' }), await openTestReplica({ nodeId: 'p' })];
  for (const write of puts('k', 2)) await server.write([write]);
  const [first, second] = (await readSession(puller, server, 'version', 1)).chunks;
  assert(first !== undefined && second?.after !== undefined, 'two keys come in two chunks');
  await puller.storeChunk(first);
  const other = { ...second, after: { ...second.after, name: '11'.repeat(16) } };
  await expect(puller.storeChunk(other)).rejects.toMatchObject({ code: 'SESSION_VOID' });
  await puller.storeChunk(second);
  expect(await puller.adopt(server.nodeId)).toBe('adopted');
});

test('what a comparison made known is on disk when it was adopted', async () => {
  const clock = new SimulatedClock();
  const server = await openTestReplica({ nodeId: 's', clock });
  await server.write(puts('k', 2));
  const store = await forgetfulStore();
  const puller = await openTestReplica({ nodeId: 'p', clock, store });
  const { session } = await chunkOf(puller, server);
  assert(session !== undefined, 'the first chunk brings the session');
  const entries = await presentEntries(server);
  const differences = entries.map((theirs) => ({ key: theirs.key, theirs }));
  await puller.settle({ session, differences, entries });
  await puller.adoptCompared(session);
  const disk = await store.afterPowerLoss(store.batches, () => false);
  expect((await openTestReplica({ nodeId: 'p', clock, disk })).rows()).toEqual(server.rows());
});

test('the cursor of a session moves with the last slice of a chunk: what a power loss took is asked for again', async () => {
  const clock = new SimulatedClock();
  const server = await openTestReplica({ nodeId: 's', clock });
  for (const write of puts('k', SLICE_ENTRIES + 44)) await server.write([write]);
  const store = await forgetfulStore();
  const puller = await openTestReplica({ nodeId: 'p', clock, store });
  const chunk = await chunkOf(puller, server);
  const before = store.batches;
  await puller.storeChunk(chunk);
  const stored = async (batches: number): Promise<number | undefined> => {
    const disk = await store.afterPowerLoss(batches, () => false);
    const reopened = await openTestReplica({ nodeId: 'p', clock, disk });
    return (await reopened.storedSession(server.nodeId))?.entries;
  };
  expect([await stored(before + 1), await stored(before + 2)]).toEqual([undefined, SLICE_ENTRIES + 44]);
});
