/** `--after TOKEN --timeout DURATION`: reads that wait for a write. */

import type { Command } from 'commander';
import { usageError } from './cli-error.ts';
import { durationOption, tokenOption } from './option-values.ts';
import type { AfterOptions } from './store-client.ts';

export interface AfterFlags {
  readonly after?: string;
  readonly timeout?: number;
}

/** The longest time that a node waits: 2^31 - 1 milliseconds, in whole days. */
export const TIMEOUT_MS_MAX: number = 24 * 86_400_000;

export function addAfter(command: Command): Command {
  return command
    .option('--after <token>', 'only once the node has seen this write (its token: --json)', tokenOption)
    .option(
      '--timeout <duration>',
      'with --after: fail after this time (10s)',
      durationOption('--timeout', 1, TIMEOUT_MS_MAX),
    );
}

export function afterOf({ after, timeout }: AfterFlags): AfterOptions {
  if (after === undefined) {
    if (timeout === undefined) return {};
    throw usageError('--timeout needs --after: nothing else is waited for.');
  }
  return timeout === undefined ? { after } : { after, timeoutMs: timeout };
}
