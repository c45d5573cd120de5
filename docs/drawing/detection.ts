/** How soon, and how wrongly, failures are detected, drawn from what `npm run detection` measured. */

import figures from './detection-figures.json' with { type: 'json' };
import { axisTo, chart, type Stroke } from './chart.ts';
import { type Picture, text } from './svg.ts';

const TOP = 74;
const HEIGHT = 360;

const { detectors, latencies } = figures;
const { nodes, bySlow } = figures.falsePositives;

const LATENCIES: readonly {
  readonly name: string;
  readonly stroke: Stroke;
  readonly of: (latency: (typeof latencies)[number]) => number;
}[] = [
  { name: 'SWIM: down at all', stroke: 'amber', of: (one) => one.secondsByDetector.SWIM.allDown },
  { name: 'Lifeguard: down at all', stroke: 'blue', of: (one) => one.secondsByDetector.Lifeguard.allDown },
  { name: 'both: suspect at one', stroke: 'green', of: (one) => one.secondsByDetector.Lifeguard.suspect },
];

const secondsMax = Math.max(...latencies.flatMap((one) => LATENCIES.map(({ of }) => of(one))));

export const detectionLatency: Picture = {
  name: 'detection-latency',
  title: 'Seconds until a dead member is suspect, and down at all others',
  description: latencies
    .map(
      (one) =>
        `${one.nodes} members: ${LATENCIES.map(({ name, of }) => `${name} after ${of(one)} s`).join(', ')}.`,
    )
    .join(' '),
  height: HEIGHT,
  shapes: [
    text(16, 26, 'A member dies: seconds until it is suspect, and down at all others', 'head'),
    ...chart(
      TOP,
      {
        title: 'members',
        from: Math.min(...latencies.map((one) => one.nodes)),
        to: Math.max(...latencies.map((one) => one.nodes)),
        ticks: latencies.map((one) => one.nodes),
        isLogarithmic: true,
      },
      axisTo('seconds', secondsMax),
      LATENCIES.map(({ name, stroke, of }) => ({
        name,
        stroke,
        isMarked: true,
        points: latencies.map((one) => [one.nodes, of(one)] as const),
      })),
    ),
  ],
};

const STROKES: readonly Stroke[] = ['red', 'amber', 'green', 'grey', 'blue'];

/** The last of the detectors never finds a member down that is well, as Lifeguard does: one line would hide the other. */
const drawn = detectors.slice(0, STROKES.length);

function wrongOf({ byDetector }: (typeof bySlow)[number], detector: string): number {
  const counts = byDetector as Readonly<Record<string, { readonly all: number }>>;
  return counts[detector]?.all ?? 0;
}

const wrongMax = Math.max(...bySlow.flatMap((one) => drawn.map((detector) => wrongOf(one, detector))));

export const detectionFalsePositives: Picture = {
  name: 'detection-false-positives',
  title: 'Members that are well and were found down, against slow members',
  description: `How often one of ${nodes} members that is well was found down, while others were slow. ${bySlow
    .map(
      (one) =>
        `${one.slow} slow: ${drawn.map((detector) => `${wrongOf(one, detector)} (${detector})`).join(', ')}.`,
    )
    .join(' ')}`,
  height: HEIGHT,
  shapes: [
    text(16, 26, `Wrongly found down, of ${nodes} members, while some are slow`, 'head'),
    ...chart(
      TOP,
      {
        title: 'slow members',
        from: 0,
        to: Math.max(...bySlow.map(({ slow }) => slow)),
        ticks: bySlow.map(({ slow }) => slow),
      },
      axisTo('wrongly down', wrongMax),
      drawn.map((name, at) => ({
        name,
        stroke: STROKES[at] as Stroke,
        isMarked: true,
        points: bySlow.map((one) => [one.slow, wrongOf(one, name)] as const),
      })),
    ),
  ],
};
