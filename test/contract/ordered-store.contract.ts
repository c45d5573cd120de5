/** What every ordered store promises (`src/ports/ordered-store.ts`). */

import * as fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { KeyRange, OrderedStore, Scan, WriteOperation } from '../../src/ports/ordered-store.ts';
import { contents, contentsOfAll } from './contents.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const put = (key: number[], value: number): WriteOperation => ({
  type: 'put',
  key: bytes(...key),
  value: bytes(value),
});
const del = (key: number[]): WriteOperation => ({ type: 'del', key: bytes(...key) });

const CLOSED = { code: 'STORE_CLOSED' };

/** `open` gives an empty store each time. */
export function describeOrderedStore(name: string, open: () => Promise<OrderedStore>): void {
  async function opened(...operations: WriteOperation[]): Promise<OrderedStore> {
    const store = await open();
    onTestFinished(() => store.close());
    if (operations.length > 0) await store.write(operations, { sync: true });
    return store;
  }

  async function drain(scan: Scan, count = 2): Promise<string[]> {
    const found: string[] = [];
    for (let page = await scan.next(count); page.length > 0; page = await scan.next(count)) {
      expect(page.length).toBeLessThanOrEqual(count);
      found.push(...page.map(([key, value]) => `${key.join('.')}=${value.join('.')}`));
    }
    expect(await scan.next(count)).toEqual([]);
    await scan.close();
    return found;
  }

  describe(`${name}, an ordered store`, () => {
    test('reads what was written, in the order of the keys asked for', async () => {
      const store = await opened(put([1], 10), put([2], 20));
      expect(contentsOfAll([await store.get(bytes(1))])).toEqual(['0a']);
      expect(await store.get(bytes(9))).toBeUndefined();
      const found = await store.getMany([bytes(2), bytes(9), bytes(1), bytes(2)]);
      expect(contentsOfAll(found)).toEqual(['14', undefined, '0a', '14']);
      expect(await store.getMany([])).toEqual([]);
    });

    test('applies a batch in its order, and an empty one without complaint', async () => {
      const store = await opened(put([1], 10), del([1]), put([2], 20), put([2], 21), del([9]));
      await store.write([], { sync: true });
      expect(await drain(store.scan({}))).toEqual(['2=21']);
    });

    test('orders keys as unsigned bytes, a prefix before what it begins', async () => {
      const store = await opened(put([255], 1), put([1, 0], 2), put([1], 3), put([127], 4), put([128], 5));
      expect(await drain(store.scan({}))).toEqual(['1=3', '1.0=2', '127=4', '128=5', '255=1']);
    });

    test('keeps to the bounds, the direction and the limit of a range', async () => {
      const store = await opened(...[1, 2, 3, 4, 5].map((key) => put([key], key)));
      expect(await drain(store.scan({ gt: bytes(1), lte: bytes(4) }))).toEqual(['2=2', '3=3', '4=4']);
      expect(await drain(store.scan({ gte: bytes(2), lt: bytes(4) }))).toEqual(['2=2', '3=3']);
      expect(await drain(store.scan({ lt: bytes(4), reverse: true, limit: 2 }))).toEqual(['3=3', '2=2']);
      expect(await drain(store.scan({ gte: bytes(4), keysOnly: true }))).toEqual(['4=', '5=']);
      expect(await drain(store.scan({ gt: bytes(5) }))).toEqual([]);
      expect(await drain(store.scan({ gt: bytes(4), lt: bytes(2) }))).toEqual([]);
      expect(await drain(store.scan({ limit: 0 }))).toEqual([]);
    });

    test('finds what a sorted list would find, whatever is written and asked for', async () => {
      const store = await opened();
      // Keys of few bytes, so that they meet; the range is asked for before and after a compaction.
      const keys = fc.uint8Array({ minLength: 1, maxLength: 3, max: 3 }).map(contents);
      const operations = fc.array(fc.tuple(keys, fc.option(fc.nat({ max: 255 }))), { maxLength: 30 });
      const bound = fc.option(fc.tuple(keys, fc.boolean()));
      const ranges = fc.record({ lower: bound, upper: bound, reverse: fc.boolean(), limit: fc.nat(10) });
      await fc.assert(
        fc.asyncProperty(
          operations,
          ranges,
          fc.integer({ min: 1, max: 9 }),
          async (written, { lower, upper, reverse, limit }, count) => {
            const all: WriteOperation[] = written.map(([key, value]) =>
              value === null
                ? { type: 'del', key: Buffer.from(key, 'hex') }
                : { type: 'put', key: Buffer.from(key, 'hex'), value: bytes(value) },
            );
            await store.write(all, { sync: false });

            const valueByKey = new Map(written);
            const isInside = (key: string): boolean =>
              (lower === null || key > lower[0] || (lower[1] && key === lower[0])) &&
              (upper === null || key < upper[0] || (upper[1] && key === upper[0]));
            const present = [...valueByKey].filter(([, value]) => value !== null);
            const sorted = present.map(([key]) => key).filter(isInside);
            sorted.sort();
            const expected = (reverse ? sorted.toReversed() : sorted).slice(0, limit);

            const range: KeyRange = {
              ...(lower === null ? {} : { [lower[1] ? 'gte' : 'gt']: Buffer.from(lower[0], 'hex') }),
              ...(upper === null ? {} : { [upper[1] ? 'lte' : 'lt']: Buffer.from(upper[0], 'hex') }),
              reverse,
              limit,
            };
            expect(await drain(store.scan(range), count)).toEqual(
              expected.map((key) => `${Buffer.from(key, 'hex').join('.')}=${valueByKey.get(key)}`),
            );
            await store.write(
              [...valueByKey.keys()].map((key) => ({ type: 'del', key: Buffer.from(key, 'hex') })),
              { sync: false },
            );
          },
        ),
      );
    });

    test('gives all of a long range, in pages of any size', async () => {
      const value = new Uint8Array(2000).fill(1);
      const store = await opened(
        ...Array.from({ length: 500 }, (_, at): WriteOperation => {
          return { type: 'put', key: bytes(at >> 8, at & 255), value };
        }),
      );
      for (const count of [1, 7, 499, 500, 10_000]) {
        const scan = store.scan({});
        const found: number[] = [];
        for (let page = await scan.next(count); page.length > 0; page = await scan.next(count)) {
          expect(page.length).toBeLessThanOrEqual(count);
          found.push(...page.map(([key]) => (key[0] as number) * 256 + (key[1] as number)));
        }
        await scan.close();
        expect(found).toEqual(Array.from({ length: 500 }, (_, at) => at));
      }
    });

    test('shows a scan the state in which it began', async () => {
      const store = await opened(put([1], 1), put([3], 3));
      const scan = store.scan({});
      await store.write([put([2], 2), del([3])], { sync: false });
      expect(await drain(scan)).toEqual(['1=1', '3=3']);
    });

    test('shows a snapshot one state, whatever is written', async () => {
      const store = await opened(put([1], 1), put([2], 2));
      const snapshot = store.snapshot();
      await store.write([put([1], 9), del([2]), put([3], 3)], { sync: true });
      await store.compact();
      expect(contentsOfAll([await snapshot.get(bytes(1))])).toEqual(['01']);
      expect(contentsOfAll(await snapshot.getMany([bytes(2), bytes(3)]))).toEqual(['02', undefined]);
      expect(await drain(snapshot.scan({}))).toEqual(['1=1', '2=2']);
      await snapshot.close();
      await snapshot.close();
      expect(await drain(store.scan({}))).toEqual(['1=9', '3=3']);
    });

    test('refuses to read a snapshot that was closed, and goes on itself', async () => {
      const store = await opened(put([1], 1));
      const snapshot = store.snapshot();
      await snapshot.close();
      await expect(snapshot.get(bytes(1))).rejects.toMatchObject(CLOSED);
      await expect(snapshot.getMany([bytes(1)])).rejects.toMatchObject(CLOSED);
      expect(await drain(store.scan({}))).toEqual(['1=1']);
    });

    test('holds the same after it was compacted', async () => {
      const store = await opened(put([1], 1), put([2], 2), del([1]));
      await store.compact();
      expect(await drain(store.scan({}))).toEqual(['2=2']);
    });

    test('ends a scan that is closed early', async () => {
      const store = await opened(put([1], 1), put([2], 2));
      for (const keysOnly of [false, true]) {
        const scan = store.scan({ keysOnly });
        await scan.next(1);
        await scan.close();
        await scan.close();
        expect(await scan.next(1)).toEqual([]);
      }
    });

    test('refuses to be read after it was closed, and ends what was open', async () => {
      const store = await opened(put([1], 1), put([2], 2));
      const scan = store.scan({});
      await scan.next(1);
      const snapshot = store.snapshot();
      await store.close();
      await store.close();
      await expect(store.get(bytes(1))).rejects.toMatchObject(CLOSED);
      await expect(store.getMany([bytes(1)])).rejects.toMatchObject(CLOSED);
      await expect(scan.next(1)).rejects.toMatchObject(CLOSED);
      await expect(snapshot.get(bytes(1))).rejects.toMatchObject(CLOSED);
      await expect(store.write([put([3], 3)], { sync: true })).rejects.toBeInstanceOf(Error);
      await scan.close();
      await snapshot.close();
    });

    test('keeps empty values and long ones', async () => {
      const store = await opened();
      const long = Uint8Array.from({ length: 3_000_000 }, (_, at) => at);
      await store.write(
        [
          { type: 'put', key: bytes(1), value: bytes() },
          { type: 'put', key: bytes(2), value: long },
        ],
        { sync: true },
      );
      expect(contentsOfAll(await store.getMany([bytes(1), bytes(2)]))).toEqual(['', contents(long)]);
    });
  });
}
