/** `store clock repair`: takes out what was written while the clock ran ahead, and writes it again. */

import type { Command } from 'commander';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { withStore } from './connect.ts';
import { showingTime } from './waiting.ts';

interface Options extends BaseOptions {
  readonly all?: true;
}

export function clockRepairCommand(run: Run): Command {
  return baseCommand(
    'repair',
    'once the clock is right: take out entries from too far in the future, and write those of this node again',
    ['store clock repair', 'store clock repair --all --json'],
  )
    .option('--all', "write other nodes' entries again, too: for nodes that are gone for good")
    .action(async ({ data, json, all }: Options) => {
      const result = await showingTime(
        'repairing',
        withStore(data, 'existing', (store) => store.repairClock(all === true)),
      );
      if (json === true) return run.out.json(result);
      const { removed, rewritten, others } = result;
      return run.out.line(
        `removed ${removed}, of which ${rewritten} were written again; ${others} of other nodes`,
      );
    });
}
