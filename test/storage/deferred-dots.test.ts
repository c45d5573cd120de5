import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Version } from '../../src/core/version.ts';
import { DeferredDots } from '../../src/storage/deferred-dots.ts';
import { type DotPair, encodeSegment } from '../../src/storage/segment-record.ts';
import { SortedDots } from '../../src/storage/sorted-dots.ts';

const KEYS = fc.uint8Array({ minLength: 1, maxLength: 40 });
/** Of one actor, each version once. */
const PAIRS: fc.Arbitrary<DotPair[]> = fc.uniqueArray(
  fc.record({ version: fc.maxSafeNat() as fc.Arbitrary<Version>, key: KEYS }),
  { selector: ({ version }) => version, maxLength: 60 },
);

function ascending(pairs: readonly DotPair[]): DotPair[] {
  return pairs.toSorted((a, b) => a.version - b.version);
}

function pair(version: number, keyBytes = 20): DotPair {
  return { version: version as Version, key: new Uint8Array(keyBytes).fill(version) };
}

/** All of them, taken off page by page. */
function taken(dots: SortedDots, page: number): DotPair[] {
  const all: DotPair[] = [];
  for (let next = dots.peek(page); next.length > 0; next = dots.peek(page)) {
    const [first] = next as [DotPair];
    all.push(...next.filter(({ version }) => version === first.version));
    dots.drop(first.version);
  }
  return all;
}

describe('sorted dots', () => {
  test('are those of all lists in ascending version, however many are looked at in one go', () => {
    fc.assert(
      fc.property(
        PAIRS,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 70 }),
        (pairs, lists, page) => {
          const parts = Array.from({ length: lists }, (_, part) =>
            pairs.filter((_pair, at) => at % lists === part),
          );
          const segments = parts
            .filter((part) => part.length > 0)
            .map((part) => encodeSegment(ascending(part)));
          expect(taken(new SortedDots(segments), page)).toEqual(ascending(pairs));
        },
      ),
    );
  });

  test('stay until they are taken off', () => {
    const dots = new SortedDots([
      encodeSegment([1, 4, 6].map((version) => pair(version))),
      encodeSegment([pair(5)]),
    ]);
    const versions = (count: number): number[] => dots.peek(count).map(({ version }) => version);
    expect(versions(2)).toEqual([1, 4]);
    expect(versions(3)).toEqual([1, 4, 5]);
    dots.drop(4 as Version);
    expect(versions(3)).toEqual([5, 6]);
    dots.drop(9 as Version);
    expect(versions(3)).toEqual([]);
  });
});

describe('deferred dots', () => {
  test('come back sorted, by actor', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(PAIRS, { maxLength: 4 }), async (pairsByNo) => {
        const dots = new DeferredDots();
        const longest = Math.max(0, ...pairsByNo.map((pairs) => pairs.length));
        for (let at = 0; at < longest; at++) {
          for (const [no, pairs] of pairsByNo.entries()) {
            const next = pairs[at];
            if (next !== undefined) dots.take(no, next);
          }
        }
        const sorted = await dots.sorted();
        for (const [no, pairs] of pairsByNo.entries())
          expect(taken(new SortedDots(sorted.get(no) ?? []), 8)).toEqual(ascending(pairs));
      }),
      { numRuns: 30 },
    );
  });

  test('are in lists of some thousands, whatever their keys are', async () => {
    const dots = new DeferredDots();
    for (let at = 10_000; at > 0; at--) dots.take(7, pair(at));
    dots.take(7, pair(10_001, 300_000));
    const lists = (await dots.sorted()).get(7) ?? [];
    expect(lists.length).toBeGreaterThan(2);
    const all = taken(new SortedDots(lists), 1000);
    expect(all.map(({ version }) => version)).toEqual(Array.from({ length: 10_001 }, (_, at) => at + 1));
    expect(all.at(-1)?.key).toHaveLength(300_000);
  });

  test('are taken as long as there is room, and not once the index is needed', async () => {
    const dots = new DeferredDots(1000);
    expect(dots.isFull).toBe(false);
    expect(dots.take(1, pair(2))).toBe(true);
    expect(dots.isFull).toBe(true);
    expect(dots.take(1, pair(3))).toBe(false);
    expect(dots.isComplete).toBe(true);

    const closed = new DeferredDots();
    expect(closed.take(1, pair(2))).toBe(true);
    closed.close();
    expect(closed.take(1, pair(3))).toBe(false);
    expect((await closed.sorted()).size).toBe(1);
    expect(closed.isComplete).toBe(false);
  });

  test('of which some are lost are not kept: all entries must be read', async () => {
    const dots = new DeferredDots(1000);
    dots.take(1, pair(2));
    dots.lose();
    for (const version of [3, 4]) expect(dots.take(1, pair(version))).toBe(true);
    expect(dots.isComplete).toBe(false);
    expect(dots.isFull).toBe(false);
    expect((await dots.sorted()).size).toBe(0);
  });
});
