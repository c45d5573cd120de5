/** `npm run scale`: measures how clusters behave as they grow, and writes what it finds where the pictures are drawn from. */

import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { pittel } from '../../epidemics/expectation.ts';
import { wholeNumber } from '../option-values.ts';
import { median } from '../statistics.ts';
import type { Gossiping } from './cluster.ts';
import type { Figures } from './figures.ts';
import { page } from './page.ts';
import { BUSY_WRITERS, BUSY_WRITES, traffic } from './traffic.ts';
import { convergence, WRITES_APART } from './partition.ts';
import { spread } from './spread.ts';

/** Of the package, from `dist/simulation/scale`. */
const PACKAGE = new URL('../../../', import.meta.url);
const PAGE = 'docs/scale.md';
const FIGURES = 'docs/drawing/scale-figures.json';

const WAYS: readonly (Gossiping & { readonly name: string })[] = [
  { name: 'push, 1 peer a round', mode: 'push', fanout: 1, rumours: false },
  { name: 'push-pull, 1 peer a round', mode: 'push-pull', fanout: 1, rumours: false },
  { name: 'push-pull, 3 peers a round', mode: 'push-pull', fanout: 3, rumours: false },
  { name: 'the same, and rumours', mode: 'push-pull', fanout: 3, rumours: true },
];

/** What runs by default. */
const DEFAULT = WAYS[3] as (typeof WAYS)[number];

/** Beyond these a number is a typing error. */
const NODES_MAX = 100_000;
const SEEDS_MAX = 1000;

/** Whose spread is drawn, look by look. */
const CURVE_NODES = 1024;

/** What a node says is measured over some fifty rounds, some minutes of work for 256 nodes. */
const TRAFFIC_NODES_MAX = 256;

/** A partition cuts each pair of machines: quadratic. */
const PARTITION_NODES_MAX = 256;

const program = new Command('scale')
  .description(
    'Measures how clusters behave as they grow, in the simulator: nothing of it depends on this machine.',
  )
  .option('--sizes <list>', 'numbers of nodes', listOf, [16, 64, 256, 1024, 4096, 10_000])
  .option('--seeds <number>', 'runs of each size; figures are their medians', wholeNumber(1, SEEDS_MAX), 3)
  .option('--large-seeds <number>', 'runs of sizes above 1024', wholeNumber(1, SEEDS_MAX), 1)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .action(measure);

await program.parseAsync();

async function measure(options: { sizes: number[]; seeds: number; largeSeeds: number }): Promise<void> {
  const seedsFor = (nodes: number): number[] =>
    Array.from({ length: nodes > 1024 ? options.largeSeeds : options.seeds }, (_, at) => at + 1);
  const rounds = [];
  for (const nodes of options.sizes) {
    const byWay: Record<string, number> = {};
    for (const way of WAYS) {
      const spreads = [];
      for (const seed of seedsFor(nodes)) spreads.push(await spread(seed, nodes, way));
      byWay[way.name] = rounded(median(spreads.map((one) => one.rounds)));
      say(`${nodes} nodes, ${way.name}: ${byWay[way.name]} rounds`);
    }
    rounds.push({ nodes, pittel: rounded(pittel(nodes)), byWay });
  }
  const curves: Record<string, readonly (readonly [rounds: number, nodes: number])[]> = {};
  for (const way of WAYS) {
    const { curve } = await spread(1, CURVE_NODES, way);
    curves[way.name] = curve.map((point) => [point.rounds, point.nodes]);
  }
  const bytes = [];
  for (const nodes of options.sizes.filter((size) => size <= TRAFFIC_NODES_MAX)) {
    const { idleBytes, busyBytes } = await traffic(1, nodes, DEFAULT);
    bytes.push({ nodes, idle: Math.round(idleBytes), busy: Math.round(busyBytes) });
    say(
      `${nodes} nodes: ${Math.round(idleBytes)} bytes a node and round when idle, ${Math.round(busyBytes)} when busy`,
    );
  }
  const partitions = [];
  for (const nodes of options.sizes.filter((size) => size <= PARTITION_NODES_MAX)) {
    const took = [];
    for (const seed of seedsFor(nodes)) took.push(await convergence(seed, nodes, DEFAULT));
    partitions.push({ nodes, rounds: rounded(median(took)) });
    say(`${nodes} nodes agree ${rounded(median(took))} rounds after a partition`);
  }
  const figures: Figures = {
    ways: WAYS.map(({ name }) => name),
    rounds,
    curves: { nodes: CURVE_NODES, byWay: curves },
    bytes: { writes: BUSY_WRITES, writers: BUSY_WRITERS, bySize: bytes },
    partitions: { writesApart: WRITES_APART, bySize: partitions },
  };
  writeFileSync(new URL(FIGURES, PACKAGE), `${JSON.stringify(figures, undefined, 2)}\n`);
  writeFileSync(new URL(PAGE, PACKAGE), page(figures));
  say(`${FIGURES} and ${PAGE} are written; \`npm run pictures\` draws them.`);
}

function say(line: string): void {
  console.log(line);
}

function rounded(rounds: number): number {
  return Number(rounds.toFixed(2));
}

function listOf(text: string): number[] {
  return text.split(',').map(wholeNumber(2, NODES_MAX));
}
