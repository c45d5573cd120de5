/** `store import`: stores the entries of a file of JSON lines. */

import type { Command } from 'commander';
import type { ImportCounts, ImportEvent, ImportStop, ImportSummary } from '../server/import-lines.ts';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { type CliError, failure } from './cli-error.ts';
import { withStore } from './connect.ts';
import { openInput } from './input.ts';
import { createProgress, type Progress } from './progress.ts';
import { catchSignals, exitCodeOfSignal } from './signals.ts';
import { counted } from './units.ts';
import { wholeLines } from './whole-lines.ts';

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
      const interruption = new AbortController();
      try {
        const startedAt = performance.now();
        const summary = await withStore(
          options.data,
          'any',
          async (store) => {
            const letSignalsGo = catchSignals((signal) => {
              run.exitCode = exitCodeOfSignal(signal);
              interruption.abort();
            });
            const progress = createProgress(process.stderr, input.bytes);
            try {
              const { signal } = interruption;
              const flags = {
                skipInvalid: options.skipInvalid === true,
                skipExisting: options.skipExisting === true,
                signal,
              };
              const source = wholeLines(input.source, signal);
              return await store.importLines(source, flags, (event) => show(event, progress));
            } finally {
              progress.stop();
              letSignalsGo();
            }
          },
          { ownSignals: true },
        );
        const seconds = (performance.now() - startedAt) / 1000;
        if (options.json === true) await run.out.json({ ...summary, seconds });
        if (summary.stopped?.code === 'ABORTED' && interruption.signal.aborted)
          process.stderr.write(`store: ${interruptedText(summary)}\n`);
        else if (summary.stopped !== undefined) throw stopError(summary, summary.stopped);
        else if (options.json !== true) await run.out.line(summaryText(summary, seconds));
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
  return `imported ${counted(imported, 'entry', 'entries')} in ${seconds.toFixed(1)} s (${rate}/s)${skippedText}`;
}

export function stopError({ imported }: ImportSummary, { line, message }: ImportStop): CliError {
  const reason = message.replace(/\.$/u, '');
  const stored = `the import stopped there, with ${counted(imported, 'entry', 'entries')} stored`;
  return failure(
    line === undefined
      ? `${reason}; ${stored}: a second run with --skip-existing goes on.`
      : `line ${line}: ${reason}; ${stored}: --skip-invalid passes over such lines.`,
  );
}

export function interruptedText({ imported }: ImportCounts): string {
  return `The import was interrupted with ${counted(imported, 'entry', 'entries')} stored: a second run with --skip-existing goes on.`;
}
