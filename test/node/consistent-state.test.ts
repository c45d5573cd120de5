import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import type { OrderedStore, Snapshot } from '../../src/ports/ordered-store.ts';
import { simulatedMap } from './simulated-map.ts';
import { contentsOf, keysOf, temporaryStore } from './temporary-store.ts';

/** More than one page of a scan, with values that lie apart from their entries among them. */
const KEYS = Array.from({ length: 700 }, (_, at) => `k${String(at).padStart(3, '0')}`);
const valueOf = (key: string, round: number): string =>
  key.endsWith('0') ? `${round}`.repeat(5000) : `${round}`;

describe('entries', () => {
  test.each([false, true])(
    'show the state in which they began while all of it changes (reverse: %j)',
    async (reverse) => {
      const store = await temporaryStore();
      await store.batch(KEYS.map((key) => ({ type: 'put', key, value: valueOf(key, 1) })));
      const entries = store.entries({ reverse });
      const seen = new Map([await entries.next()].map(({ value }) => [value.key, value.value]));
      await store.batch(
        KEYS.map((key, at) =>
          at % 3 === 0 ? { type: 'del', key } : { type: 'put', key, value: valueOf(key, 2) },
        ),
      );
      await store.batch(KEYS.map((key) => ({ type: 'put', key: `${key}/new`, value: 2 })));
      await store.compact();
      for await (const { key, value } of entries) seen.set(key, value);
      expect([...seen]).toEqual(
        (reverse ? KEYS.toReversed() : KEYS).map((key) => [key, valueOf(key, 1)] as const),
      );
      expect((await contentsOf(store)).get('k001')).toBe('2');
    },
  );

  test('of two readers that began at different times differ by what was written between', async () => {
    const store = await temporaryStore();
    await store.batch(KEYS.map((key) => ({ type: 'put', key, value: 1 })));
    const earlier = store.entries();
    await earlier.next();
    await store.put('zz', 1);
    const later = store.entries();
    await later.next();
    await store.del('zz');
    expect((await keysOf({ entries: () => earlier })).at(-1)).toBe('k699');
    expect((await keysOf({ entries: () => later })).at(-1)).toBe('zz');
  });

  test('that end, are left early, or fail, hold no state of the past any more', async () => {
    const counted = await countingStore();
    const { store } = await simulatedMap(counted.store);
    await store.batch(KEYS.map((key) => ({ type: 'put', key, value: 1 })));
    await keysOf(store);
    for await (const _ of store.entries()) break;
    const left = store.entries();
    await left.next();
    expect(counted.snapshots()).toBe(1);
    expect(await left.return?.()).toEqual({ done: true, value: undefined });
    expect(await left.next()).toEqual({ done: true, value: undefined });
    const thrown = store.entries();
    await thrown.next();
    await expect(thrown.throw?.(new Error('no more'))).rejects.toThrow('no more');
    await store.count();
    expect(counted.snapshots()).toBe(0);
  });
});

/** An ordered store that knows how many of its snapshots are open. */
async function countingStore(): Promise<{ store: OrderedStore; snapshots: () => number }> {
  const inner = await new MemoryDisk().open();
  const open = new Set<Snapshot>();
  const store: OrderedStore = {
    ...inner,
    snapshot() {
      const snapshot = inner.snapshot();
      open.add(snapshot);
      return {
        ...snapshot,
        async close() {
          open.delete(snapshot);
          await snapshot.close();
        },
      };
    },
  };
  return { store, snapshots: () => open.size };
}
