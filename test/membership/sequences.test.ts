import { expect, test } from 'vitest';
import { SEQUENCE_MAX, Sequences } from '../../src/membership/sequences.ts';

test('numbers of probes begin again after the largest that two bytes hold, and none is 0', () => {
  const sequences = new Sequences();
  const numbers = Array.from({ length: SEQUENCE_MAX }, () => sequences.next());
  expect([numbers[0], numbers.at(-1), new Set(numbers).size]).toEqual([1, 0xffff, 0xffff]);
  expect([sequences.next(), sequences.next()]).toEqual([1, 2]);
});
