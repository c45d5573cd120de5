/** `store collect`: removes old tombstones and expired entries now. */

import type { Command } from 'commander';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { withStore } from './connect.ts';

export function collectCommand(run: Run): Command {
  return baseCommand('collect', 'remove what was deleted or expired longer ago than the tombstone TTL', [
    'store collect',
    'store collect --json',
  ]).action(async (options: BaseOptions) => {
    const result = await withStore(options.data, 'existing', (store) => store.collect());
    if (options.json === true) return run.out.json(result);
    const why = result.reason === undefined ? '' : `: ${result.reason}`;
    return run.out.line(`collected ${result.collected}, kept ${result.kept}${why}`);
  });
}
