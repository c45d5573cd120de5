/** `store aggregate`: count, sum, average, minimum and maximum over all nodes, by gossip. */

import type { Command } from 'commander';
import type { AggregateResult } from '../node/api.ts';
import { BUILT_IN } from '../node/aggregates.ts';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { withStore } from './connect.ts';
import { type Look, lookOf, PLAIN } from './look.ts';
import { table } from './table.ts';
import { showingTime } from './waiting.ts';

const COLUMNS = ['name', 'nodes', 'sum', 'average', 'minimum', 'maximum'];

/** What an answer is good for. */
const DIGITS = 6;

export function aggregateCommand(run: Run): Command {
  const examples = ['store aggregate', 'store aggregate keys load', 'store aggregate temperature --json'];
  return baseCommand('aggregate', 'compute numbers over all nodes of the cluster', examples)
    .argument('[names...]', `what nodes contribute: ${BUILT_IN.join(', ')}, or what programs do`, [
      ...BUILT_IN,
    ])
    .action(async (names: readonly string[], options: BaseOptions) => {
      const asking = withStore(options.data, 'running', (store) =>
        Promise.all(names.map(async (name) => ({ name, ...(await store.aggregate(name)) }))),
      );
      const results = await showingTime('asking', asking);
      if (options.json === true) for (const result of results) await run.out.json(result);
      else await run.out.line(aggregateText(results, lookOf(process.stdout)));
    });
}

export function aggregateText(
  results: readonly (AggregateResult & { readonly name: string })[],
  look: Look = PLAIN,
): string {
  const rows = results.map(({ name, count, ...numbers }) => {
    const { sum, average, minimum, maximum } = numbers;
    return { cells: [name, String(count), ...[sum, average, minimum, maximum].map(numberText)] };
  });
  return table('over all nodes', COLUMNS, rows, look).join('\n');
}

function numberText(number: number | undefined): string {
  if (number === undefined) return '-';
  // Beyond, digits would be noise; whole numbers that are not that large have none.
  const rounded = Number(number.toPrecision(DIGITS));
  const nearest = Math.round(number);
  return String(Math.abs(number - nearest) <= Math.abs(number) / 10 ** DIGITS ? nearest : rounded);
}
