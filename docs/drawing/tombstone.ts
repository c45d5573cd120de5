/** The life of a tombstone at one node. */

import { arrow, box, line, type Picture, text } from './svg.ts';

const LEFT = 150;
const RIGHT = 740;
const PUT = 180;
const DELETED = 300;
const CLOSED = 400;
const OLD = 540;
const COLLECTED = 600;

const MOMENTS: readonly (readonly [x: number, what: string, more: string])[] = [
  [PUT, 'put', 'version 10'],
  [DELETED, 'del', 'version 20'],
  [CLOSED, 'peers pull it', 'as any entry'],
  [COLLECTED, 'collected', 'closed covers it'],
];

export const tombstone: Picture = {
  name: 'tombstone',
  title: 'The life of a tombstone',
  description:
    'A key is put with version 10 and deleted with version 20. From the delete on it reads as absent. On disk a tombstone takes the place of the entry, and travels to other nodes as entries do. Where the tombstone is as old as the tombstone TTL and covered by closed, it is collected: nothing is left on disk, and in the same batch the horizon of the node rises from 0 to 20.',
  height: 268,
  shapes: [
    text(16, 26, 'One key at one node', 'head'),
    ...MOMENTS.flatMap(([x, what, more]) => [
      text(x, 54, what, '', 'middle'),
      text(x, 71, more, 'note', 'middle'),
      line(x, 78, x, 222, 'faint'),
    ]),
    text(16, 106, 'get answers', 'note'),
    box(PUT, 88, DELETED - PUT, 28, 'green', 'the value'),
    box(DELETED, 88, RIGHT - DELETED, 28, 'grey', 'undefined'),
    text(16, 148, 'on disk', 'note'),
    box(PUT, 130, DELETED - PUT, 28, 'green', 'entry 10'),
    box(DELETED, 130, COLLECTED - DELETED, 28, 'amber', 'tombstone 20'),
    text((COLLECTED + RIGHT) / 2, 149, 'nothing', 'note', 'middle'),
    text(16, 194, 'horizon', 'note'),
    line(LEFT, 206, COLLECTED, 206, 'strong'),
    line(COLLECTED, 206, COLLECTED, 180, 'strong'),
    line(COLLECTED, 180, RIGHT, 180, 'strong'),
    text(LEFT + 8, 198, '0', 'code'),
    text((COLLECTED + RIGHT) / 2, 198, '20', 'code', 'middle'),
    arrow(DELETED, 236, OLD, 236),
    text((DELETED + OLD) / 2, 256, 'tombstone TTL: a day by default', 'note', 'middle'),
    line(OLD, 228, OLD, 244),
    text(OLD + 12, 240, 'the next collection takes it', 'note'),
  ],
};
