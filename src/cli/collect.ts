/** `store collect`: removes old tombstones and expired entries now. */

import type { Command } from 'commander';
import type { CollectResult } from '../node/api.ts';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { withStore } from './connect.ts';
import { counted } from './units.ts';
import { showingTime } from './waiting.ts';

export function collectCommand(run: Run): Command {
  return baseCommand('collect', 'remove what was deleted or expired longer ago than the tombstone TTL', [
    'store collect',
    'store collect --json',
  ]).action(async (options: BaseOptions) => {
    const result = await showingTime(
      'collecting',
      withStore(options.data, 'existing', (store) => store.collect()),
    );
    if (options.json === true) return run.out.json(result);
    return run.out.line(collectText(result));
  });
}

export function collectText({ collected, kept, reason }: CollectResult): string {
  if (reason !== undefined) return `collected ${collected}: ${reason}`;
  if (kept === 0) return `collected ${collected}`;
  const old = counted(kept, 'old one', 'old ones');
  return kept === 1
    ? `collected ${collected}; ${old} kept because its past is not known here yet`
    : `collected ${collected}; ${old} kept because their past is not known here yet`;
}
