/** `store status`: what the store holds, and how its node stands with its peers. */

import { Option, type Command } from 'commander';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { withStore } from './connect.ts';
import { lookOf } from './look.ts';
import { durationOption } from './option-values.ts';
import { statusText } from './status-text.ts';
import { watchStatus } from './watch-status.ts';

const DAY_MS = 86_400_000;

interface Options extends BaseOptions {
  /** Milliseconds. */
  readonly watch?: number;
}

export function statusCommand(run: Run): Command {
  const watch = new Option('--watch [interval]', 'of the running node, again and again, until Ctrl-C')
    .preset('2s')
    .argParser(durationOption('--watch', 100, DAY_MS));
  return baseCommand('status', 'print peers, their lag, sessions, counts, versions and warnings', [
    'store status',
    'store status --data /tmp/a --json',
    'store status --watch 5s',
  ])
    .addOption(watch)
    .action(async (options: Options) => {
      if (options.watch !== undefined)
        return watchStatus(options.data, options.watch, options.json === true, run.out);
      const { status, running } = await withStore(options.data, 'existing', async (store) => {
        return { status: await store.status(), running: store.running };
      });
      if (options.json === true) return run.out.json(status);
      await run.out.add(statusText(status, running, lookOf(process.stdout)));
      await run.out.flush();
    });
}
