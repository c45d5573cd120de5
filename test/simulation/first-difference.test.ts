/** Where two logs part is shown. */

import { expect, it } from 'vitest';
import { firstDifference } from '../../src/simulation/first-difference.ts';

it('the first line that differs is shown, with the one before', () => {
  expect(firstDifference(['a', 'b', 'c'], ['a', 'x', 'c'])).toBe(
    [
      'Two runs of one seed differ from line 2 of the event log on:',
      '  first:  b',
      '  second: x',
      '  before: a',
    ].join('\n'),
  );
});

it('a log that ends sooner differs where it ends', () => {
  expect(firstDifference(['a', 'b'], ['a'])).toContain('second: (it had ended)');
  expect(firstDifference(['a'], ['a', 'b'])).toContain('first:  (it had ended)');
});

it('logs that are the same do not differ', () => {
  expect(firstDifference(['a', 'b'], ['a', 'b'])).toBe(undefined);
  expect(firstDifference([], [])).toBe(undefined);
});
