import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  EPOCH_MS,
  isVersion,
  maxVersion,
  tick,
  type Version,
  VERSION_MAX,
  VERSION_ZERO,
  VERSIONS_PER_MS,
  versionAt,
  wallMsOf,
} from '../../src/core/version.ts';
import { versions } from '../support/codec-arbitraries.ts';

/** Milliseconds that versions can tell: 41 bits of them. */
const MS_MAX = 2 ** 41 - 1;

const wallTimes = fc.integer({ min: EPOCH_MS, max: EPOCH_MS + MS_MAX });

describe('a version', () => {
  test('counts 4,096ths of a millisecond from the first moment of 2020', () => {
    expect(EPOCH_MS).toBe(Date.UTC(2020, 0, 1));
    expect(VERSIONS_PER_MS).toBe(4096);
    expect(versionAt(Date.UTC(2020, 0, 1))).toBe(0);
    expect(versionAt(Date.UTC(2020, 0, 1) + 1)).toBe(4096);
    expect(versionAt(Date.UTC(2026, 0, 1))).toBe(2192 * 86_400_000 * 4096);
  });

  test('lasts until September 2089', () => {
    expect(new Date(wallMsOf(VERSION_MAX)).toISOString()).toBe('2089-09-06T15:47:35.551Z');
    expect(wallMsOf(VERSION_MAX)).toBe(EPOCH_MS + MS_MAX);
  });

  test('is 0 up to the first moment, and the largest after the last millisecond', () => {
    expect(versionAt(EPOCH_MS - 1)).toBe(0);
    expect(versionAt(0)).toBe(0);
    expect(versionAt(-1e15)).toBe(0);
    expect(versionAt(EPOCH_MS + MS_MAX)).toBe(VERSION_MAX - 4095);
    expect(versionAt(EPOCH_MS + MS_MAX + 1)).toBe(VERSION_MAX);
    expect(versionAt(Number.MAX_VALUE)).toBe(VERSION_MAX);
    expect(versionAt(Number.POSITIVE_INFINITY)).toBe(VERSION_MAX);
  });

  test('is always a version, whatever the clock shows', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (wallMs) => {
        expect(isVersion(versionAt(wallMs))).toBe(true);
      }),
    );
  });

  test('of a part of a millisecond is that of the millisecond that has begun', () => {
    expect(versionAt(EPOCH_MS + 5.999)).toBe(5 * 4096);
    expect(versionAt(EPOCH_MS + 6)).toBe(6 * 4096);
  });

  test('tells the millisecond it was made of', () => {
    fc.assert(
      fc.property(wallTimes, fc.nat({ max: 4095 }), (wallMs, counter) => {
        expect(wallMsOf((versionAt(wallMs) + counter) as Version)).toBe(wallMs);
      }),
    );
  });

  test('of any later millisecond is larger than all those of an earlier one', () => {
    fc.assert(
      fc.property(fc.integer({ min: EPOCH_MS, max: EPOCH_MS + MS_MAX - 1 }), (wallMs) => {
        expect(versionAt(wallMs + 1) - versionAt(wallMs)).toBe(4096);
      }),
    );
  });

  test.each([0, 1, VERSION_MAX])('may be %d', (value) => {
    expect(isVersion(value)).toBe(true);
  });

  test.each([
    -1,
    0.5,
    2 ** 53,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    1n,
    '1',
    null,
    undefined,
    {},
  ])('is never %s', (value) => {
    expect(isVersion(value)).toBe(false);
  });

  test('that is the larger of two is the one or the other, and no less than both', () => {
    fc.assert(
      fc.property(versions, versions, (a, b) => {
        expect(maxVersion(a, b)).toBe(Math.max(a, b));
      }),
    );
    expect(maxVersion(VERSION_ZERO, VERSION_MAX)).toBe(2 ** 53 - 1);
  });
});

describe('the next version', () => {
  const lasts = fc.oneof(
    fc.integer({ min: 0, max: VERSION_MAX - 1 }).map((last) => last as Version),
    fc.tuple(wallTimes, fc.nat({ max: 4094 })).map(([ms, counter]) => (versionAt(ms) + counter) as Version),
  );

  test('is the smallest that is larger than the last one and not below the clock', () => {
    fc.assert(
      fc.property(lasts, wallTimes, fc.boolean(), (last, anyMs, near) => {
        const wallMs = near ? wallMsOf(last) : anyMs;
        const next = tick(last, wallMs);
        const fits = (version: number): boolean => version > last && version >= versionAt(wallMs);
        expect(fits(next)).toBe(true);
        expect(fits(next - 1)).toBe(false);
      }),
    );
  });

  test('follows the clock when that is ahead', () => {
    expect(tick(VERSION_ZERO, EPOCH_MS + 7)).toBe(7 * 4096);
    expect(tick((7 * 4096 - 1) as Version, EPOCH_MS + 7)).toBe(7 * 4096);
  });

  test('counts on when the clock stands still, or was set back', () => {
    expect(tick((7 * 4096) as Version, EPOCH_MS + 7)).toBe(7 * 4096 + 1);
    expect(tick((7 * 4096) as Version, EPOCH_MS + 3)).toBe(7 * 4096 + 1);
    expect(tick((7 * 4096) as Version, 0)).toBe(7 * 4096 + 1);
  });

  test('borrows from the next millisecond when one is used up, and the clock catches up', () => {
    let last = versionAt(EPOCH_MS + 7);
    for (let count = 1; count < 4096; count++) last = tick(last, EPOCH_MS + 7);
    expect(wallMsOf(last)).toBe(EPOCH_MS + 7);
    last = tick(last, EPOCH_MS + 7);
    expect(last).toBe(versionAt(EPOCH_MS + 8));
    expect(tick(last, EPOCH_MS + 8)).toBe(versionAt(EPOCH_MS + 8) + 1);
    expect(tick(last, EPOCH_MS + 9)).toBe(versionAt(EPOCH_MS + 9));
  });
});
