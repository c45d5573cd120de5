/** `store del`: deletes keys, here and, by and by, everywhere. */

import type { Command } from 'commander';
import { BoatoError } from '../core/errors.ts';
import type { DeleteResult, Dot } from '../node/api.ts';
import { acksOf, type AcksFlags, addAcks } from './acks-options.ts';
import { baseCommand, type BaseOptions, type Run } from './base-command.ts';
import { EXIT_ABSENT, usageError } from './cli-error.ts';
import { withStore } from './connect.ts';
import { keysArgument, versionOption } from './option-values.ts';
import { showingTime } from './waiting.ts';

interface Options extends BaseOptions, AcksFlags {
  readonly ifVersion?: number | Dot;
}

/** Deletes under way at once: they share a commit of the disk. */
const DELETES_MAX = 64;

export function delCommand(run: Run): Command {
  const command = baseCommand('del', 'delete keys and print how many had a value; exit code 1 if none had', [
    'store del greeting',
    'store del user/1 user/2 --json',
  ])
    .argument('<key...>', 'keys; put -- before the first one that begins with a dash', keysArgument)
    .option(
      '--if-version <version>',
      'only this version, as `get --json` shows it, of a single key; if it is another, exit code 4',
      versionOption,
    );
  return addAcks(command).action(async (keys: readonly string[], options: Options) => {
    const { ifVersion } = options;
    if (ifVersion !== undefined && keys.length > 1)
      throw usageError('--if-version is about one key, and several are given: delete one at a time.');
    const terms = { ...(ifVersion === undefined ? {} : { ifVersion }), ...acksOf(options) };
    const deleting = withStore(options.data, 'existing', async (store) => {
      const done: DeleteResult[] = [];
      let tooFewAcks: BoatoError | undefined;
      // It is deleted all the same, and so are the others.
      const note = (error: unknown): undefined => {
        if (!(error instanceof BoatoError) || error.code !== 'TOO_FEW_ACKS') throw error;
        tooFewAcks ??= error;
      };
      for (let from = 0; from < keys.length; from += DELETES_MAX) {
        const some = keys.slice(from, from + DELETES_MAX).map((key) => store.del(key, terms).catch(note));
        done.push(...(await Promise.all(some)).filter((result) => result !== undefined));
      }
      if (tooFewAcks !== undefined) throw tooFewAcks;
      return done;
    });
    const results = await showingTime('deleting', deleting);
    const deleted = results.filter(({ existed }) => existed).length;
    if (deleted === 0) run.exitCode = EXIT_ABSENT;
    const tokens = results.map(({ token }) => token);
    await (options.json === true ? run.out.json({ deleted, tokens }) : run.out.line(String(deleted)));
  });
}
