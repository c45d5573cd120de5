/** What every clock promises (`src/ports/clock.ts`). */

import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/ports/clock.ts';

export interface ClockUnderTest {
  readonly clock: Clock;
  /** Resolves when `until` was called, letting time pass if need be. */
  readonly pass: (until: Promise<unknown>) => Promise<void>;
}

export function describeClock(name: string, make: () => ClockUnderTest): void {
  /** Resolves after `delayMs`. */
  function waiting(clock: Clock, delayMs: number): Promise<void> {
    return new Promise((resolve) => void clock.after(delayMs, resolve));
  }

  describe(`${name}, a clock`, () => {
    test('tells the wall time in milliseconds since 1970', () => {
      const { clock } = make();
      expect(clock.wallMs()).toBeGreaterThan(Date.UTC(2020, 0, 1));
      expect(clock.wallMs()).toBeLessThan(Date.UTC(2089, 0, 1));
    });

    test('never goes back in monotonic time', async () => {
      const { clock, pass } = make();
      const seen: number[] = [];
      for (let at = 0; at < 1000; at++) seen.push(clock.monotonicMs());
      await pass(waiting(clock, 2));
      seen.push(clock.monotonicMs());
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
      expect(seen.at(-1)).toBeGreaterThan(seen[0] as number);
    });

    test('calls back once, after the delay and not before it returned', async () => {
      const { clock, pass } = make();
      let [calls, atOnce] = [0, 0];
      const startMs = clock.monotonicMs();
      clock.after(0, () => atOnce++);
      const called = new Promise<void>((resolve) => {
        clock.after(5, () => {
          calls++;
          resolve();
        });
      });
      expect([atOnce, calls]).toEqual([0, 0]);
      await pass(called);
      // Timers of Node.js count whole milliseconds.
      expect(clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(4);
      await pass(waiting(clock, 10));
      expect([atOnce, calls]).toEqual([1, 1]);
    });

    test('calls back in the order of the delays, not of the asking', async () => {
      const { clock, pass } = make();
      const order: string[] = [];
      const last = new Promise<void>((resolve) => {
        clock.after(20, () => {
          order.push('last');
          resolve();
        });
      });
      clock.after(1, () => order.push('first'));
      await pass(last);
      expect(order).toEqual(['first', 'last']);
    });

    test('does not call back what was cancelled, and cancelling again or too late is harmless', async () => {
      const { clock, pass } = make();
      const called: string[] = [];
      const cancel = clock.after(1, () => called.push('cancelled'));
      cancel();
      cancel();
      let cancelOther: () => void = () => {};
      const other = new Promise<void>((resolve) => {
        cancelOther = clock.after(2, () => {
          called.push('other');
          resolve();
        });
      });
      await pass(other);
      cancelOther();
      await pass(waiting(clock, 2));
      expect(called).toEqual(['other']);
    });

    test('keeps no process alive by what it has yet to call', () => {
      const { clock } = make();
      const alive = (): number =>
        process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
      const before = alive();
      const cancel = clock.after(1_000_000, () => undefined);
      expect(alive()).toBe(before);
      cancel();
    });
  });
}
