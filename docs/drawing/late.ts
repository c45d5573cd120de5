/** Why a node that comes back late compares before it adopts. */

import { arrow, box, dot, line, lines, type Picture, text } from './svg.ts';

export const late: Picture = {
  name: 'late',
  title: 'A node that comes back after the tombstone was collected',
  description:
    'Node a deletes a key, version 10, with a tombstone of version 20, and collects it a day later, while node c is away. When c comes back, c still holds version 10, and a holds nothing. c is closed over the writer up to 12 only, less than the horizon of a, 20: a deletion may have been missed, so c compares. What c holds and a has seen, at or below the horizon of a, was deleted there: it is dropped. What c wrote meanwhile a has never seen: it stays, and a takes it.',
  height: 370,
  shapes: [
    text(16, 26, 'An absence longer than the tombstone TTL', 'head'),
    text(16, 70, 'a', 'head'),
    line(50, 66, 740, 66),
    text(16, 150, 'c', 'head'),
    line(50, 146, 190, 146),
    line(190, 146, 560, 146, 'faint'),
    line(560, 146, 740, 146),
    dot(100, 66, 'green'),
    text(100, 50, 'put k, 10', 'note', 'middle'),
    arrow(104, 74, 136, 138),
    dot(140, 146, 'green'),
    text(140, 172, 'k, 10', 'note', 'middle'),
    dot(270, 66, 'amber'),
    text(270, 50, 'del k, 20', 'note', 'middle'),
    dot(470, 66, 'none'),
    text(470, 50, 'collected: horizon 20', 'note', 'middle'),
    text(290, 138, 'away', 'note', 'middle'),
    dot(400, 146, 'blue'),
    text(400, 172, 'writes m, 30, cut off', 'note', 'middle'),
    arrow(600, 138, 600, 76),
    text(608, 110, 'c is back, and pulls', 'note'),
    box(
      16,
      196,
      728,
      34,
      'grey',
      'late: closed over the writer of k only up to 12, and 12 < 20, the horizon of a: compare',
    ),
    arrow(200, 230, 200, 256),
    arrow(560, 230, 560, 256),
    box(40, 256, 320, 34, 'red', 'k, 10: not at a'),
    box(400, 256, 320, 34, 'green', 'm, 30: not at a'),
    lines(48, 312, ['a has seen it, and 10 is not above its horizon:', 'it was deleted there. c drops it.']),
    lines(408, 312, ['a has never seen it: it is new.', 'c keeps it, and a pulls it in its turn.']),
    text(380, 358, 'Then c adopts the context and the horizon of a.', '', 'middle'),
  ],
};
