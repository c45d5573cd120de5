/** `store restore`: makes a store of a backup, in a folder that holds none. */

import type { Command } from 'commander';
import type { BackupResult } from '../node/api.ts';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { checkFolder, openingFailure } from './folder.ts';
import { openInput } from './input.ts';
import { createLateProgress, showingBytes } from './progress.ts';
import { counted, size } from './units.ts';

export function restoreCommand(run: Run): Command {
  return baseCommand('restore', 'make a store of a backup, in a folder that holds none', [
    'store restore monday.boato --data /var/lib/boato',
    'gunzip < monday.boato.gz | store restore - --data /tmp/a',
  ])
    .argument('<file>', 'file, or - for standard input')
    .action(async (file: string, options: BaseOptions) => {
      const input = await openInput(file);
      try {
        await checkFolder(options.data);
        const progress = createLateProgress(process.stderr, input.bytes, size);
        const result = await restore(showingBytes(input.source, progress), options.data);
        if (options.json === true) return await run.out.json({ dir: options.data, ...result });
        const records = counted(result.records, 'record', 'records');
        const when = new Date(result.takenAt).toISOString();
        await run.out.line(
          `restored node ${result.nodeId} as of ${when} into ${options.data}: ${records}, ${size(result.bytes)}`,
        );
      } finally {
        input.close();
      }
    });
}

async function restore(source: AsyncIterable<Uint8Array>, dir: string): Promise<BackupResult> {
  const { restoreStore } = await import('../node/restore-store.ts');
  try {
    return await restoreStore(source, { dir });
  } catch (error) {
    throw openingFailure(dir, error);
  }
}
