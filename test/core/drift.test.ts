import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aheadMsOf, isPeerAhead, ownVersionMax, receivedVersionMax } from '../../src/core/drift.ts';
import { EPOCH_MS, type Version, VERSION_MAX, versionAt, wallMsOf } from '../../src/core/version.ts';

const NOW_MS = Date.UTC(2026, 0, 1);
const DRIFT_MS = 60_000;

describe('a peer', () => {
  test('whose clock is one drift ahead is trusted, and a millisecond more is not', () => {
    expect(isPeerAhead(NOW_MS + DRIFT_MS, NOW_MS, DRIFT_MS)).toBe(false);
    expect(isPeerAhead(NOW_MS + DRIFT_MS + 1, NOW_MS, DRIFT_MS)).toBe(true);
  });

  test('whose clock is behind is never ahead, however far', () => {
    expect(isPeerAhead(NOW_MS - DRIFT_MS - 1, NOW_MS, DRIFT_MS)).toBe(false);
    expect(isPeerAhead(0, NOW_MS, DRIFT_MS)).toBe(false);
  });

  test('may not be ahead at all where no drift is allowed', () => {
    expect(isPeerAhead(NOW_MS, NOW_MS, 0)).toBe(false);
    expect(isPeerAhead(NOW_MS + 1, NOW_MS, 0)).toBe(true);
  });
});

describe('what arrives', () => {
  test('may lie two drifts ahead, up to the first version of that millisecond', () => {
    const max = receivedVersionMax(NOW_MS, DRIFT_MS);
    expect(max).toBe(versionAt(NOW_MS + 120_000));
    expect(wallMsOf(max)).toBe(NOW_MS + 120_000);
    expect(wallMsOf((max - 1) as Version)).toBe(NOW_MS + 119_999);
  });

  test('has no limit in the last two drifts before versions end', () => {
    expect(receivedVersionMax(EPOCH_MS + 2 ** 41 - 2 * DRIFT_MS - 1, DRIFT_MS)).toBe(VERSION_MAX - 4095);
    expect(receivedVersionMax(EPOCH_MS + 2 ** 41 - 2 * DRIFT_MS, DRIFT_MS)).toBe(VERSION_MAX);
  });
});

describe('own writes', () => {
  test('may lie two and a half drifts ahead, up to the first version of that millisecond', () => {
    const max = ownVersionMax(NOW_MS, DRIFT_MS);
    expect(max).toBe(versionAt(NOW_MS + 150_000));
    expect(wallMsOf((max - 1) as Version)).toBe(NOW_MS + 149_999);
  });

  test('have a limit in whole milliseconds when half a drift is none', () => {
    expect(ownVersionMax(NOW_MS, 1)).toBe(versionAt(NOW_MS + 2));
    expect(ownVersionMax(NOW_MS, 3)).toBe(versionAt(NOW_MS + 7));
  });
});

test('a correct node can write above whatever it accepted, and its neighbours accept what it accepted', () => {
  // With one limit for all, a bad clock just at it would stop a correct node from writing.
  fc.assert(
    fc.property(
      fc.integer({ min: EPOCH_MS, max: Date.UTC(2088, 0, 1) }),
      fc.integer({ min: 2, max: 3_600_000 }),
      (wallMs, driftMs) => {
        const peer = versionAt(wallMs + driftMs);
        const received = receivedVersionMax(wallMs, driftMs);
        expect(peer).toBeLessThan(received);
        // A whole batch of own writes fits between the two limits.
        expect(ownVersionMax(wallMs, driftMs) - received).toBeGreaterThanOrEqual(4096);
      },
    ),
  );
});

test('how far ahead versions lie is told by the furthest of them', () => {
  const versions = [5000, -3000, 70_000].map((ms) => versionAt(NOW_MS + ms));
  expect(aheadMsOf(versions, NOW_MS)).toBe(70_000);
  expect(aheadMsOf(versions.slice(1, 2), NOW_MS)).toBe(-3000);
});
