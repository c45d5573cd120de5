/** How a version is made of time and a counter, and what happens when the clock stands still or steps back. */

import { box, line, type Picture, text } from './svg.ts';

/** Wall clock, what happens, and the version after it: milliseconds and counter. */
const STEPS: readonly (readonly [wall: string, what: string, version: string])[] = [
  ['1000', 'write', '1000 · 0'],
  ['1000', 'write', '1000 · 1'],
  ['990', 'write', '1000 · 2'],
  ['1005', 'write', '1005 · 0'],
  ['1006', 'takes 1020 · 7', '(1020 · 7)'],
  ['1007', 'write', '1020 · 8'],
];
const LEFT = 130;
const STEP = 104;

export const versions: Picture = {
  name: 'versions',
  title: 'Versions',
  description:
    'A version is a whole number of 53 bits: 41 bits of milliseconds since 2020 and 12 bits of a counter. A write takes the larger of the last version plus one and the wall clock. So while the wall clock stands at 1000, the versions are 1000 with counter 0, then 1000 with counter 1; when it is set back to 990, the next is 1000 with counter 2; at 1005 it is 1005 with counter 0. When an entry with version 1020, counter 7 is taken from a peer, the next write, at 1007, is 1020 with counter 8.',
  height: 260,
  shapes: [
    text(16, 26, 'A version: max(last + 1, wall clock)', 'head'),
    box(16, 42, 500, 30, 'blue', 'milliseconds since 2020-01-01T00:00Z: 41 bits'),
    box(516, 42, 228, 30, 'amber', 'counter: 12 bits'),
    text(16, 124, 'wall clock, ms', 'note'),
    text(16, 166, 'the node', 'note'),
    text(16, 212, 'version', 'note'),
    ...STEPS.flatMap(([wall, what, version], at) => {
      const x = LEFT + at * STEP + STEP / 2;
      const isWrite = what === 'write';
      return [
        text(x, 124, wall, 'code', 'middle'),
        text(x, 166, what, '', 'middle'),
        line(x, 134, x, 150),
        line(x, 174, x, 192),
        box(x - 46, 192, 92, 30, isWrite ? 'green' : 'none', version),
      ];
    }),
    text(LEFT + 2 * STEP + STEP / 2, 104, 'set back', 'note', 'middle'),
    text(LEFT + 4 * STEP + STEP / 2, 244, 'of a peer', 'note', 'middle'),
    text(LEFT + 5 * STEP + STEP / 2 + 46, 244, 'above all seen', 'note', 'end'),
  ],
};
