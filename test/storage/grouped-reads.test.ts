import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { BoatoError } from '../../src/core/errors.ts';
import type { OrderedStore } from '../../src/ports/ordered-store.ts';
import { groupedReads } from '../../src/storage/grouped-reads.ts';

const DAMAGED = new BoatoError('RECORD_DAMAGED', 'a test wants it');

interface Asked {
  readonly store: OrderedStore;
  /** Keys of each call, by its name. */
  readonly calls: string[];
}

/** Keys 0 to 19 hold ten times as much; `damaged` cannot be read, alone or among others. */
async function asked(damaged?: number): Promise<Asked> {
  const store = await new MemoryDisk().open();
  const calls: string[] = [];
  await store.write(
    Array.from({ length: 20 }, (_, key) => ({
      type: 'put' as const,
      key: Uint8Array.of(key),
      value: Uint8Array.of(10 * key),
    })),
    { sync: true },
  );
  const check = (keys: readonly Uint8Array[]): void => {
    if (keys.some(([key]) => key === damaged)) throw DAMAGED;
  };
  return {
    calls,
    store: {
      ...store,
      get: async (key) => {
        calls.push(`get ${key.join()}`);
        check([key]);
        return store.get(key);
      },
      getMany: async (keys) => {
        calls.push(`getMany ${keys.map((key) => key.join()).join(' ')}`);
        check(keys);
        return store.getMany(keys);
      },
    },
  };
}

describe('point reads', () => {
  test('of one moment go eight at a time, and each gets its own', async () => {
    const { store, calls } = await asked();
    const reader = groupedReads(store);
    const keys = [...Array.from({ length: 10 }, (_, key) => key), 99];
    const records = await Promise.all(keys.map((key) => reader.get(Uint8Array.of(key))));
    expect(records.map((record) => record?.[0])).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, undefined]);
    expect(calls).toEqual(['getMany 0 1 2 3 4 5 6 7', 'getMany 8 9 99']);
    await Promise.all(keys.slice(0, 8).map((key) => reader.get(Uint8Array.of(key))));
    expect(calls.slice(2)).toEqual(['getMany 0 1 2 3 4 5 6 7']);
  });

  test('that come alone are read alone', async () => {
    const { store, calls } = await asked();
    const reader = groupedReads(store);
    for (const key of [3, 4]) expect((await reader.get(Uint8Array.of(key)))?.[0]).toBe(10 * key);
    expect(calls).toEqual(['get 3', 'get 4']);
  });

  test('do not fail with one among them that does', async () => {
    const { store } = await asked(5);
    const reader = groupedReads(store);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, key) => reader.get(Uint8Array.of(key))),
    );
    expect(outcomes.map(({ status }) => status).indexOf('rejected')).toBe(5);
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([
      { status: 'rejected', reason: DAMAGED },
    ]);
  });
});
