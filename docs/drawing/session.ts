/** A session that breaks off and is resumed. */

import { arrow, box, line, lines, type Picture, text } from './svg.ts';

export const session: Picture = {
  name: 'session',
  title: 'A session that breaks off and goes on',
  description:
    'The server keeps a pinned snapshot. Chunks 1 and 2 are stored by the puller, each with the cursor of the next in the same batch. Then the connection breaks. Within 30 seconds of the last reply the puller connects again and asks with the session name and its cursor; chunk 3 and the last chunk follow from the same snapshot. Until the last chunk is on disk, the puller claims the single entries that it has stored and nothing else of the context of the server; then it adopts the context and the horizon.',
  height: 300,
  shapes: [
    text(16, 26, 'Nothing is claimed before the last chunk', 'head'),
    text(16, 72, 'server', 'note'),
    box(110, 54, 600, 30, 'green', 'one snapshot, pinned with its context; kept 30 s after its last reply'),
    ...[
      [170, 'chunk 1'],
      [280, 'chunk 2'],
      [510, 'chunk 3'],
      [620, 'last chunk'],
    ].flatMap(([x, label]) => [
      arrow(Number(x), 86, Number(x), 138),
      text(Number(x) + 8, 116, String(label), 'note'),
      box(Number(x) - 40, 140, 80, 30, 'blue', 'stored'),
    ]),
    text(16, 160, 'puller', 'note'),
    line(390, 92, 450, 132),
    line(450, 92, 390, 132),
    text(420, 186, 'connection lost', 'note', 'middle'),
    text(16, 226, 'it claims', 'note'),
    box(130, 208, 530, 30, 'grey', 'the single entries that are stored (and a cursor)'),
    box(662, 208, 82, 30, 'amber', 'all of it'),
    lines(16, 266, [
      'The cursor of the next chunk is stored in the same batch as a chunk: so the puller goes on after its own restart, too.',
      'If the snapshot is gone, a new session begins; what is stored is not sent again.',
    ]),
  ],
};
