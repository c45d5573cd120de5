import { expect, test } from 'vitest';
import { RoundTrip } from '../../src/membership/round-trip.ts';

test('before the first measurement half of the interval is waited for an answer', () => {
  const roundTrip = new RoundTrip();
  expect(roundTrip.smoothedMs).toBeUndefined();
  expect(roundTrip.timeoutMs(1000)).toBe(500);
});

test('as RFC 6298 has it: an eighth of each measurement counts, and four deviations are waited beside', () => {
  const roundTrip = new RoundTrip();
  roundTrip.measured(80);
  expect([roundTrip.smoothedMs, roundTrip.timeoutMs(1000)]).toEqual([80, 240]);
  roundTrip.measured(160);
  // A deviation of 40 + (80 - 40) / 4 = 50, a mean of 80 + 80 / 8 = 90.
  expect([roundTrip.smoothedMs, roundTrip.timeoutMs(1000)]).toEqual([90, 290]);
});

test('a fast link is given a tenth of the interval, a slow one no more than half of it', () => {
  const fast = new RoundTrip();
  fast.measured(1);
  expect(fast.timeoutMs(1000)).toBe(100);
  const slow = new RoundTrip();
  slow.measured(2000);
  expect(slow.timeoutMs(1000)).toBe(500);
});
