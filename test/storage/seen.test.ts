/** Whether a write was seen (R2), and when whoever waits for it looks again. */

import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import type { Actor } from '../../src/core/actor.ts';
import type { TokenDot } from '../../src/core/token.ts';
import type { OrderedStore } from '../../src/ports/ordered-store.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import type { Write } from '../../src/storage/write.ts';
import { pull, readSession } from '../support/pull.ts';
import { contents, del, openTestReplica, put } from '../support/replica-fixture.ts';

async function write(replica: StoredReplica, ...writes: Write[]): Promise<TokenDot> {
  const { actor, first, last } = await replica.write(writes);
  return { actor, version: last, entries: last - first + 1 };
}

async function two(): Promise<readonly [a: StoredReplica, b: StoredReplica]> {
  const [a, b] = [await openTestReplica({ nodeId: 'a' }), await openTestReplica({ nodeId: 'b' })];
  // So that neither makes a first copy.
  await write(b, put('own', '1'));
  return [a, b];
}

describe('a write was seen', () => {
  test('on its own node, once it has returned', async () => {
    const [a, b] = await two();
    const dot = await write(a, put('k', '1'));
    expect(await a.isSeen(dot)).toBe(true);
    expect(await b.isSeen(dot)).toBe(false);
  });

  test('once a session with it was adopted, also if it is a deletion, and was collected since', async () => {
    const [a, b] = await two();
    const dot = await write(a, del('k'));
    await pull(b, a);
    expect(await b.isSeen(dot)).toBe(true);
    await write(a, put('k', '2'));
    expect(await b.isSeen(dot)).toBe(true);
  });

  test('once its entry has come, though the session is not through', async () => {
    const [a, b] = await two();
    const [first, second] = [await write(a, put('k', '1')), await write(a, put('l', '1'))];
    const { chunks } = await readSession(b, a, 'version', 1);
    expect(chunks).toHaveLength(2);
    await b.storeChunk(chunks[0] as (typeof chunks)[number]);
    expect(b.counts.looseDots).toBe(1);
    expect([await b.isSeen(first), await b.isSeen(second)]).toEqual([true, false]);
  });

  test('though it was replaced on its way', async () => {
    const [a, b] = await two();
    const c = await openTestReplica({ nodeId: 'c' });
    const dot = await write(a, put('k', '1'));
    await pull(c, a);
    await write(c, put('k', '2'));
    await pull(b, c);
    expect(await b.isSeen(dot)).toBe(true);
  });

  test('that was replaced here before its session is through', async () => {
    const [a, b] = await two();
    const dot = await write(a, put('k', '1'));
    await write(a, put('l', '1'));
    const { chunks } = await readSession(b, a, 'version', 1);
    await b.storeChunk(chunks[0] as (typeof chunks)[number]);
    await write(b, put('k', '2'));
    expect(b.counts.cloudDots).toBe(1);
    expect(await b.isSeen(dot)).toBe(true);
  });
});

test('a batch of which an entry was replaced elsewhere was seen when what replaced it has come', async () => {
  const [a, b] = await two();
  const c = await openTestReplica({ nodeId: 'c' });
  const batch = await write(a, put('k', '1'), put('l', '1'));
  await pull(c, a);
  await write(c, put('k', '2'));
  const { chunks } = await readSession(b, c, 'version', 1);
  const [survivor, replacement] = chunks;
  await b.storeChunk(survivor as (typeof chunks)[number]);
  expect(await contents(b)).toEqual({ own: '1', l: '1' });
  expect(await b.isSeen(batch)).toBe(false);
  await b.storeChunk(replacement as (typeof chunks)[number]);
  expect(await b.isSeen(batch)).toBe(false);
  await b.adopt(c.nodeId);
  expect(await b.isSeen(batch)).toBe(true);
});

describe('of a first copy, whose batches come apart', () => {
  test('a batch was seen when all of it has come, a single write when it has', async () => {
    const a = await openTestReplica({ nodeId: 'a' });
    const b = await openTestReplica({ nodeId: 'b' });
    const single = await write(a, put('a', '1'));
    // The last entry of the batch comes first.
    const batch = await write(a, put('z', '1'), put('b', '1'));
    const { chunks } = await readSession(b, a, 'key', 1);
    for (const chunk of chunks.slice(0, 2)) await b.storeChunk(chunk);
    expect(b.state.bootstrapping).toBe(true);
    expect([await b.isSeen(single), await b.isSeen(batch)]).toEqual([true, false]);
    for (const chunk of chunks.slice(2)) await b.storeChunk(chunk);
    expect(await b.isSeen(batch)).toBe(true);
  });

  test('a batch of which a part was replaced on its way was seen when the rest has come', async () => {
    const a = await openTestReplica({ nodeId: 'a' });
    const b = await openTestReplica({ nodeId: 'b' });
    const batch = await write(a, put('z', '1'), put('b', '1'));
    const { chunks } = await readSession(b, a, 'key', 1);
    await b.storeChunk(chunks[0] as (typeof chunks)[number]);
    await write(b, put('b', '2'));
    expect(b.counts.cloudDots).toBe(1);
    expect(await b.isSeen(batch)).toBe(false);
    for (const chunk of chunks.slice(1)) await b.storeChunk(chunk);
    expect(await b.isSeen(batch)).toBe(true);
  });
});

describe('whoever waits for a write of an actor', () => {
  test('looks when something of it comes, and not for what others write', async () => {
    const [a, b] = await two();
    const dot = await write(a, put('k', '1'));
    let looks = 0;
    const stop = b.onArrival(dot.actor, () => looks++);
    await write(b, put('other', '1'));
    expect(looks).toBe(0);
    const { chunks } = await readSession(b, a);
    for (const chunk of chunks) await b.storeChunk(chunk);
    expect(looks).toBeGreaterThan(0);
    const before = looks;
    stop();
    stop();
    await b.adopt(a.nodeId);
    expect(looks).toBe(before);
  });

  test('looks when a first copy is through, whoever it waits for', async () => {
    const a = await openTestReplica({ nodeId: 'a' });
    const b = await openTestReplica({ nodeId: 'b' });
    await write(a, put('a', '1'), put('b', '1'));
    const { chunks } = await readSession(b, a, 'key', 1);
    for (const chunk of chunks) await b.storeChunk(chunk);
    let looks = 0;
    b.onArrival('x+00000000000001+00000000' as Actor, () => looks++);
    await b.adopt(a.nodeId);
    expect(looks).toBe(1);
  });
});

test('what is being written was seen when it can be read, and not before', async () => {
  const store = await new MemoryDisk().open();
  let gate = Promise.resolve();
  const slow: OrderedStore = {
    ...store,
    write: async (operations, options) => {
      await gate;
      return store.write(operations, options);
    },
  };
  const replica = await openTestReplica({ store: slow });
  await write(replica, put('k', '1'));
  let release = (): void => {};
  gate = new Promise((resolve) => {
    release = resolve;
  });
  const writing = write(replica, put('k', '2'));
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  const dot = { actor: replica.runActor as Actor, version: replica.state.last };
  const log: string[] = [];
  const seen = replica.isSeen(dot).then(async (isSeen) => {
    log.push(`seen ${isSeen}`, JSON.stringify(await contents(replica)));
  });
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  log.push('written');
  release();
  await Promise.all([seen, writing]);
  expect(log).toEqual(['written', 'seen true', '{"k":"2"}']);
  expect(await writing).toEqual({ ...dot, entries: 1 });
});
