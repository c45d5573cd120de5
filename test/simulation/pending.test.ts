import { expect, test } from 'vitest';
import { Pending } from '../../src/simulation/faults/pending.ts';
import { VirtualTime } from '../../src/simulation/virtual-time.ts';
import { pass } from './support.ts';

function pendingAt() {
  const time = new VirtualTime();
  const pending = new Pending(time);
  const done: string[] = [];
  const note = (what: string) => (): void => void done.push(`${what} at ${time.nowMs}`);
  return { time, pending, done, note };
}

test('steps and ends come when they are due', async () => {
  const { time, pending, done, note } = pendingAt();
  pending.later(10, note('step'));
  pending.until(20, note('end'));
  await pass(time, 100);
  pending.heal();
  expect(done).toEqual(['step at 10', 'end at 20']);
});

test('healing ends every fault at once, in their order, and leaves out what was still to be done', async () => {
  const { time, pending, done, note } = pendingAt();
  pending.until(30, note('first end'));
  pending.later(10, note('step'));
  pending.until(20, note('second end'));
  await pass(time, 5);
  pending.heal();
  await pass(time, 100);
  expect(done).toEqual(['first end at 5', 'second end at 5']);
});
