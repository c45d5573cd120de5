import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EntriesOptions } from '../../src/index.ts';
import { simulatedMap } from './simulated-map.ts';
import { keysOf, temporaryStore } from './temporary-store.ts';

/** Few characters, so that keys share prefixes, and bounds meet keys; of one to four bytes each. */
const text = fc.string({ unit: fc.constantFrom('a', 'b', '\u007F', 'é', '\uFFFF', '😀'), maxLength: 3 });

const ranges: fc.Arbitrary<EntriesOptions> = fc.record(
  { prefix: text, gt: text, lt: text, limit: fc.nat({ max: 6 }), reverse: fc.boolean() },
  { requiredKeys: [] },
);

/** What happens to a key, in the order of the list. */
const changes = fc.array(
  fc.record({
    key: text.filter((key) => key !== ''),
    what: fc.constantFrom('put', 'del', 'expiring', 'expired'),
  }),
  { maxLength: 30 },
);

const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** All keys, filtered, sorted and cut: slow, and obvious. */
function slowRange(keys: Iterable<string>, { prefix, gt, lt, limit, reverse }: EntriesOptions): string[] {
  const inside = [...keys].filter(
    (key) =>
      (prefix === undefined || key.startsWith(prefix)) &&
      (gt === undefined || compare(key, gt) > 0) &&
      (lt === undefined || compare(key, lt) < 0),
  );
  const sorted = inside.toSorted(compare);
  return (reverse === true ? sorted.toReversed() : sorted).slice(0, limit);
}

describe('entries of a range', () => {
  test('are those that filtering and sorting a plain map finds, without deleted and expired ones', async () => {
    await fc.assert(
      fc.asyncProperty(changes, fc.array(ranges, { minLength: 1, maxLength: 10 }), async (list, asked) => {
        const { store, clock } = await simulatedMap();
        const plain = new Map<string, number>();
        for (const [value, { key, what }] of list.entries()) {
          if (what === 'del') await store.del(key);
          else if (what === 'put') await store.put(key, value);
          else await store.put(key, value, { ttlMs: what === 'expired' ? 1000 : 1001 });
          if (what === 'put' || what === 'expiring') plain.set(key, value);
          else plain.delete(key);
        }
        await clock.advance(1000);
        for (const range of asked) {
          const found: [string, unknown][] = [];
          for await (const { key, value } of store.entries(range)) found.push([key, value]);
          expect(found).toEqual(slowRange(plain.keys(), range).map((key) => [key, plain.get(key)]));
          const { prefix = '' } = range;
          expect(await store.count({ prefix })).toBe(slowRange(plain.keys(), { prefix }).length);
        }
        await store.close();
      }),
      { numRuns: 60 },
    );
  });

  test('of more than one page come once each, forwards and backwards, also from the middle', async () => {
    const store = await temporaryStore();
    const keys = Array.from({ length: 1000 }, (_, at) => `k${String(at).padStart(3, '0')}`);
    await store.batch(keys.map((key) => ({ type: 'put', key, value: 1 })));
    expect(await keysOf(store)).toEqual(keys);
    expect(await keysOf(store, { reverse: true })).toEqual(keys.toReversed());
    const middle: EntriesOptions = { gt: 'k099', lt: 'k900' };
    expect(await keysOf(store, middle)).toEqual(keys.slice(100, 900));
    expect(await keysOf(store, { ...middle, reverse: true, limit: 300 })).toEqual(
      keys.slice(600, 900).toReversed(),
    );
  });

  test('are as many as the limit says, however many dead ones lie between them', async () => {
    const store = await temporaryStore();
    const keys = Array.from({ length: 600 }, (_, at) => `k${String(at).padStart(3, '0')}`);
    await store.batch(keys.map((key) => ({ type: 'put', key, value: 1 })));
    await store.batch(keys.slice(1, -1).map((key) => ({ type: 'del', key })));
    expect(await keysOf(store, { limit: 2 })).toEqual(['k000', 'k599']);
  });

  test.each([
    ['prefix', 5, '`prefix` must be a string'],
    ['gt', null, '`gt` must be a string'],
    ['lt', new Uint8Array(1), '`lt` must be a string'],
    ['limit', -1, '`limit` must be an integer from 0, not -1'],
    ['limit', 1.5, '`limit` must be an integer from 0, not 1.5'],
    ['limit', Number.NaN, '`limit` must be an integer from 0, not NaN'],
    ['limit', '10', '`limit` must be an integer from 0, not 10'],
    ['reverse', 1, '`reverse` must be true or false'],
    ['gte', 'a', '`gte` is not known; known are prefix, gt, lt, limit, reverse, after, timeoutMs, signal'],
  ])('are refused for %s: %j', async (field, value, what) => {
    const store = await temporaryStore();
    const entries = store.entries({ [field]: value });
    await expect(entries.next()).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: `The option ${what}.`,
    });
  });

  test('are refused for a bound with a lone surrogate', async () => {
    const store = await temporaryStore();
    for (const field of ['prefix', 'gt', 'lt']) {
      await expect(store.entries({ [field]: '\uD83D' }).next()).rejects.toMatchObject({
        code: 'INVALID_KEY',
      });
    }
    await expect(store.count({ prefix: '\uD83D' })).rejects.toMatchObject({ code: 'INVALID_KEY' });
  });
});
