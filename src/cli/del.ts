/** `store del`: deletes keys, here and, by and by, everywhere. */

import type { Command } from 'commander';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { EXIT_ABSENT } from './cli-error.ts';
import { withStore } from './connect.ts';
import { keysArgument } from './option-values.ts';

/** Deletes under way at once: they share a commit of the disk. */
const DELETES_MAX = 64;

export function delCommand(run: Run): Command {
  return baseCommand('del', 'delete keys and print how many had a value; exit code 1 if none had', [
    'store del greeting',
    'store del user/1 user/2 --json',
  ])
    .argument('<key...>', 'keys; put -- before the first one that begins with a dash', keysArgument)
    .action(async (keys: readonly string[], options: BaseOptions) => {
      const deleted = await withStore(options.data, 'existing', async (store) => {
        let count = 0;
        for (let from = 0; from < keys.length; from += DELETES_MAX) {
          const some = await Promise.all(keys.slice(from, from + DELETES_MAX).map((key) => store.del(key)));
          count += some.filter(Boolean).length;
        }
        return count;
      });
      if (deleted === 0) run.exitCode = EXIT_ABSENT;
      await (options.json === true ? run.out.json({ deleted }) : run.out.line(String(deleted)));
    });
}
