import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import type { KeyRange } from '../../src/ports/ordered-store.ts';
import {
  ALL_BESIDE_ENTRIES,
  ALL_CLOUD_DOTS,
  ALL_LARGE_VALUES,
  ALL_ROWS,
  ALL_SESSIONS,
  ALL_TO_SORT,
  atOfDue,
  BACKED_UP,
  cloudKey,
  dotToSort,
  DUE_EXPIRING,
  DUE_TOMBSTONE,
  dueBetween,
  dueKey,
  entriesBetween,
  entryKey,
  isBackedUp,
  keyOfDue,
  keyOfEntry,
  largeValueKey,
  metaKey,
  progressKey,
  rowKey,
  segmentKey,
  segmentsAbove,
  sessionKey,
  singleDotKey,
  singleDotsAbove,
  spaceOf,
  toSortKey,
  toSortKeyOfValue,
} from '../../src/storage/keyspace.ts';
import { hex, unhex } from '../support/codec-arbitraries.ts';
import { utf8 } from '../support/replica-fixture.ts';

const DOT = '0000012c 0000000000000005';
/** Of every space, in the order of their records, as they have always lain on disk. */
const KEYS: readonly (readonly [space: string | undefined, key: Uint8Array, bytes: string])[] = [
  ['meta', metaKey('state'), '01 7374617465'],
  ['row', rowKey(300), '02 0000012c'],
  ['cloud', cloudKey(300, 5), `03 ${DOT}`],
  ['session', sessionKey('n'), '04 6e'],
  ['progress', progressKey('n'), '05 6e'],
  ['entry', entryKey(utf8('k')), '10 6b'],
  ['largeValue', largeValueKey(300, 5), `11 ${DOT}`],
  ['segment', segmentKey(300, 5), `20 ${DOT}`],
  ['singleDot', singleDotKey(300, 5), `21 ${DOT}`],
  ['due', dueKey(DUE_TOMBSTONE, 5, utf8('k')), '30 00 0000000000000005 6b'],
  ['due', dueKey(DUE_EXPIRING, 5, utf8('k')), '30 01 0000000000000005 6b'],
  [undefined, toSortKey(300, 5), `60 ${DOT}`],
];

/** Those of `keys` that lie in a range, in its order. */
async function within(range: KeyRange, keys: readonly Uint8Array[]): Promise<string[]> {
  const store = await new MemoryDisk().open();
  await store.write(
    keys.map((key) => ({ type: 'put' as const, key, value: new Uint8Array(1) })),
    { sync: true },
  );
  const scan = store.scan(range);
  const records = await scan.next(100);
  await scan.close();
  return records.map(([key]) => hex(key));
}

const ALL = KEYS.map(([, key]) => key);

async function spacesWithin(ranges: readonly KeyRange[]): Promise<(string | undefined)[]> {
  const found = await Promise.all(ranges.map((range) => within(range, ALL)));
  return found.flat().map((key) => spaceOf(unhex(key)));
}

describe('a key of the layout', () => {
  test.each(KEYS)('of space %s has its bytes, and is told by them', (space, key, bytes) => {
    expect(hex(key)).toBe(hex(unhex(bytes)));
    expect(spaceOf(key)).toBe(space);
  });

  test('of no space has no name', () => {
    expect(spaceOf(new Uint8Array(0))).toBeUndefined();
    expect(spaceOf(Uint8Array.of(0x06))).toBeUndefined();
  });

  test('gives back what it was made of', () => {
    expect(keyOfEntry(entryKey(utf8('k')))).toEqual(utf8('k'));
    const due = dueKey(DUE_EXPIRING, 5, utf8('k'));
    expect([atOfDue(due), keyOfDue(due)]).toEqual([5, utf8('k')]);
    expect(dotToSort(toSortKey(300, 5))).toEqual({ actorNo: 300, version: 5 });
    expect(toSortKeyOfValue(largeValueKey(300, 5))).toEqual(toSortKey(300, 5));
  });
});

describe('a range of the layout', () => {
  test('has all of a space, and nothing else', async () => {
    const spaces = [
      ALL_TO_SORT,
      ALL_LARGE_VALUES,
      ALL_ROWS,
      ALL_CLOUD_DOTS,
      ALL_SESSIONS,
      entriesBetween({}),
    ];
    const names = [undefined, 'largeValue', 'row', 'cloud', 'session', 'entry'];
    for (const [at, range] of spaces.entries()) expect(await spacesWithin([range])).toEqual([names[at]]);
    const beside = ['cloud', 'session', 'progress', 'segment', 'singleDot', 'due', 'due'];
    expect(await spacesWithin(ALL_BESIDE_ENTRIES)).toEqual(beside);
  });

  test('that is backed up has all but sessions and what is being sorted', async () => {
    const others = new Set([undefined, 'session', 'progress']);
    const backedUp = KEYS.map(([space]) => space).filter((space) => !others.has(space));
    expect(await spacesWithin(BACKED_UP)).toEqual(backedUp);
    expect(ALL.filter(isBackedUp).map(spaceOf)).toEqual(backedUp);
  });

  test('of dots begins above one, of one actor, and ends with the last that it may', async () => {
    const dots = [1, 2].flatMap((no) =>
      [4, 5, 6, 7, Number.MAX_SAFE_INTEGER].map((dot) => [no, dot] as const),
    );
    const singles = dots.map(([no, dot]) => singleDotKey(no, dot));
    const expected = (...some: number[]): string[] => some.map((dot) => hex(singleDotKey(1, dot)));
    expect(await within(singleDotsAbove(1, 5), singles)).toEqual(expected(6, 7, Number.MAX_SAFE_INTEGER));
    expect(await within(singleDotsAbove(1, 4, 6), singles)).toEqual(expected(5, 6));
    const segments = dots.map(([no, dot]) => segmentKey(no, dot));
    const above = [7, Number.MAX_SAFE_INTEGER].map((dot) => hex(segmentKey(1, dot)));
    expect(await within(segmentsAbove(1, 6), [...segments, ...singles])).toEqual(above);
  });

  test('of what is due has both its ends, whatever the keys', async () => {
    const keys = [DUE_TOMBSTONE, DUE_EXPIRING].flatMap((kind) =>
      [4, 5, 6, 7].flatMap((at) => ['', '\u{10ffff}'].map((name) => dueKey(kind, at, utf8(name)))),
    );
    const expected = keys.slice(2, 6).map(hex);
    expect(await within(dueBetween(DUE_TOMBSTONE, 5, 6), keys)).toEqual(expected);
  });

  test('of entries has the bounds of keys, each of its kind, in either order', async () => {
    const keys = ['a', 'b', 'c', 'd'].map((name) => entryKey(utf8(name)));
    const names = async (bounds: Parameters<typeof entriesBetween>[0]): Promise<string> =>
      (await within(entriesBetween(bounds), keys))
        .map((key) => String.fromCharCode(unhex(key)[1] ?? 0))
        .join('');
    const [b, d] = [utf8('b'), utf8('d')];
    expect(await names({})).toBe('abcd');
    expect(await names({ gte: b })).toBe('bcd');
    expect(await names({ gt: b })).toBe('cd');
    expect(await names({ lt: d })).toBe('abc');
    expect(await names({ gte: b, lt: d, reverse: true })).toBe('cb');
    expect(await names({ gt: b, lt: d })).toBe('c');
  });
});
