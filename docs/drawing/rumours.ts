/** The rule for rumours, which is built, and their way between nodes, which is not. */

import { arrow, box, dot, line, lines, type Picture, text } from './svg.ts';

export const rumours: Picture = {
  name: 'rumours',
  title: 'Rumours: what is built and what is not',
  description:
    'Built: the rule by which a node applies a batch that comes ahead of its past. With received at 40, a batch 41 to 43 whose previous version is 40 leaves no gap and is applied: received becomes 43, closed stays. A batch 60 whose previous version is 55 leaves a gap and is not applied. Not built, drawn dashed: the messages that would carry rumours from the writer to its peers. Today a write reaches peers in the next round.',
  height: 308,
  shapes: [
    text(16, 26, 'Built and tested: the rule', 'head'),
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
    text(620, 112, 'previous: 55. A gap: not applied,', 'note', 'middle'),
    text(620, 128, 'the next pull brings it', 'note', 'middle'),
    text(16, 172, 'Not built: the way there', 'head'),
    box(60, 188, 110, 30, 'none', 'writer'),
    ...[0, 1, 2].flatMap((at) => {
      const y = 188 + at * 34;
      return [arrow(170, 203, 330, y + 14, 'faint'), box(334, y, 110, 28, 'none', `peer ${at + 1}`)];
    }),
    lines(470, 204, [
      'No message carries rumours yet. A write',
      'reaches a peer in the next round with it:',
      'a node opens three a second, by default.',
      'Rumours would shorten this delay only.',
    ]),
  ],
};
