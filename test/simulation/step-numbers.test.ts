/** Lists of numbers as they are typed. */

import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatNumbers, parseNumbers } from '../../src/simulation/step-numbers.ts';

it('a list that is written is read as it was', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat({ max: 60 })), (numbers) => {
      expect(parseNumbers(formatNumbers(numbers), 100)).toEqual(numbers.toSorted((a, b) => a - b));
    }),
  );
});

it('neighbours are written as ranges', () => {
  expect(formatNumbers([19, 3, 17, 18])).toBe('3,17-19');
});

it('what is no list is told from one', () => {
  for (const text of ['a', '1,', '3-1', '-1', '1-', '1.5', '0-100'])
    expect(parseNumbers(text, 100)).toBe(undefined);
  expect(parseNumbers('none', 100)).toEqual([]);
  expect(parseNumbers('0-99', 100)).toHaveLength(100);
});
