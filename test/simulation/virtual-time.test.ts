/** Time of its own kind: it goes on from event to event, and on. */

import { expect, test } from 'vitest';
import { VirtualTime } from '../../src/simulation/virtual-time.ts';

test('events of one instant happen in the order in which they were asked for', () => {
  const time = new VirtualTime();
  const happened: string[] = [];
  time.after(2, () => happened.push('later'));
  for (const name of ['a', 'b', 'c']) time.after(1, () => happened.push(name));
  time.passAtOnce(2);
  expect(happened).toEqual(['a', 'b', 'c', 'later']);
});

test('a timer that is set again and again for no time at all ends the run instead of it never ending', () => {
  const time = new VirtualTime();
  const again = (): void => void time.after(0, again);
  again();
  expect(() => time.passAtOnce(1)).toThrow('Time stands still');
});

test('one that waits for any time is never too often', () => {
  const time = new VirtualTime();
  const again = (): void => void time.after(0.001, again);
  again();
  time.passAtOnce(1100);
  expect(time.happened).toBeGreaterThan(1_000_000);
});
