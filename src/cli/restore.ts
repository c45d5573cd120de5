/** `store restore`: makes a store of a backup, in a folder that holds none. */

import bytes from 'bytes';
import type { Command } from 'commander';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { openInput } from './input.ts';

export function restoreCommand(run: Run): Command {
  return baseCommand('restore', 'make a store of a backup, in a folder that holds none', [
    'store restore monday.boato --data /var/lib/boato',
    'gunzip < monday.boato.gz | store restore - --data /tmp/a',
  ])
    .argument('<file>', 'file, or - for standard input')
    .action(async (file: string, options: BaseOptions) => {
      const input = await openInput(file);
      try {
        const { restoreStore } = await import('../index.ts');
        const result = await restoreStore(input.source, { dir: options.data });
        if (options.json === true) return await run.out.json({ dir: options.data, ...result });
        const size = bytes(result.bytes, { unitSeparator: ' ' }) ?? '';
        const when = new Date(result.takenAt).toISOString();
        await run.out.line(
          `restored node ${result.nodeId} as of ${when} into ${options.data}: ${result.records} records, ${size}`,
        );
      } finally {
        input.close();
      }
    });
}
