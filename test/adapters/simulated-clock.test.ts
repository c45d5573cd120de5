import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';

describe('a simulated clock', () => {
  test('begins on the same day each time, or when it is told to', () => {
    expect(new SimulatedClock().wallMs()).toBe(Date.UTC(2026, 0, 1));
    expect(new SimulatedClock(5).wallMs()).toBe(5);
    expect(new SimulatedClock(5).monotonicMs()).toBe(0);
  });

  test('stands still until it is told to go on, and then goes exactly so far', async () => {
    const clock = new SimulatedClock(1000);
    expect([clock.wallMs(), clock.monotonicMs()]).toEqual([1000, 0]);
    await clock.advance(250);
    await clock.advance(0);
    expect([clock.wallMs(), clock.monotonicMs()]).toEqual([1250, 250]);
  });

  test('leaps with its wall time only, and goes on from there', async () => {
    const clock = new SimulatedClock(1000);
    clock.leap(-600);
    expect([clock.wallMs(), clock.monotonicMs()]).toEqual([400, 0]);
    clock.leap(5000);
    await clock.advance(10);
    expect([clock.wallMs(), clock.monotonicMs()]).toEqual([5410, 10]);
  });

  test('calls what is due when it is due, in the order of time and then of asking', async () => {
    const clock = new SimulatedClock();
    const called: string[] = [];
    const note = (name: string) => () => called.push(`${name} at ${clock.monotonicMs()}`);
    clock.after(20, note('c'));
    clock.after(10, note('a'));
    clock.after(20, note('d'));
    clock.after(10, note('b'));
    clock.after(21, note('e'));
    await clock.advance(20);
    expect(called).toEqual(['a at 10', 'b at 10', 'c at 20', 'd at 20']);
    await clock.advance(1);
    expect(called.at(-1)).toBe('e at 21');
  });

  test('does not call back for a leap of the wall clock', async () => {
    const clock = new SimulatedClock();
    let calls = 0;
    clock.after(10, () => calls++);
    clock.leap(1_000_000);
    await clock.advance(9);
    expect(calls).toBe(0);
    await clock.advance(1);
    expect(calls).toBe(1);
  });

  test('calls what a callback asked for on the way, also through promises', async () => {
    const clock = new SimulatedClock();
    const called: number[] = [];
    const again = async (): Promise<void> => {
      called.push(clock.monotonicMs());
      await Promise.resolve();
      await new Promise((resolve) => setImmediate(resolve));
      clock.after(10, () => void again());
    };
    clock.after(10, () => void again());
    await clock.advance(35);
    expect(called).toEqual([10, 20, 30]);
    expect(clock.monotonicMs()).toBe(35);
  });

  test('calls at once, not in the past, what has a delay below zero', async () => {
    const clock = new SimulatedClock();
    await clock.advance(100);
    const called: number[] = [];
    clock.after(-50, () => called.push(clock.monotonicMs()));
    await clock.advance(0);
    expect(called).toEqual([100]);
  });

  test('does not call what another callback of the same moment cancelled', async () => {
    const clock = new SimulatedClock();
    const called: string[] = [];
    let cancel: () => void = () => {};
    clock.after(10, () => {
      called.push('first');
      cancel();
    });
    cancel = clock.after(10, () => called.push('second'));
    await clock.advance(100);
    expect(called).toEqual(['first']);
  });
});
