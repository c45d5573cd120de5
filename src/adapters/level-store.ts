/** LevelDB through `level`. Never repaired automatically: a repair can bring back wrong values. */

import { Level } from 'level';
import { BoatoError } from '../core/errors.ts';
import type { OrderedStore } from '../ports/ordered-store.ts';
import { markDamagedBlocks } from './level-tables.ts';
import { type BytesLevel, wrapLevel } from './abstract-level-store.ts';

const MIB = 2 ** 20;

/** Larger than LevelDB's 4 MiB: fewer, larger files reach level 0, and sustained writes stall less. */
const WRITE_BUFFER_BYTES = 16 * MIB;

/** For blocks that were read; what is hot stays near without weighing on a small machine. */
const BLOCK_CACHE_BYTES = 32 * MIB;

/**
 * Opens the database at `location`. Fails with `STORE_LOCKED` (another process holds it), `STORE_MISSING` (none there,
 * and `createIfMissing` is false) or `STORE_UNREADABLE`.
 */
export async function openLevelStore(
  location: string,
  { createIfMissing }: { readonly createIfMissing: boolean },
): Promise<OrderedStore> {
  const db = new Level<Uint8Array, Uint8Array>(location, { keyEncoding: 'view', valueEncoding: 'view' });
  try {
    await db.open({ createIfMissing, writeBufferSize: WRITE_BUFFER_BYTES, cacheSize: BLOCK_CACHE_BYTES });
  } catch (error) {
    throw openingError(location, error);
  }
  return {
    ...wrapLevel(db as unknown as BytesLevel),
    checkFiles: (onPiece) => markDamagedBlocks(location, onPiece),
  };
}

function openingError(location: string, error: unknown): BoatoError {
  const cause = (error as { cause?: { code?: unknown; message?: unknown } }).cause ?? {};
  const message = String(cause.message ?? error);
  if (cause.code === 'LEVEL_LOCKED') {
    return new BoatoError('STORE_LOCKED', `The database at ${location} is in use by another process.`, {
      cause: error,
    });
  }
  if (message.includes('does not exist')) {
    return new BoatoError('STORE_MISSING', `There is no database at ${location}.`, { cause: error });
  }
  return new BoatoError('STORE_UNREADABLE', `The database at ${location} cannot be opened: ${message}`, {
    cause: error,
  });
}
