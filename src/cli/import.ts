/** `store import`: stores the entries of a file of JSON lines. */

import type { Command } from 'commander';
import type { ImportEvent, ImportSummary } from '../server/import-lines.ts';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { type CliError, failure } from './cli-error.ts';
import { withStore } from './connect.ts';
import { openInput } from './input.ts';
import { createProgress, type Progress } from './progress.ts';

interface Options extends BaseOptions {
  readonly skipInvalid?: true;
  readonly skipExisting?: true;
}

export function importCommand(run: Run): Command {
  return baseCommand('import', 'store the entries of a file of JSON lines, such as `store export` writes', [
    'store import backup.jsonl',
    'store import cities.jsonl --skip-existing --skip-invalid',
    `echo '{"key": "a", "value": [1, 2], "expiresAt": 1900000000000}' | store import -`,
  ])
    .argument('<file>', 'file, or - for standard input')
    .option(
      '--skip-invalid',
      'report lines that cannot be stored and go on, instead of stopping at the first',
    )
    .option('--skip-existing', 'leave keys alone that have a value: a second run is cheap')
    .action(async (file: string, options: Options) => {
      const input = await openInput(file);
      try {
        const startedAt = performance.now();
        const summary = await withStore(options.data, 'any', async (store) => {
          const progress = createProgress(process.stderr, input.bytes);
          try {
            const flags = {
              skipInvalid: options.skipInvalid === true,
              skipExisting: options.skipExisting === true,
            };
            return await store.importLines(input.source, flags, (event) => show(event, progress));
          } finally {
            progress.stop();
          }
        });
        const seconds = (performance.now() - startedAt) / 1000;
        if (options.json === true) await run.out.json({ ...summary, seconds });
        if (summary.stopped !== undefined) throw stopError(summary);
        if (options.json !== true) await run.out.line(summaryText(summary, seconds));
      } finally {
        input.close();
      }
    });
}

function show(event: ImportEvent, progress: Progress): void {
  if (event.event === 'progress') progress.update(event);
  else progress.say(`line ${event.line}: ${event.message}`);
}

function summaryText({ imported, existing, invalid }: ImportSummary, seconds: number): string {
  const rate = Math.round(imported / Math.max(seconds, 0.001));
  const skipped = [
    ...(existing > 0 ? [`${existing} existing`] : []),
    ...(invalid > 0 ? [`${invalid} invalid`] : []),
  ];
  const skippedText = skipped.length === 0 ? '' : `, skipped ${skipped.join(' and ')}`;
  return `imported ${imported} entries in ${seconds.toFixed(1)} s (${rate}/s)${skippedText}`;
}

function stopError({ imported, stopped }: ImportSummary): CliError {
  const reason = (stopped?.message ?? '').replace(/\.$/u, '');
  const before = stopped?.line === undefined ? '' : `line ${stopped.line}: `;
  return failure(`${before}${reason}; the import stopped there, with ${imported} entries stored.`);
}
