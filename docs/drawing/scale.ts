/** How clusters behave as they grow, drawn from what `npm run scale` measured. */

import figures from './scale-figures.json' with { type: 'json' };
import { type Axis, axisTo, chart, type Stroke } from './chart.ts';
import { type Picture, text } from './svg.ts';

const TOP = 74;
const HEIGHT = 360;
const STROKES: readonly Stroke[] = ['amber', 'green', 'blue', 'red'];

const { ways, rounds, curves, bytes } = figures;

function nodesAxis(sizes: readonly { readonly nodes: number }[]): Axis {
  const ticks = sizes.map(({ nodes }) => nodes);
  return { title: 'nodes', from: Math.min(...ticks), to: Math.max(...ticks), ticks, isLogarithmic: true };
}

/** A way's figures by name, as JSON has them. */
function of(byWay: Readonly<Record<string, number>>, way: string): number {
  return byWay[way] ?? 0;
}

const roundsMax = Math.max(...rounds.flatMap(({ pittel, byWay }) => [pittel, ...Object.values(byWay)]));

export const scaleRounds: Picture = {
  name: 'scale-rounds',
  title: 'Rounds until all of N nodes hold a write',
  description: `Rounds of gossip from a write to the last node that holds it. ${rounds
    .map(
      ({ nodes, pittel, byWay }) =>
        `${nodes} nodes: ${ways.map((way) => `${of(byWay, way)} (${way})`).join(', ')}; log2 N + ln N is ${pittel}.`,
    )
    .join(' ')}`,
  height: HEIGHT,
  shapes: [
    text(16, 26, 'Rounds until all of N nodes hold a write', 'head'),
    ...chart(TOP, nodesAxis(rounds), axisTo('rounds', roundsMax), [
      {
        name: 'log2 N + ln N',
        stroke: 'grey',
        isDashed: true,
        points: rounds.map(({ nodes, pittel }) => [nodes, pittel] as const),
      },
      ...ways.map((way, at) => ({
        name: way,
        stroke: STROKES[at] as Stroke,
        isMarked: true,
        points: rounds.map(({ nodes, byWay }) => [nodes, of(byWay, way)] as const),
      })),
    ]),
  ],
};

const curveByWay = curves.byWay as unknown as Readonly<
  Record<string, readonly (readonly [number, number])[]>
>;
const curveOf = (way: string): readonly (readonly [number, number])[] => curveByWay[way] ?? [];
const longest = Math.max(...ways.map((way) => curveOf(way).at(-1)?.[0] ?? 0));

export const scaleCurve: Picture = {
  name: 'scale-curve',
  title: `One write spreads among ${curves.nodes} nodes`,
  description: `How many of ${curves.nodes} nodes hold a write, from round to round. ${ways
    .map((way) => `${way}: all after ${curveOf(way).at(-1)?.[0]} rounds.`)
    .join(' ')}`,
  height: HEIGHT,
  shapes: [
    text(16, 26, `One write spreads among ${curves.nodes.toLocaleString('en')} nodes`, 'head'),
    ...chart(
      TOP,
      { ...axisTo('rounds', longest), title: 'rounds since the write' },
      axisTo('nodes that hold it', curves.nodes),
      ways.map((way, at) => ({ name: way, stroke: STROKES[at] as Stroke, points: curveOf(way) })),
    ),
  ],
};

const bytesMax = Math.max(...bytes.bySize.flatMap(({ idle, busy }) => [idle, busy]));

export const scaleBytes: Picture = {
  name: 'scale-bytes',
  title: 'Bytes that a node sends in a round',
  description: `Bytes that a node sends in a round of three peers. ${bytes.bySize
    .map(({ nodes, idle, busy }) => `${nodes} nodes: ${idle} idle, ${busy} busy.`)
    .join(' ')}`,
  height: HEIGHT,
  shapes: [
    text(16, 26, 'Bytes that a node sends in a round', 'head'),
    ...chart(TOP, nodesAxis(bytes.bySize), axisTo('bytes', bytesMax), [
      {
        name: `busy: ${bytes.writes} writes a round`,
        stroke: 'amber',
        isMarked: true,
        points: bytes.bySize.map(({ nodes, busy }) => [nodes, busy] as const),
      },
      {
        name: 'idle',
        stroke: 'blue',
        isMarked: true,
        points: bytes.bySize.map(({ nodes, idle }) => [nodes, idle] as const),
      },
    ]),
  ],
};
