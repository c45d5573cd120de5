/** Epidemics beside what the literature says of them, drawn from what `npm run literature` measured. */

import figures from './literature-figures.json' with { type: 'json' };
import { chart, type Stroke } from './chart.ts';
import { type Picture, text } from './svg.ts';

const TOP = 74;
const HEIGHT = 360;
const STROKES: readonly Stroke[] = ['blue', 'amber', 'green'];

const { tables, nodes } = figures.mongering;

const TRAFFIC_MAX = 7;
const RESIDUE_MIN = 1e-6;

export const residue: Picture = {
  name: 'residue',
  title: 'Residue against traffic',
  description: `Share of ${nodes} sites that never hear a rumour, against copies sent by site. ${tables
    .map(
      ({ name, rows }) =>
        `${name}: ${rows.map(({ measured }) => `${measured.residue} at ${measured.traffic}`).join(', ')}.`,
    )
    .join(' ')} Push lies on e to the minus m.`,
  height: HEIGHT,
  shapes: [
    text(16, 26, 'Who is left out, against what it costs', 'head'),
    ...chart(
      TOP,
      { title: 'copies sent, by site', from: 0, to: TRAFFIC_MAX, ticks: [0, 1, 2, 3, 4, 5, 6, 7] },
      {
        title: 'residue',
        from: RESIDUE_MIN,
        to: 1,
        ticks: [1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6],
        isLogarithmic: true,
      },
      [
        {
          name: 'push law: e^-m',
          stroke: 'grey',
          isDashed: true,
          points: [
            [0, 1],
            [TRAFFIC_MAX, Math.exp(-TRAFFIC_MAX)],
          ],
        },
        ...tables.map(({ name, rows }, at) => ({
          name: name.replace(/^Table \d: /u, ''),
          stroke: STROKES[at] as Stroke,
          isMarked: true,
          points: rows
            .filter(({ measured }) => measured.residue > 0)
            .map(({ measured }) => [measured.traffic, measured.residue] as const),
        })),
      ],
    ),
  ],
};
