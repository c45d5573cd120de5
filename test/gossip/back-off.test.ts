import { describe, expect, test } from 'vitest';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { BackOff } from '../../src/gossip/back-off.ts';
import type { Random } from '../../src/ports/random.ts';

function always(fraction: number): Random {
  return { fraction: () => fraction, uint32: () => 0 };
}

function pauses(backOff: BackOff, count: number): number[] {
  return Array.from({ length: count }, () => backOff.nextMs());
}

describe('the pauses between attempts', () => {
  test('are at most 250 ms, then twice as long each time, and never more than 30 s', () => {
    const longest = pauses(new BackOff(always(1)), 12);
    expect(longest).toEqual([
      250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000,
    ]);
  });

  test('may be as short as nothing: jitter is full', () => {
    expect(pauses(new BackOff(always(0)), 3)).toEqual([0, 0, 0]);
  });

  test('are drawn from the whole range below their bound', () => {
    const backOff = new BackOff(createSeededRandom(1));
    pauses(backOff, 20);
    const drawn = pauses(backOff, 1000);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(30_000);
    for (let third = 0; third < 3; third++) {
      const within = drawn.filter((ms) => ms >= third * 10_000 && ms < (third + 1) * 10_000);
      expect(within.length).toBeGreaterThan(200);
    }
  });

  test('stay at their bound after thousands of failures', () => {
    const backOff = new BackOff(always(1));
    expect(pauses(backOff, 5000).at(-1)).toBe(30_000);
  });

  test('begin anew after a success', () => {
    const backOff = new BackOff(always(1));
    pauses(backOff, 6);
    backOff.reset();
    expect(pauses(backOff, 2)).toEqual([250, 500]);
  });
});
