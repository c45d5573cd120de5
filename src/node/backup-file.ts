/** Backups as files: written aside, synced and renamed, so that a name always stands for a whole one. */

import { open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createHash64 } from '../adapters/xxhash.ts';
import { BoatoError } from '../core/errors.ts';
import { BackupParser } from '../storage/backup-parser.ts';
import type { BackupResult } from './api.ts';
import { syncFolder } from './sync.ts';

/** Only the owner reads it: it holds all values. */
const FILE_MODE = 0o600;

/**
 * Writes `pieces` to `path` if they are a whole backup, and in the place of what was there. Fails with `FILE_UNWRITABLE`,
 * `BACKUP_INVALID`, and as `pieces` does.
 */
export async function writeBackupFile(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
): Promise<BackupResult> {
  if (typeof path !== 'string' || path === '')
    throw new BoatoError('INVALID_OPTION', 'A backup needs the path of a file.');
  const temporary = `${path}.tmp`;
  try {
    const result = await writeTemporary(temporary, pieces);
    await rename(temporary, path);
    await syncFolder(dirname(resolve(path)));
    return result;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw unwritable(path, error);
  }
}

/** Passes the pieces of a backup on; fails if they are no whole one. */
export async function copyBackup(
  pieces: AsyncIterable<Uint8Array>,
  write: (piece: Uint8Array) => Promise<unknown>,
): Promise<BackupResult> {
  const parser = new BackupParser(await createHash64());
  for await (const piece of pieces) {
    // Only looked at.
    for (const _ of parser.push(piece)) continue;
    await write(piece);
  }
  const { nodeId, clusterId, takenAtMs } = parser.end();
  return { nodeId, clusterId, takenAt: takenAtMs, records: parser.records, bytes: parser.bytes };
}

async function writeTemporary(path: string, pieces: AsyncIterable<Uint8Array>): Promise<BackupResult> {
  const file = await open(path, 'w', FILE_MODE);
  try {
    const result = await copyBackup(pieces, (piece) => file.writeFile(piece));
    await file.sync();
    return result;
  } finally {
    await file.close();
  }
}

function unwritable(path: string, error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof BoatoError || code === undefined || syscall === undefined) return error;
  return new BoatoError(
    'FILE_UNWRITABLE',
    `The file ${path} cannot be written (${code}): choose another place, or mend its permissions.`,
    { cause: error },
  );
}
