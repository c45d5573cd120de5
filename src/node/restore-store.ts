/** Makes a store out of a backup. */

import { createReadStream } from 'node:fs';
import { createHash64 } from '../adapters/xxhash.ts';
import { BoatoError } from '../core/errors.ts';
import { invalid } from '../storage/backup-parser.ts';
import { restoreRecords } from '../storage/restore.ts';
import { checkSignal, unlessAborted } from './abort.ts';
import type { BackupResult, SignalOptions } from './api.ts';
import { makeStore } from './folder.ts';
import { checkKnown } from './options.ts';

/**
 * Makes a store in `options.dir`, which must hold none, out of a backup: a path, or the bytes as they come. It has the name
 * of the node that was backed up. Fails with `STORE_EXISTS`, `BACKUP_INVALID`, `FORMAT_UNSUPPORTED`, `STORE_LOCKED`,
 * `STORE_UNREADABLE`, `ABORTED`, and as `source` does; then there is no store.
 */
export async function restoreStore(
  source: string | AsyncIterable<Uint8Array>,
  options: { readonly dir: string } & SignalOptions,
): Promise<BackupResult> {
  checkKnown(options, ['dir', 'signal']);
  if (typeof options.dir !== 'string' || options.dir === '')
    throw new BoatoError('INVALID_OPTION', 'The option `dir` must be the path of a folder.');
  const signal = checkSignal(options.signal);
  const hash64 = await createHash64();
  const pieces = unlessAborted(typeof source === 'string' ? readFile(source) : source, signal);
  const { takenAtMs, ...restored } = await makeStore(options.dir, (store) =>
    restoreRecords(store, pieces, hash64),
  );
  return { ...restored, takenAt: takenAtMs };
}

async function* readFile(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* createReadStream(path, { highWaterMark: 2 ** 18 }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw invalid(`the file ${path} cannot be read (${code ?? String(error)})`, error);
  }
}
