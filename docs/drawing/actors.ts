/** Runs of a node as actors, dots, and a batch. */

import { arrow, box, dot, line, lines, type Picture, text } from './svg.ts';

export const actors: Picture = {
  name: 'actors',
  title: 'Actors and dots',
  description:
    'Node lisboa runs twice, and writes as another actor each time. The first actor is lisboa, its birth 120 and random bits; it writes versions 121, 130, and a batch of three, 140 to 142. After a restart the second actor has the birth 200, and names its predecessor and how far that was closed: 142. It writes 201 and 215. Each write is a dot: the pair of actor and version, used once.',
  height: 270,
  shapes: [
    text(16, 26, 'Node lisboa: each run that writes is an actor', 'head'),
    text(70, 60, 'lisboa+120+9f3a…', 'code'),
    line(70, 110, 340, 110, 'strong'),
    line(70, 98, 70, 122),
    text(70, 142, 'birth 120', 'note', 'middle'),
    dot(110, 110, 'green'),
    text(110, 92, '121', 'code', 'middle'),
    dot(170, 110, 'green'),
    text(170, 92, '130', 'code', 'middle'),
    box(232, 76, 96, 50, 'none'),
    ...[0, 1, 2].flatMap((at) => [
      dot(248 + 32 * at, 110, 'green'),
      text(248 + 32 * at, 92, String(140 + at), 'code', 'middle'),
    ]),
    text(300, 142, 'a batch: seen whole', 'note', 'end'),
    line(372, 70, 372, 150, 'faint'),
    text(372, 64, 'restart', 'note', 'middle'),
    text(420, 60, 'lisboa+200+04c7…', 'code'),
    line(420, 110, 720, 110, 'strong'),
    line(420, 98, 420, 122),
    text(420, 142, 'birth 200', 'note', 'middle'),
    dot(470, 110, 'blue'),
    text(470, 92, '201', 'code', 'middle'),
    dot(580, 110, 'blue'),
    text(580, 92, '215', 'code', 'middle'),
    line(420, 150, 420, 178),
    line(420, 178, 312, 178),
    arrow(312, 178, 312, 122),
    text(432, 182, 'predecessor: closed up to 142', 'note'),
    lines(16, 222, [
      'A dot is the pair (actor, version). It belongs to one entry, and is never used again: a node that was copied, restored',
      'or rolled back begins another actor at its next write. Tombstones are entries, too, with dots of their own.',
    ]),
  ],
};
