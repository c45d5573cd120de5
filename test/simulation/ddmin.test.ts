/** Delta debugging finds what a failure needs. */

import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { ddmin } from '../../src/simulation/ddmin.ts';

const never = (): boolean => false;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

it('what is left is exactly what the failure needs', async () => {
  const needed = fc.uniqueArray(fc.nat({ max: 99 }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(needed, async (wanted) => {
      const fails = (part: readonly number[]): Promise<boolean> =>
        Promise.resolve(wanted.every((item) => part.includes(item)));
      expect(await ddmin(upTo(100), fails, never)).toEqual(wanted.toSorted((a, b) => a - b));
    }),
  );
});

it('no single item can be left out, whatever a failure is', async () => {
  const isFailing = (part: readonly number[]): boolean => part.reduce((sum, item) => sum + item, 0) % 7 === 3;
  const items = [...upTo(39), 4];
  expect(isFailing(items)).toBe(true);
  const found = await ddmin(items, (part) => Promise.resolve(isFailing(part)), never);
  expect(isFailing(found)).toBe(true);
  for (const left of found.keys()) expect(isFailing(found.toSpliced(left, 1))).toBe(false);
});

it('a failure that needs nothing leaves nothing', async () => {
  expect(await ddmin(upTo(10), () => Promise.resolve(true), never)).toEqual([]);
});

it('what was reached is kept when time is over', async () => {
  let tried = 0;
  const fails = (part: readonly number[]): Promise<boolean> => {
    tried++;
    return Promise.resolve(part.includes(3));
  };
  const found = await ddmin(upTo(1000), fails, () => tried >= 3);
  expect(tried).toBe(3);
  expect(found).toContain(3);
  expect(found.length).toBeLessThan(1000);
});
