/** `store serve`: the command line of a node. */

import type { Command } from 'commander';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { SETTING_NAMES, type Settings } from './settings/table.ts';

export interface ServeOptions extends BaseOptions, Settings {}

export function serveCommand(run: Run): Command {
  return baseCommand(
    'serve',
    'run a node of the folder, until Ctrl-C',
    [
      'store serve',
      'store serve --data /tmp/a --port 7531 --peer 127.0.0.1:7532 --peer 127.0.0.1:7533',
      'store serve --data /tmp/b --port 0 --name b --tombstone-ttl 1h --json',
      'store serve --config /etc/boato.toml',
      'store serve --print-state 10s --log-level warn',
    ],
    SETTING_NAMES,
  ).action(async (options: ServeOptions) => {
    // Loaded here: what a node needs would slow down all other commands.
    const { runNode } = await import('./run-node.ts');
    await runNode(options, run.out);
  });
}
