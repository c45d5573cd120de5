/** Rumours: when one is applied, and how it goes from peer to peer. */

import { arrow, box, dot, line, lines, type Picture, text } from './svg.ts';

const PEERS = [0, 1, 2] as const;

export const rumours: Picture = {
  name: 'rumours',
  title: 'Rumours: when one is applied, and how it spreads',
  description:
    'With received at 40, a batch 41 to 43 whose previous version is 40 leaves no gap and is applied: received becomes 43, closed stays. A batch 60 whose previous version is 55 leaves a gap and waits, or is pulled. The writer tells three peers at once; each tells three others, and one that knew it already says so. After four peers in a row that knew it, a node stops.',
  height: 318,
  shapes: [
    text(16, 26, 'When one is applied', 'head'),
    box(60, 66, 300, 28, 'blue', 'closed and received, up to 40'),
    ...[41, 42, 43].flatMap((version, at) => [
      dot(384 + 30 * at, 80, 'green'),
      text(384 + 30 * at, 62, String(version), 'code', 'middle'),
    ]),
    text(414, 112, 'previous: 40. No gap: applied,', 'note', 'middle'),
    text(414, 128, 'received is 43, closed stays', 'note', 'middle'),
    dot(620, 80, 'red'),
    text(620, 62, '60', 'code', 'middle'),
    line(458, 80, 600, 80, 'faint'),
    text(620, 112, 'previous: 55. A gap: it waits,', 'note', 'middle'),
    text(620, 128, 'or the next pull brings it', 'note', 'middle'),
    text(16, 172, 'How it spreads', 'head'),
    box(40, 226, 90, 28, 'green', 'writer'),
    ...PEERS.map((at) => arrow(130, 240, 206, 205 + at * 36)),
    ...PEERS.map((at) => box(210, 191 + at * 36, 90, 28, 'green', `peer ${at + 1}`)),
    ...PEERS.map((at) => arrow(300, 205 + at * 36, 386, 187 + at * 30)),
    arrow(300, 277, 386, 281, 'faint'),
    ...PEERS.map((at) => box(390, 175 + at * 30, 90, 24, 'blue', 'news')),
    box(390, 267, 90, 24, 'grey', 'known'),
    lines(506, 192, [
      'The writer tells three peers at once,',
      'every one of them three others, never',
      'back to whoever told it. Each answers',
      'whether it knew. After four in a row',
      'that knew it, a node tells nobody more.',
    ]),
  ],
};
