/** `npm run literature`: measures what the literature promises, and writes it where the page and the pictures take it from. */

import { readFileSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { withPart } from '../markdown.ts';
import { wholeNumber } from '../option-values.ts';
import { aggregation } from './aggregation.ts';
import { compareModes } from './anti-entropy.ts';
import type { Figures } from './figures.ts';
import { mongering, NODES } from './mongering.ts';
import { pageOf } from './page.ts';
import { sampling } from './sampling.ts';

/** Of the package, from `dist/simulation/literature`. */
const PACKAGE = new URL('../../../', import.meta.url);
const PAGE = new URL('docs/cluster-figures.md', PACKAGE);
const FIGURES = new URL('docs/drawing/literature-figures.json', PACKAGE);

/** What lies between them is written from the figures; the rest of the page is not. */
const BEGIN = '<!-- written by `npm run literature` -->';
const END = '<!-- until here -->';

/** Beyond these a number is a typing error. */
const RUNS_MAX = 100_000;
const NODES_MAX = 100_000;

const program = new Command('literature')
  .description(
    'Measures epidemics beside the figures of the literature: nothing of it depends on this machine.',
  )
  .option('--runs <number>', 'of each row of the tables', wholeNumber(1, RUNS_MAX), 1000)
  .option('--nodes <number>', 'of the clusters of peer samplers', wholeNumber(100, NODES_MAX), 10_000)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .action(measure);

await program.parseAsync();

function measure({ runs, nodes }: { readonly runs: number; readonly nodes: number }): void {
  const tables = mongering(runs);
  console.log('rumor mongering is measured');
  const antiEntropy = compareModes([100, 1000, 10_000], Math.min(runs, 50));
  console.log('anti-entropy is measured');
  const samplers = sampling(nodes);
  console.log('peer samplers are measured');
  const aggregated = aggregation([100, 1000, 10_000]);
  console.log('aggregation is measured');
  const figures: Figures = {
    mongering: { nodes: NODES, runs, tables },
    antiEntropy,
    sampling: samplers,
    aggregation: aggregated,
  };
  writeFileSync(FIGURES, `${JSON.stringify(figures, undefined, 2)}\n`);
  writeFileSync(PAGE, withPart(readFileSync(PAGE, 'utf8'), BEGIN, END, pageOf(figures)));
  console.log('the page and its figures are written; `npm run pictures` draws them');
}
