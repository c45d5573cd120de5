/** `--acks N --timeout DURATION`: writes that wait for other nodes. */

import type { Command } from 'commander';
import type { WriteConcern } from '../node/api.ts';
import { ACKS_MAX } from '../node/write-concern.ts';
import { TIMEOUT_MS_MAX } from './after-options.ts';
import { usageError } from './cli-error.ts';
import { durationOption, wholeNumberOption } from './option-values.ts';

export interface AcksFlags {
  readonly acks?: number;
  readonly timeout?: number;
}

export function addAcks(command: Command): Command {
  return command
    .option(
      '--acks <number>',
      'end once so many nodes hold it, this one included; with fewer, exit code 3, and it stays',
      wholeNumberOption('--acks', 1, ACKS_MAX),
    )
    .option(
      '--timeout <duration>',
      'with --acks: how long to wait for the others (10s)',
      durationOption('--timeout', 1, TIMEOUT_MS_MAX),
    );
}

export function acksOf({ acks, timeout }: AcksFlags): WriteConcern {
  if (acks === undefined) {
    if (timeout === undefined) return {};
    throw usageError('--timeout needs --acks: nothing else is waited for.');
  }
  return timeout === undefined ? { acks } : { acks, timeoutMs: timeout };
}
