import { beforeEach, describe, expect, test } from 'vitest';
import { ListeningTime } from '../../src/membership/listening-time.ts';
import type { Clock } from '../../src/ports/clock.ts';

/** One timer, that fires when the test says so, however late. */
class LateClock implements Clock {
  nowMs = 0;
  #pending: { readonly dueMs: number; readonly callback: () => void } | undefined;

  wallMs(): number {
    return this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.nowMs + delayMs, callback };
    this.#pending = timer;
    return () => {
      if (this.#pending === timer) this.#pending = undefined;
    };
  }

  get isWaiting(): boolean {
    return this.#pending !== undefined;
  }

  /** The next timer fires, `lateMs` after it was due. */
  fire(lateMs: number = 0): void {
    const timer = this.#pending;
    if (timer === undefined) throw new Error('no timer waits');
    this.#pending = undefined;
    this.nowMs = timer.dueMs + lateMs;
    timer.callback();
  }
}

describe('time in which a node could listen', () => {
  let clock: LateClock;
  let time: ListeningTime;
  let lags: number[];
  let called: string[];
  const note = (name: string) => (): void => void called.push(`${name} at ${clock.nowMs}`);

  beforeEach(() => {
    clock = new LateClock();
    lags = [];
    called = [];
    time = new ListeningTime(clock, { toleranceMs: 100, onLag: (lagMs) => void lags.push(lagMs) });
  });

  test('timers fire when they are due, in order, whatever the order in which they were set', () => {
    time.after(300, note('later'));
    time.after(200, note('sooner'));
    clock.fire();
    clock.fire();
    expect(called).toEqual(['sooner at 200', 'later at 300']);
    expect(clock.isWaiting).toBe(false);
  });

  test('timers that are due together fire in the order in which they were due', () => {
    for (const delayMs of [250, 200, 225]) time.after(delayMs, note(`${delayMs}`));
    clock.fire(60);
    expect(called).toEqual(['200 at 260', '225 at 260', '250 at 260']);
  });

  test('one that is cancelled does not fire, though it is due together with the one that cancels it', () => {
    time.after(100, () => cancel());
    const cancel = time.after(100, note('cancelled'));
    clock.fire();
    expect(called).toEqual([]);
  });

  test('a timer that comes a hair early, as sums are rounded, is not waited for again', () => {
    time.after(100, note('due'));
    clock.fire(-1e-9);
    expect(called).toHaveLength(1);
    expect(clock.isWaiting).toBe(false);
  });

  test('a lateness within the tolerance is no lag', () => {
    time.after(200, note('timer'));
    clock.fire(100);
    expect(called).toEqual(['timer at 300']);
    expect(lags).toEqual([]);
  });

  test('a pause is not counted: every timer is put off by it, and by a moment in which what waits is heard', () => {
    time.after(200, note('due'));
    time.after(1000, note('later'));
    clock.fire(5000);
    expect(called).toEqual([]);
    expect(lags).toEqual([5000]);
    clock.fire();
    clock.fire();
    expect(called).toEqual(['due at 5250', 'later at 6050']);
  });

  test('its now stands still while nothing is heard', () => {
    time.after(200, () => {});
    clock.fire(5000);
    expect(time.nowMs).toBe(150);
  });

  test('a loop that is always late acts all the same', () => {
    time.after(200, note('timer'));
    clock.fire(5000);
    clock.fire(5000);
    expect(called).toEqual(['timer at 10250']);
    expect(lags).toEqual([5000]);
  });

  test('a lag is told again after timers were in time', () => {
    time.after(200, () => {});
    clock.fire(500);
    clock.fire();
    time.after(200, () => {});
    clock.fire(700);
    expect(lags).toEqual([500, 700]);
  });

  test('nothing fires once it was stopped, what is set afterwards included', () => {
    time.after(200, note('before'));
    time.stop();
    time.after(200, note('after'));
    expect(clock.isWaiting).toBe(false);
  });
});
