/** Two commit groups: who joins, when they are decided, synced, acknowledged. */

import { arrow, box, line, lines, type Picture, text } from './svg.ts';

/** When a writer calls, and when its call returns. */
const WRITERS: readonly (readonly [from: number, to: number])[] = [
  [130, 400],
  [140, 400],
  [215, 640],
  [260, 640],
  [330, 640],
];

export const commitGroup: Picture = {
  name: 'commit-group',
  title: 'Commit groups',
  description:
    'Two writers call put. Their writes are decided together in memory, written to the log as one atomic batch, synced with one fsync, and then both calls return. Three more writers call while that group is being written: their writes are decided meanwhile, over what the first group leaves, and are written as the next group when the first one is on disk. No call returns before its own group is on disk.',
  height: 312,
  shapes: [
    text(16, 26, 'Many writers share one fsync', 'head'),
    text(736, 26, 'time →', 'note', 'end'),
    ...WRITERS.flatMap(([from, to], at) => {
      const y = 56 + at * 26;
      return [
        text(16, y + 4, `put ${at + 1}`, 'code'),
        line(from, y - 6, from, y + 6),
        line(from, y, to - 4, y, 'faint'),
        arrow(to - 4, y, to, y),
        text(to + 8, y + 4, 'returns', 'note'),
      ];
    }),
    text(16, 210, 'in memory', 'note'),
    box(150, 192, 70, 28, 'blue', 'decide 1'),
    box(330, 192, 70, 28, 'green', 'decide 2'),
    text(16, 250, 'on disk', 'note'),
    box(222, 232, 178, 28, 'blue', 'group 1: write, fsync'),
    box(402, 232, 238, 28, 'green', 'group 2: write, fsync'),
    line(400, 44, 400, 268, 'faint'),
    line(640, 44, 640, 268, 'faint'),
    lines(16, 286, [
      'If a write to disk fails, all calls of its group fail, and all that follow until the store was opened again.',
    ]),
  ],
};
