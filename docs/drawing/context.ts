/** A causal context of three actors: closed, received, cloud, loose. */

import { box, dot, line, type Picture, text } from './svg.ts';

const LEFT = 150;
/** Of one version. */
const UNIT = 11;

interface Row {
  readonly actor: string;
  readonly birth: number;
  readonly closed: number;
  readonly received: number;
  readonly cloud: readonly number[];
  readonly loose: readonly number[];
}

const ROWS: readonly Row[] = [
  { actor: 'lisboa+…', birth: 0, closed: 44, received: 44, cloud: [], loose: [] },
  { actor: 'porto+…', birth: 4, closed: 20, received: 33, cloud: [], loose: [] },
  { actor: 'faro+…', birth: 10, closed: 24, received: 24, cloud: [30, 38], loose: [33, 35, 42] },
];

export const context: Picture = {
  name: 'context',
  title: 'The causal context of a node that knows three actors',
  description:
    'For each actor there is a bar from its birth up to closed, and on from there up to received. Of lisboa closed and received are the same. Of porto received goes further than closed: all of its writes up to there were seen, but not yet all that they replaced. Of faro there are single dots beyond received: two of the cloud, which were seen and need not be here, and three loose ones, which are here.',
  height: 322,
  shapes: [
    text(16, 26, 'What a node has seen: a row for each actor', 'head'),
    text(736, 26, 'version →', 'note', 'end'),
    ...ROWS.flatMap(({ actor, birth, closed, received, cloud, loose }, at) => {
      const y = 56 + at * 52;
      const x = (version: number): number => LEFT + version * UNIT;
      return [
        text(16, y + 20, actor, 'code'),
        line(x(0), y + 15, 736, y + 15, 'faint'),
        box(x(birth), y, (closed - birth) * UNIT, 30, 'blue', 'closed'),
        ...(received === closed
          ? []
          : [box(x(closed), y, (received - closed) * UNIT, 30, 'amber', 'received only')]),
        ...cloud.map((version) => dot(x(version), y + 15, 'grey')),
        ...loose.map((version) => dot(x(version), y + 15, 'green')),
      ];
    }),
    box(16, 224, 22, 14, 'blue'),
    text(48, 236, 'closed: all writes up to here were seen, and all that these replaced or deleted', 'note'),
    box(16, 248, 22, 14, 'amber'),
    text(
      48,
      260,
      'received: all writes up to here were seen. Rumours lead to it, ahead of their past',
      'note',
    ),
    dot(27, 279, 'grey'),
    text(
      48,
      283,
      'cloud: single dots beyond it that were seen and need not be here (replaced, or dropped)',
      'note',
    ),
    dot(27, 301, 'green'),
    text(
      48,
      305,
      'loose: single dots beyond it whose entries are here; kept as a count and a sum of hashes',
      'note',
    ),
  ],
};
