/** `store backup`: a file that `store restore` makes a store of. */

import type { Command } from 'commander';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { withStore } from './connect.ts';
import { createLateProgress, showingBytes } from './progress.ts';
import { counted, size } from './units.ts';

const STANDARD_OUTPUT = '-';

export function backupCommand(run: Run): Command {
  return baseCommand('backup', 'write all of the store, as it is at one moment, to a file', [
    'store backup monday.boato',
    'store backup /mnt/backups/a.boato --data /var/lib/boato --json',
    'store backup - | gzip > monday.boato.gz',
  ])
    .argument('<file>', 'file, or - for standard output; there whole, or not at all')
    .action(async (file: string, options: BaseOptions) => {
      const { copyBackup, writeBackupFile } = await import('../node/backup-file.ts');
      const result = await withStore(options.data, 'existing', (store) => {
        const progress = createLateProgress(process.stderr, undefined, size);
        const pieces = showingBytes(store.backupStream(), progress);
        return file === STANDARD_OUTPUT
          ? copyBackup(pieces, (piece) => run.out.write(piece))
          : writeBackupFile(file, pieces);
      });
      // Standard output is the file.
      if (file === STANDARD_OUTPUT) return;
      if (options.json === true) return run.out.json({ file, ...result });
      const records = counted(result.records, 'record', 'records');
      await run.out.line(`backed up node ${result.nodeId}: ${records}, ${size(result.bytes)}`);
    });
}
