/** `store sync`: makes the running node exchange with its peers now. */

import bytes from 'bytes';
import type { Command } from 'commander';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { usageError } from './cli-error.ts';
import { withStore } from './connect.ts';
import { durationOption } from './option-values.ts';

interface Options extends BaseOptions {
  readonly wait?: true;
  readonly timeout?: number;
}

export function syncCommand(run: Run): Command {
  return baseCommand('sync', 'exchange with all peers of the running node now', [
    'store sync',
    'store sync --wait --timeout 30s',
    'store sync --wait --json',
  ])
    .option('--wait', 'until all known peers hold what this node holds')
    .option('--timeout <duration>', 'with --wait: fail after this time', durationOption('--timeout'))
    .action(async (options: Options) => {
      const { wait = false, timeout } = options;
      if (timeout !== undefined && !wait)
        throw usageError('--timeout needs --wait: a single round has limits of its own.');
      const request = timeout === undefined ? { wait } : { wait, timeoutMs: timeout };
      const result = await withStore(options.data, 'running', (store) => store.sync(request));
      if (options.json === true) return run.out.json(result);
      const payload = `received ${result.entriesReceived} entries (${bytes(result.bytesReceived) ?? 0})`;
      return run.out.line(
        `${result.inSync} of ${result.peers} peers in sync, ${payload}, sent ${bytes(result.bytesSent) ?? 0}`,
      );
    });
}
