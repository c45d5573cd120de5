/** What the commands below `store certs` share. */

import type { Command } from 'commander';
import { folderOption, wholeNumberOption } from './option-values.ts';

export interface CertsOptions {
  readonly out: string;
  readonly days: number;
  readonly force?: true;
  readonly json?: true;
}

/** The name of the authority's files. */
export const AUTHORITY = 'ca';

/** A century: clocks that are wrong by less are no reason to make them longer. */
const DAYS_MAX = 36_500;

export function certsOptions(command: Command, days: number): Command {
  return command
    .option('--out <folder>', 'where certificates and keys are', folderOption('--out'), 'certs')
    .option('--days <number>', 'how long it is good', wholeNumberOption('--days', 1, DAYS_MAX), days)
    .option('--force', 'put it in the place of one that is there')
    .option('--json', 'output one JSON object');
}
