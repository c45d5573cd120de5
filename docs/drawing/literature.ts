/** Epidemics beside what the literature says of them, drawn from what `npm run literature` measured. */

import figures from './literature-figures.json' with { type: 'json' };
import { type Axis, chart, type Stroke } from './chart.ts';
import { type Picture, text } from './svg.ts';

const TOP = 74;
const HEIGHT = 360;
const STROKES: readonly Stroke[] = ['blue', 'amber', 'green'];

const { tables, nodes } = figures.mongering;

const { nodes: sampled, samplers } = figures.sampling;
const { courses } = figures.aggregation;

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

const DEGREE_MAX = 35;
const shareOf = (count: number): number => (100 * count) / sampled;

export const inDegrees: Picture = {
  name: 'in-degrees',
  title: 'In-degrees of peer samplers',
  description: `How many of ${sampled} nodes are known to so many others. ${samplers
    .map(
      ({ name, inDegrees: { mean, deviation, minimum, maximum } }) =>
        `${name}: ${mean} on average, deviation ${deviation}, from ${minimum} to ${maximum}.`,
    )
    .join(' ')}`,
  height: HEIGHT,
  shapes: [
    text(16, 26, 'How many know a node', 'head'),
    ...chart(
      TOP,
      { title: 'nodes that know it', from: 0, to: DEGREE_MAX, ticks: [0, 5, 10, 15, 20, 25, 30, 35] },
      { title: 'per cent of the nodes', from: 0, to: 100, ticks: [0, 20, 40, 60, 80, 100] },
      samplers.map(({ name, inDegrees: { histogram } }, at) => ({
        name,
        stroke: STROKES[at] as Stroke,
        points: histogram.map((count, degree) => [degree, shareOf(count)] as const),
      })),
    ),
  ],
};

const CYCLES = 40;
const ERROR_MIN = 1e-12;

const errors: Axis = {
  title: 'largest relative error',
  from: ERROR_MIN,
  to: 1,
  ticks: [1, 1e-3, 1e-6, 1e-9, 1e-12],
  isLogarithmic: true,
};

export const aggregation: Picture = {
  name: 'aggregation',
  title: 'Error of aggregation against cycles',
  description: `Largest relative error of any node's average. ${courses
    .map(
      ({ nodes: size, pushSum, pushPull }) =>
        `${size} nodes after 20 cycles: push-sum ${pushSum[20]}, push-pull ${pushPull[20]}.`,
    )
    .join(' ')}`,
  height: HEIGHT,
  shapes: [
    text(16, 26, 'How near an average is to the truth', 'head'),
    ...chart(
      TOP,
      { title: 'cycles', from: 0, to: CYCLES, ticks: [0, 10, 20, 30, 40] },
      errors,
      courses.flatMap(({ nodes: size, pushSum, pushPull }, at) => {
        const stroke = STROKES[at] as Stroke;
        const shown = size.toLocaleString('en');
        return [
          { name: `push-sum, ${shown} nodes`, stroke, isDashed: true, points: pointsOf(pushSum) },
          { name: `push-pull, ${shown} nodes`, stroke, points: pointsOf(pushPull) },
        ];
      }),
    ),
  ],
};

/** As far as they are above what is drawn; an error may be more than all. */
function pointsOf(course: readonly number[]): readonly (readonly [number, number])[] {
  const shown = course.findIndex((error) => error < ERROR_MIN);
  return course
    .slice(0, shown < 0 ? undefined : shown)
    .map((error, cycle) => [cycle, Math.min(1, error)] as const);
}
