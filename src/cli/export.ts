/** `store export`: writes all entries as lines of JSON. */

import type { Command } from 'commander';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { withStore } from './connect.ts';
import { createLateProgress } from './progress.ts';
import { size } from './units.ts';

export function exportCommand(run: Run): Command {
  return baseCommand(
    'export',
    'write all entries, or those with a prefix, as lines of JSON that `store import` reads',
    ['store export > backup.jsonl', 'store export user/ --data /var/lib/boato | gzip > users.jsonl.gz'],
  )
    .argument('[prefix]', 'how the keys begin', '')
    .action(async (prefix: string, options: BaseOptions) => {
      await withStore(options.data, 'existing', async (store) => {
        // On a terminal the lines themselves are to be seen.
        const progress = process.stdout.isTTY
          ? undefined
          : createLateProgress(process.stderr, undefined, size);
        let bytes = 0;
        try {
          for await (const piece of store.exportLines(prefix)) {
            if (typeof piece === 'string') await run.out.add(piece);
            else await run.out.write(piece);
            bytes += piece.length;
            progress?.update(bytes);
          }
          await run.out.flush();
        } finally {
          progress?.stop();
        }
      });
    });
}
