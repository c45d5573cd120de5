import { describe, expect, test } from 'vitest';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { VERSION_MAX, type Version } from '../../src/core/version.ts';
import { DotCache, type PresentDot } from '../../src/storage/dot-cache.ts';
import { hash64, utf8 } from '../support/replica-fixture.ts';

const SEED = 7n;
/** Of eight slots. */
const SET_BYTES = 160;

function cacheOf(sets: number, storeIsEmpty: boolean = true): DotCache {
  return new DotCache(sets * SET_BYTES, hash64, SEED, storeIsEmpty);
}

function dot(at: number): PresentDot {
  return { version: (at + 1) as Version, actorNo: at % 5, flags: at % 8 };
}

function set(cache: DotCache, at: number, present: PresentDot = dot(at)): void {
  cache.set(cache.hash(utf8(`key ${at}`)), present);
}

function get(cache: DotCache, at: number): ReturnType<DotCache['get']> {
  return cache.get(cache.hash(utf8(`key ${at}`)));
}

function remove(cache: DotCache, at: number): void {
  cache.delete(cache.hash(utf8(`key ${at}`)));
}

/** Those of the first `count` keys that are known. */
function known(cache: DotCache, count: number): number[] {
  const all = Array.from({ length: count }, (_, at) => at);
  return all.filter((at) => get(cache, at) !== undefined && get(cache, at) !== null);
}

describe('the cache of dots', () => {
  test.each<[string, PresentDot]>([
    ['the largest', { version: VERSION_MAX, actorNo: 0x7fff_ffff, flags: 7 }],
    ['the smallest', { version: 0 as Version, actorNo: 0, flags: 0 }],
    ['one of 32 bits', { version: 0xffff_ffff as Version, actorNo: 1, flags: 5 }],
    ['one of 33 bits', { version: 0x1_0000_0000 as Version, actorNo: 2, flags: 2 }],
    ['one of 52 bits', { version: 0x8_1234_8765_4321 as Version, actorNo: 3, flags: 1 }],
  ])('gives back what was set, also %s', (_, present) => {
    const cache = cacheOf(4);
    set(cache, 1, present);
    expect(get(cache, 1)).toEqual(present);
  });

  test('knows what was added, and takes another dot for it', () => {
    const cache = cacheOf(4);
    cache.add({ low: 1, high: 2 }, dot(1));
    expect(cache.get({ low: 1, high: 2 })).toEqual(dot(1));
    cache.set({ low: 1, high: 2 }, dot(2));
    expect(cache.get({ low: 1, high: 2 })).toEqual(dot(2));
    cache.delete({ low: 1, high: 2 });
    expect(cache.get({ low: 1, high: 2 })).toBeNull();
  });

  test('knows a key by its whole hash', () => {
    const cache = cacheOf(4);
    cache.set({ low: 1, high: 2 }, dot(1));
    expect(cache.get({ low: 1, high: 2 })).toEqual(dot(1));
    for (const other of [
      { low: 1, high: 3 },
      { low: 3, high: 2 },
      { low: 2, high: 1 },
      { low: 5, high: 2 },
      { low: 1, high: 6 },
    ])
      expect(cache.get(other)).toBeNull();
  });

  test('hashes keys under its seed, in halves of 32 bits', () => {
    const cache = new DotCache(SET_BYTES, (_, seed = 0n) => seed, 0x8000_0002_ffff_fffen, true);
    const { low, high } = cache.hash(utf8('any'));
    expect([low >>> 0, high >>> 0]).toEqual([0xffff_fffe, 0x8000_0002]);
  });

  test('has of a key what was set last, in one slot', () => {
    const cache = cacheOf(1);
    for (let at = 0; at < 8; at++) set(cache, at);
    for (let round = 0; round < 20; round++) set(cache, 3, dot(round));
    expect(get(cache, 3)).toEqual(dot(19));
    expect(known(cache, 8)).toHaveLength(8);
    expect(get(cache, 8)).toBeNull();
  });

  test('says that a key has no entry only of a store that was empty, of which it forgot nothing', () => {
    expect(get(cacheOf(1, false), 1)).toBeUndefined();
    const cache = cacheOf(1);
    expect(get(cache, 1)).toBeNull();
    for (let at = 0; at < 8; at++) set(cache, at);
    expect(get(cache, 8)).toBeNull();
    set(cache, 8);
    expect(get(cache, 9)).toBeUndefined();
  });

  test('forgets the slots of a full set in turn, one for each new key', () => {
    const cache = cacheOf(1);
    for (let at = 0; at < 8; at++) set(cache, at);
    for (let more = 1; more <= 8; more++) {
      set(cache, 7 + more);
      expect(get(cache, 7 + more)).toEqual(dot(7 + more));
      expect(known(cache, 8)).toHaveLength(8 - more);
    }
    expect(known(cache, 16)).toHaveLength(8);
  });

  test('knows what was set last however full it is, and takes nothing that it forgot for absent', () => {
    for (const sets of [2, 4, 7]) {
      const cache = cacheOf(sets);
      for (let at = 0; at < 100; at++) {
        set(cache, at);
        expect(get(cache, at)).toEqual(dot(at));
        for (let before = 0; before < at; before++) expect(get(cache, before)).not.toBeNull();
      }
    }
  });

  test('knows what was set last of keys that all lead to one set, though others have room', () => {
    const cache = cacheOf(4);
    for (let at = 1; at <= 20; at++) {
      cache.set({ low: 0, high: 8 * at }, dot(at));
      expect(cache.get({ low: 0, high: 8 * at })).toEqual(dot(at));
    }
    const all = Array.from({ length: 20 }, (_, at) => cache.get({ low: 0, high: 8 * (at + 1) }));
    expect(all.filter((found) => found === undefined)).toHaveLength(12);
    expect(all).not.toContain(null);
  });

  test('takes no more than its bytes, and one set at least', () => {
    const knownOf = (cache: DotCache): number => {
      for (let at = 0; at < 1000; at++) set(cache, at);
      return known(cache, 1000).length;
    };
    expect(knownOf(new DotCache(0, hash64, SEED, true))).toBe(8);
    expect(knownOf(new DotCache(2 * SET_BYTES - 1, hash64, SEED, true))).toBe(8);
    expect(knownOf(cacheOf(3))).toBe(24);
    expect(knownOf(cacheOf(5))).toBe(40);
  });

  test('takes a deleted key for absent, and its slot for another one', () => {
    const cache = cacheOf(1);
    for (let at = 0; at < 8; at++) set(cache, at);
    for (let at = 8; at < 100; at++) {
      remove(cache, at - 8);
      // One that it does not know frees nothing.
      remove(cache, 1000);
      expect(get(cache, at - 8)).toBeNull();
      set(cache, at);
    }
    expect(known(cache, 100)).toEqual([92, 93, 94, 95, 96, 97, 98, 99]);
    expect(get(cache, 1000)).toBeNull();
  });

  test('grows with its entries, over all the bytes that it may take, and forgets none of them on the way', () => {
    for (const sets of [1024, 1500, 3000]) {
      const cache = cacheOf(sets);
      const all = Array.from({ length: 4.5 * sets }, (_, at) => at);
      for (const at of all) set(cache, at);
      expect(all.map((at) => get(cache, at))).toEqual(all.map(dot));
      expect(get(cache, -1)).toBeNull();
    }
  });

  test('never has another dot than the last one, whatever is set, deleted and cleared', () => {
    const random = createSeededRandom(5);
    const cache = cacheOf(1100);
    let naive = new Map<number, PresentDot>();
    let forgotten = 0;
    const wrong: number[] = [];
    for (let step = 0; step < 60_000; step++) {
      const at = random.uint32() % 24_000;
      const choice = random.uint32() % 10;
      if (choice < 7) {
        set(cache, at, dot(step));
        naive.set(at, dot(step));
      } else if (choice < 9) {
        remove(cache, at);
        naive.delete(at);
      } else if (random.uint32() % 2000 === 0) {
        cache.clear(true);
        naive = new Map();
      }
      const found = get(cache, at);
      if (found === undefined) forgotten++;
      else if (found?.version !== naive.get(at)?.version) wrong.push(step);
    }
    expect(wrong).toEqual([]);
    expect(forgotten).toBeGreaterThan(0);
  });

  test('is the same after it was made to fetch what is asked for next', () => {
    const cache = cacheOf(2000);
    for (let at = 0; at < 5000; at++) set(cache, at);
    const before = known(cache, 10_000);
    cache.fetch(Array.from({ length: 10_000 }, (_, at) => cache.hash(utf8(`key ${at}`))));
    expect(known(cache, 10_000)).toEqual(before);
  });

  test('has nothing once it was cleared, and counts on absence as it is told', () => {
    for (const storeIsEmpty of [false, true]) {
      const cache = cacheOf(2000);
      for (let at = 0; at < 10_000; at++) set(cache, at);
      cache.clear(storeIsEmpty);
      expect(known(cache, 10_000)).toEqual([]);
      expect(get(cache, 1)).toBe(storeIsEmpty ? null : undefined);
      for (let at = 0; at < 10_000; at++) set(cache, at);
      expect(known(cache, 10_000)).toHaveLength(10_000);
    }
  });
});
