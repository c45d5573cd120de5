import { expect, test } from 'vitest';
import { EPOCH_MS, MachineClock } from '../../src/simulation/machine-clock.ts';
import { ProcessLife } from '../../src/simulation/process-life.ts';
import { VirtualTime } from '../../src/simulation/virtual-time.ts';
import { pass } from './support.ts';

async function clockAt(ms: number) {
  const time = new VirtualTime();
  const clock = new MachineClock(time);
  await pass(time, ms);
  return { time, clock, seen: clock.of(new ProcessLife(time)) };
}

test('a clock that nothing happened to is right', async () => {
  const { clock, seen } = await clockAt(5000);
  expect(seen.wallMs()).toBe(EPOCH_MS + 5000);
  expect(clock.isRight).toBe(true);
});

test('a leap moves the wall clock, not monotonic time', async () => {
  const { clock, seen } = await clockAt(5000);
  clock.leap(-7000);
  expect(seen.wallMs()).toBe(EPOCH_MS - 2000);
  expect(seen.monotonicMs()).toBe(5000);
  expect(clock.isRight).toBe(false);
});

test('a drift adds up, and a leap comes on top of it', async () => {
  const { time, clock, seen } = await clockAt(1000);
  clock.runAt(0.5);
  await pass(time, 2000);
  expect(seen.wallMs()).toBe(EPOCH_MS + 4000);
  clock.leap(100);
  await pass(time, 2000);
  expect(seen.wallMs()).toBe(EPOCH_MS + 7100);
  expect(seen.monotonicMs()).toBe(5000);
});

test('a clock that was set right stays right', async () => {
  const { time, clock, seen } = await clockAt(1000);
  clock.leap(9000);
  clock.runAt(-0.2);
  await pass(time, 1000);
  clock.setRight();
  await pass(time, 1000);
  expect(seen.wallMs()).toBe(EPOCH_MS + 3000);
});
