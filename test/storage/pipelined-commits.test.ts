import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { BoatoError } from '../../src/core/errors.ts';
import type { OrderedStore } from '../../src/ports/ordered-store.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import type { Write } from '../../src/storage/write.ts';
import { faultyStore } from '../support/faulty-store.ts';
import { pull, readSession } from '../support/pull.ts';
import { contents, del, openTestReplica, put } from '../support/replica-fixture.ts';

interface HeldStore extends OrderedStore {
  /** Writes begun so far. */
  readonly begun: number;
  /** Whether writes wait for `release` from now on. */
  isHeld: boolean;
  /** Lets the oldest waiting write go. */
  release(): void;
}

function heldStore(inner: OrderedStore): HeldStore {
  const waiting: (() => void)[] = [];
  const store = {
    ...inner,
    begun: 0,
    isHeld: false,
    release: () => waiting.shift()?.(),
    async write(...[operations, options]: Parameters<OrderedStore['write']>) {
      store.begun++;
      if (store.isHeld) await new Promise<void>((resolve) => void waiting.push(resolve));
      await inner.write(operations, options);
    },
  };
  return store;
}

/** Until nothing moves any more that does not wait for the disk. */
async function idle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => void setImmediate(resolve));
}

/** As many as a write holds, and more than a group does. */
const FULL_WRITE = 2048;
/** More than a group holds. */
const FULL_GROUP = 256;

/** A full group, of keys of its own. */
function group(number: number): Write[] {
  return Array.from({ length: FULL_GROUP }, (_, at) => put(`${number}/${at}`, ''));
}

interface Reopened {
  /** Of a store that holds one entry, `old`. */
  readonly replica: StoredReplica;
  /** How many entries it held when it began to read keys: an entry for each reading. */
  readonly readsAt: number[];
}

async function reopened(): Promise<Reopened> {
  const disk = new MemoryDisk();
  const before = await openTestReplica({ disk });
  await before.write([put('old', '')]);
  await before.close();
  const inner = await disk.open();
  const readsAt: number[] = [];
  const made: { replica?: StoredReplica } = {};
  const store: OrderedStore = {
    ...inner,
    getMany(keys) {
      if (made.replica !== undefined) readsAt.push(made.replica.state.all.count);
      return inner.getMany(keys);
    },
  };
  made.replica = await openTestReplica({ store, dotCacheBytes: 2 ** 20 });
  return { replica: made.replica, readsAt };
}

describe('a group that is decided while another is being written', () => {
  test('is written only when that one is on disk, with what was decided by then, and nothing is acknowledged before', async () => {
    const store = heldStore(await new MemoryDisk().open());
    const replica = await openTestReplica({ store });
    const acknowledged: number[] = [];
    store.isHeld = true;
    const before = store.begun;
    const writes = [1, 2, 3].map(async (number) => {
      await replica.write(Array.from({ length: FULL_GROUP }, (_, at) => put(`k${at}`, `${number}`)));
      acknowledged.push(number);
    });
    await idle();
    expect(store.begun - before).toBe(1);
    expect(acknowledged).toEqual([]);
    store.release();
    await idle();
    expect(store.begun - before).toBe(2);
    expect(acknowledged).toEqual([1]);
    store.release();
    await Promise.all(writes);
    expect(acknowledged).toEqual([1, 2, 3]);
    expect(await contents(replica)).toMatchObject({ k0: '3', [`k${FULL_GROUP - 1}`]: '3' });
    store.isHeld = false;
    await replica.close();
  });

  test('is not written where the write before it failed, and nobody is told that it was', async () => {
    const fault = new Error('no space left on device');
    // Opening writes twice.
    const store = heldStore(faultyStore(await new MemoryDisk().open(), 2, fault));
    const replica = await openTestReplica({ store });
    store.isHeld = true;
    const before = store.begun;
    const writes = [1, 2, 3].map((number) =>
      replica.write(Array.from({ length: FULL_GROUP }, (_, at) => put(`k${at}`, `${number}`))),
    );
    await idle();
    store.isHeld = false;
    store.release();
    for (const outcome of await Promise.allSettled(writes))
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'STORE_FENCED', cause: fault } });
    expect(store.begun - before).toBe(1);
    await replica.close();
  });

  test('is decided over what the latest group before it leaves, though the disk does not know it', async () => {
    const store = heldStore(await new MemoryDisk().open());
    const replica = await openTestReplica({ store, dotCacheBytes: 0 });
    store.isHeld = true;
    const writes = [1, 2, 3].map((number) =>
      replica.write(
        Array.from({ length: FULL_GROUP }, (_, at) => (number === 2 ? del(`k${at}`) : put(`k${at}`, '1'))),
      ),
    );
    await idle();
    store.isHeld = false;
    store.release();
    const answers = await Promise.all(writes);
    expect(answers.map(({ wereLive }) => new Set(wereLive))).toEqual([
      new Set([false]),
      new Set([true]),
      new Set([false]),
    ]);
    expect(replica.state.all.count).toBe(FULL_GROUP);
    expect((await replica.verify(false)).findings.problems).toEqual([]);
    await replica.close();
  });

  test('is written with no more others than a write holds', async () => {
    const store = heldStore(await new MemoryDisk().open());
    const replica = await openTestReplica({ store });
    store.isHeld = true;
    const before = store.begun;
    const inTwoWrites = (2 * FULL_WRITE) / FULL_GROUP;
    const writes = Array.from({ length: 1 + inTwoWrites }, (_, number) =>
      replica.write(Array.from({ length: FULL_GROUP }, (__, at) => put(`k${at}`, `${number}`))),
    );
    for (const begun of [1, 2, 3]) {
      await idle();
      expect(store.begun - before).toBe(begun);
      store.release();
    }
    await Promise.all(writes);
    store.isHeld = false;
    await replica.close();
  });

  test('is answered in its turn: between groups of one write others have theirs', async () => {
    const store = heldStore(await new MemoryDisk().open());
    const replica = await openTestReplica({ store });
    store.isHeld = true;
    let turns = 0;
    let isOver = false;
    const tick = (): void => {
      turns++;
      if (!isOver) setImmediate(tick);
    };
    tick();
    const answeredAt = Array.from({ length: 3 }, () => new Set<number>());
    const writes = answeredAt.flatMap((seen, number) =>
      Array.from({ length: FULL_GROUP }, async (_, at) => {
        await replica.write([put(`${number}/${at}`, '')]);
        seen.add(turns);
      }),
    );
    await idle();
    store.release();
    await idle();
    // Both groups that came after the first are in this write.
    store.release();
    await Promise.all(writes);
    isOver = true;
    expect(answeredAt.map((seen) => seen.size)).toEqual([1, 1, 1]);
    expect(new Set(answeredAt.flatMap((seen) => [...seen])).size).toBe(3);
    store.isHeld = false;
    await replica.close();
  });

  test('has what it replaces read from disk while the one before it is decided', async () => {
    const { replica, readsAt } = await reopened();
    await Promise.all([1, 2, 3].map((number) => replica.write(group(number))));
    // In three pieces for each group; so many entries were there when each was begun.
    expect(readsAt).toEqual([1, 1, 1, 1, 1, 1, 1 + FULL_GROUP, 1 + FULL_GROUP, 1 + FULL_GROUP]);
    await replica.close();
  });

  test('does not take for present what was read before that one replaced it', async () => {
    const { replica } = await reopened();
    const refused = { ...put('old', 'refused'), condition: 'absent' as const };
    const outcomes = await Promise.allSettled([
      replica.write([...group(1).slice(1), put('old', 'first')]),
      replica.write([...group(2).slice(1), refused]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await replica.write([put('old', 'last')]);
    expect(await replica.verify(false)).toMatchObject({ findings: { problems: [] } });
    expect(await contents(replica)).toMatchObject({ old: 'last' });
    await replica.close();
  });

  test('knows what that one leaves under its keys, whatever the cache has room for', async () => {
    const key = fc.nat({ max: 40 });
    const write = fc.record({
      key,
      isPut: fc.boolean(),
      expires: fc.boolean(),
      filler: fc.nat({ max: 300 }),
    });
    const settings = { sync: fc.boolean(), dotCacheBytes: fc.constantFrom(0, 4096) };
    await fc.assert(
      fc.asyncProperty(
        fc.array(write, { minLength: 2, maxLength: 30 }),
        fc.record(settings),
        async (writes, options) => {
          const disk = new MemoryDisk();
          const replica = await openTestReplica({ disk, ...options });
          const expected: Record<string, string> = {};
          const expiresAt = 4e12;
          const pending = writes.map(({ key: number, isPut, expires, filler }, at) => {
            const name = `key/${number}`;
            expected[name] = isPut ? `${at}` : 'x';
            // Fills groups, so that some are decided while others are written.
            const fillers = Array.from({ length: filler }, (_, index) => put(`${at}/${index}`, ''));
            for (let index = 0; index < filler; index++) expected[`${at}/${index}`] = '';
            const own = isPut ? put(name, `${at}`, expires ? expiresAt : undefined) : del(name);
            return replica.write([own, ...fillers]);
          });
          await Promise.all(pending);
          // The sums are those of the entries: nothing was counted twice, or not taken away.
          expect(await replica.verify(false)).toMatchObject({ findings: { problems: [] } });
          expect(await contents(replica)).toEqual(expected);
          await replica.close();
        },
      ),
      { numRuns: 40 },
    );
  });
});

test('a chunk of which a part cannot be stored, in a group between others, counts as if none of it had come', async () => {
  const server = await openTestReplica({ nodeId: 'a' });
  for (const batch of [1, 2, 3])
    await server.write(Array.from({ length: FULL_GROUP }, (_, at) => put(`${batch}/${at}`, '')));
  const inner = await new MemoryDisk().open();
  let fails = false;
  const store: OrderedStore = {
    ...inner,
    getMany: async (keys) => {
      const isFailing = fails && keys.some((key) => Buffer.from(key).includes('2/0'));
      if (!isFailing) return inner.getMany(keys);
      fails = false;
      throw new BoatoError('STORE_UNREADABLE', 'Too many files are open.');
    },
  };
  const puller = await openTestReplica({ nodeId: 'b', store, dotCacheBytes: 0 });
  const { chunks } = await readSession(puller, server);
  expect(chunks).toHaveLength(1);
  fails = true;
  await expect(puller.storeChunk(chunks[0] as (typeof chunks)[number])).rejects.toMatchObject({
    code: 'STORE_UNREADABLE',
  });
  await expect(puller.adopt(server.nodeId)).rejects.toMatchObject({ code: 'SESSION_VOID' });
  expect(await pull(puller, server)).toBe('adopted');
  expect(await contents(puller)).toEqual(await contents(server));
  for (const replica of [server, puller]) await replica.close();
});
