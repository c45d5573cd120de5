/** `store list`: prints keys and values in key order. */

import type { Command } from 'commander';
import { shownEntry } from '../server/line-format.ts';
import { type AfterFlags, addAfter, afterOf } from './after-options.ts';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { withStore } from './connect.ts';
import { wholeNumberOption } from './option-values.ts';
import { escapeControls, valueText } from './printable.ts';

interface Options extends BaseOptions, AfterFlags {
  readonly limit?: number;
}

export function listCommand(run: Run): Command {
  const command = baseCommand(
    'list',
    'print keys and values, a tab between them, control characters as \\n, \\t, \\u{…}',
    ['store list', 'store list user/ --limit 10', 'store list user/ --json'],
  );
  return addAfter(command)
    .argument('[prefix]', 'how the keys begin', '')
    .option('--limit <number>', 'how many at most', wholeNumberOption('--limit', 1, Number.MAX_SAFE_INTEGER))
    .action(async (prefix: string, options: Options) => {
      const after = afterOf(options);
      const limit = options.limit === undefined ? {} : { limit: options.limit };
      await withStore(options.data, 'existing', async (store) => {
        for await (const entry of store.entries({ prefix, ...limit, ...after })) {
          const line =
            options.json === true
              ? JSON.stringify(shownEntry(entry))
              : `${escapeControls(entry.key)}\t${escapeControls(valueText(entry.value))}`;
          await run.out.add(`${line}\n`);
        }
        await run.out.flush();
      });
    });
}
