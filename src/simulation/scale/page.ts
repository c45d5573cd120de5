/** The page `docs/scale.md`: the figures as tables, with what they mean. */

import { markdownTable, wrapParagraphs } from '../markdown.ts';
import type { Figures } from './figures.ts';

export function page({ ways, rounds, curves, bytes, partitions }: Figures): string {
  return wrapParagraphs(`# Scale

How clusters behave as they grow. \`npm run scale\` measures it and writes this page, \`npm run pictures\` draws it. The
nodes are the production ones, in the simulator (\`src/simulation\`): time is virtual, so nothing here depends on the
machine, and every figure can be had again. Rounds are a second apart, one way over the network takes half a
millisecond on average. Up to 16 nodes everybody knows everybody; beyond, each is told of eight others, drawn at random.

## How fast a write spreads

Rounds from a write until the last node holds it; medians of several runs, of one above 1,024 nodes. *Push* with one
peer a round is the process that theory is about: on average it takes log2 N + ln N + O(1) rounds (Pittel 1987, "On
spreading a rumor"; Frieze and Grimmett 1985). Rounds here are not in step, and peers are drawn among those that a node
is connected with. By default nodes exchange both ways with three peers a round, and tell rumours.

${markdownTable(
  ['nodes', 'log2 N + ln N', ...ways],
  rounds.map(({ nodes, pittel, byWay }) => [nodes, pittel, ...ways.map((way) => byWay[way] ?? '')]),
)}

![Rounds until all of N nodes hold a write, beside log2 N + ln N](pictures/scale-rounds.svg)

The course of one write among ${curves.nodes.toLocaleString('en')} nodes:

![How many nodes hold a write, from round to round](pictures/scale-curve.svg)

## What a node says

Bytes that a node sends in a round of three peers, frames included: idle, and while ${bytes.writes} writes a round (100 bytes each) are
made by up to ${bytes.writers} nodes of the cluster, rumours included. Each write comes to every node once; what a round costs beside
follows what is busy, not how many nodes there are.

${markdownTable(
  ['nodes', 'idle', 'busy'],
  bytes.bySize.map(({ nodes, idle, busy }) => [nodes, idle, busy]),
)}

![Bytes that a node sends in a round, idle and busy](pictures/scale-bytes.svg)

## After a partition

Two halves write ${partitions.writesApart} entries each while they cannot talk. Rounds from the moment when they can again until all nodes hold
and have seen the same; broken connections have to be noticed and made anew first.

${markdownTable(
  ['nodes', 'rounds'],
  partitions.bySize.map(({ nodes, rounds: taken }) => [nodes, taken]),
)}
`);
}
