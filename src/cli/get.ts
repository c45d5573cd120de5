/** `store get`: prints one value. */

import type { Command } from 'commander';
import { shownEntry } from '../server/line-format.ts';
import { type AfterFlags, addAfter, afterOf } from './after-options.ts';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { EXIT_ABSENT, usageError } from './cli-error.ts';
import { withStore } from './connect.ts';
import { keyArgument } from './option-values.ts';
import { valueText } from './printable.ts';
import { showingTime } from './waiting.ts';

interface Options extends BaseOptions, AfterFlags {
  readonly raw?: true;
}

export function getCommand(run: Run): Command {
  const command = baseCommand('get', 'print the value of a key; exit code 1 if there is none', [
    'store get greeting',
    'store get logo --data /var/lib/boato > logo.png',
    'store get greeting --raw | wc -c',
    'store get greeting --json',
    'store get greeting --after "$TOKEN" --timeout 5s',
  ]);
  return addAfter(command)
    .argument('<key>', 'key; put -- before one that begins with a dash', keyArgument)
    .option('--raw', 'no line end behind the value: exactly the bytes of a text')
    .action(async (key: string, options: Options) => {
      if (options.raw === true && options.json === true)
        throw usageError('--raw and --json exclude each other: give one of them.');
      const after = afterOf(options);
      const entry = await showingTime(
        'waiting',
        withStore(options.data, 'existing', (store) => store.get(key, after)),
      );
      if (entry === undefined) {
        run.exitCode = EXIT_ABSENT;
        return;
      }
      if (options.json === true) await run.out.json(shownEntry(entry));
      else if (entry.value instanceof Uint8Array) await run.out.write(entry.value);
      else if (options.raw === true) await run.out.write(valueText(entry.value));
      else await run.out.line(valueText(entry.value));
    });
}
