/** `store leave`: the running node says good-bye to its cluster, and stops. */

import type { Command } from 'commander';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { withCluster } from './connect.ts';
import { durationOption } from './option-values.ts';
import { showingTime } from './waiting.ts';

const DAY_MS = 86_400_000;

interface Options extends BaseOptions {
  readonly timeout?: number;
}

export function leaveCommand(run: Run): Command {
  return baseCommand(
    'leave',
    'tell the other nodes that the running node leaves, and stop it: nobody looks for it until it is started again',
    ['store leave', 'store leave --data /tmp/a --timeout 10s'],
  )
    .option(
      '--timeout <duration>',
      'how long to wait until others know (default: 5s)',
      durationOption('--timeout', 1, DAY_MS),
    )
    .action(async ({ data, timeout, json }: Options) => {
      await showingTime(
        'leaving',
        withCluster(data, (cluster) => cluster.leave(timeout)),
      );
      if (json === true) await run.out.json({ left: true });
      else await run.out.line('left, and stopped');
    });
}
