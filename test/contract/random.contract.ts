/** What every source of chance promises (`src/ports/random.ts`). A fair one fails here once in 10^9 runs at most. */

import { describe, expect, test } from 'vitest';
import type { Random } from '../../src/ports/random.ts';

const DRAWS = 16_000;
const BUCKETS = 16;

/** Seven standard deviations around the mean of a bucket. */
const MEAN = DRAWS / BUCKETS;
const DEVIATION = 7 * Math.sqrt(MEAN * (1 - 1 / BUCKETS));

export function describeRandom(name: string, make: () => Random): void {
  function expectEven(buckets: readonly number[]): void {
    const countByBucket = Array.from({ length: BUCKETS }, () => 0);
    for (const bucket of buckets) countByBucket[bucket] = (countByBucket[bucket] ?? 0) + 1;
    expect(countByBucket).toHaveLength(BUCKETS);
    for (const count of countByBucket) {
      expect(count).toBeGreaterThan(MEAN - DEVIATION);
      expect(count).toBeLessThan(MEAN + DEVIATION);
    }
  }

  describe(`${name}, a source of chance`, () => {
    test('gives fractions from 0 to below 1, evenly', () => {
      const random = make();
      const drawn = Array.from({ length: DRAWS }, () => random.fraction());
      expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...drawn)).toBeLessThan(1);
      expectEven(drawn.map((fraction) => Math.floor(fraction * BUCKETS)));
    });

    test('gives integers of 32 bits, evenly in their highest and in their lowest bits', () => {
      const random = make();
      const drawn = Array.from({ length: DRAWS }, () => random.uint32());
      expect(drawn.every((value) => Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff)).toBe(
        true,
      );
      expectEven(drawn.map((value) => value >>> 28));
      expectEven(drawn.map((value) => value & 15));
    });

    test('does not repeat itself', () => {
      const random = make();
      const pairs = Array.from({ length: 1000 }, () => `${random.uint32()} ${random.uint32()}`);
      expect(new Set(pairs).size).toBe(pairs.length);
    });
  });
}
