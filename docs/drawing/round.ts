/** A round of two nodes and the session that follows, as a sequence of messages. */

import { arrow, box, line, lines, type Picture, text } from './svg.ts';

const PULLER = 190;
const SERVER = 470;
const FIRST = 86;
const STEP = 32;

type Message = readonly [from: 'puller' | 'server', what: string, style?: 'faint'];

const MESSAGES: readonly Message[] = [
  ['puller', 'summary'],
  ['server', 'summary-reply'],
  ['puller', 'recent'],
  ['server', 'recent-reply'],
  ['puller', 'digest', 'faint'],
  ['server', 'digest-reply', 'faint'],
  ['puller', 'open'],
  ['server', 'opened, first chunk'],
  ['puller', 'next', 'faint'],
  ['server', 'next-reply, chunk', 'faint'],
  ['puller', 'done'],
];

const yOf = (at: number): number => FIRST + at * STEP + (at >= 10 ? 50 : 0);
const END = yOf(MESSAGES.length);

export const round: Picture = {
  name: 'round',
  title: 'A round, and the session that follows',
  description:
    'The puller sends a summary: the hash of its context, the fingerprint of its entries, its clock. The server replies with its own; if the hashes agree the round is over. Otherwise the puller tells its recent rows, and the server answers with its own and the hash of the rest. Only if the rest differs, digests of all rows follow. The puller opens a session; the server pins a snapshot and answers with its rows, its horizon and the first chunk of entries. More chunks are asked for until the last. When the last chunk is on disk, the puller adopts the context and the horizon of the snapshot in one batch, after a comparison if it is late. Then it says done, and the server drops the snapshot.',
  height: END + 26,
  shapes: [
    box(PULLER - 60, 16, 120, 30, 'blue', 'puller'),
    box(SERVER - 60, 16, 120, 30, 'green', 'server'),
    line(PULLER, 46, PULLER, END),
    line(SERVER, 46, SERVER, END),
    ...MESSAGES.flatMap(([from, what, style], at) => {
      const [start, end] = from === 'puller' ? [PULLER, SERVER] : [SERVER, PULLER];
      return [
        arrow(start, yOf(at), end, yOf(at), style),
        text((PULLER + SERVER) / 2, yOf(at) - 6, what, 'code', 'middle'),
      ];
    }),
    lines(SERVER + 20, yOf(1) - 12, ['Hashes of both contexts agree:', 'the round is over.']),
    lines(SERVER + 20, yOf(3) - 12, ['Rows that moved in the last 10 s,', 'and the hash of all others.']),
    lines(SERVER + 20, yOf(5) - 12, ['Dashed: only if others differ, too.']),
    lines(SERVER + 20, yOf(7) - 12, ['A snapshot is pinned, with its', 'context and its horizon.']),
    lines(SERVER + 20, yOf(9) - 12, ['Dashed: as often as needed, each', 'asked for while one is stored.']),
    lines(SERVER + 20, yOf(10) - 2, ['The snapshot is dropped.']),
    lines(16, yOf(7) - 2, ['Entries it has not', 'seen go to disk.']),
    box(PULLER - 174, yOf(9) + 18, 348, 34, 'amber', 'last chunk on disk: compare if late, then adopt'),
  ],
};
