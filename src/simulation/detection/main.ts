/** `npm run detection`: measures how soon, and how wrongly, failures are detected, for the page and the pictures. */

import { readFileSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { withPart } from '../markdown.ts';
import { wholeNumber } from '../option-values.ts';
import { mean, median } from '../statistics.ts';
import { DETECTORS, TIMED } from './detectors.ts';
import { BLOCKED_MS, BLOCKS, falsePositives, OPEN_MS } from './false-positives.ts';
import type { FalsePositives, Figures, Latency } from './figures.ts';
import { course } from './latency.ts';
import { page } from './page.ts';

/** Of the package, from `dist/simulation/detection`. */
const PACKAGE = new URL('../../../', import.meta.url);
const PAGE = new URL('docs/cluster-figures.md', PACKAGE);
const FIGURES = new URL('docs/drawing/detection-figures.json', PACKAGE);

/** What lies between them is written from the figures; the rest of the page is not. */
const BEGIN = '<!-- written by `npm run detection` -->';
const END = '<!-- until here: failure detection -->';

const SIZES: readonly number[] = [8, 32, 128, 256];
const SLOW: readonly number[] = [4, 8, 16];

/** Beyond these a number is a typing error. */
const NODES_MAX = 10_000;
const RUNS_MAX = 10_000;

/** Above so many members a run takes long, and differs little from another. */
const SMALL_MAX = 32;
const LARGE_RUNS = 20;

const program = new Command('detection')
  .description('Measures the detection of failures: nothing of it depends on this machine.')
  .option('--runs <number>', 'deaths for each size and detector', wholeNumber(1, RUNS_MAX), 400)
  .option('--nodes <number>', 'members where some are slow', wholeNumber(32, NODES_MAX), 64)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .action(measure);

await program.parseAsync();

function measure({ runs, nodes }: { readonly runs: number; readonly nodes: number }): void {
  const figures: Figures = {
    detectors: DETECTORS.map(({ name }) => name),
    latencies: SIZES.map((size) => latency(size, size > SMALL_MAX ? Math.min(runs, LARGE_RUNS) : runs)),
    falsePositives: {
      nodes,
      blockedMs: BLOCKED_MS,
      openMs: OPEN_MS,
      blocks: BLOCKS,
      bySlow: SLOW.map((slow) => wrongly(nodes, slow)),
    },
  };
  writeFileSync(FIGURES, `${JSON.stringify(figures, undefined, 2)}\n`);
  writeFileSync(PAGE, withPart(readFileSync(PAGE, 'utf8'), BEGIN, END, page(figures)));
  console.log('the page and its figures are written; `npm run pictures` draws them');
}

function latency(nodes: number, runs: number): Latency {
  const secondsByDetector: Record<string, { suspect: number; down: number; allDown: number }> = {};
  let periodsToProbe = 0;
  for (const { name, lifeguard } of DETECTORS) {
    if (!TIMED.includes(name)) continue;
    const courses = Array.from({ length: runs }, (_, seed) => course(seed, nodes, lifeguard));
    secondsByDetector[name] = {
      suspect: medianSeconds(courses.map(({ suspectMs }) => suspectMs)),
      down: medianSeconds(courses.map(({ downMs }) => downMs)),
      allDown: medianSeconds(courses.map(({ allDownMs }) => allDownMs)),
    };
    if (name === 'SWIM') {
      periodsToProbe = Number(mean(courses.map((one) => one.periodsToProbe)).toFixed(2));
    }
  }
  console.log(`${nodes} members: ${periodsToProbe} periods to a probe`);
  return { nodes, periodsToProbe, secondsByDetector };
}

function wrongly(nodes: number, slow: number): FalsePositives {
  const byDetector: Record<string, { all: number; atHealthy: number }> = {};
  for (const detector of DETECTORS) {
    byDetector[detector.name] = falsePositives(1, { nodes, slow, detector });
    console.log(`${slow} slow, ${detector.name}: ${byDetector[detector.name]?.all}`);
  }
  return { slow, byDetector };
}

function medianSeconds(values: readonly number[]): number {
  return Number((median(values) / 1000).toFixed(1));
}
