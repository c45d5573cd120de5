/**
 * A block of LevelDB's tables (LevelDB, `table/block_builder.cc`).
 *
 *     content = entry… restart:4… restarts:4
 *     entry   = shared:varint keyBytes:varint valueBytes:varint key value
 *     key     = userKey (sequence type):8
 *
 * Of a key only what it does not share with the one before it is there, but for entries at a restart.
 */

import { createRequire } from 'node:module';
import { ByteReader, MalformedBytes } from '../core/byte-reader.ts';
import { BoatoError } from '../core/errors.ts';

/** For Snappy, with the first block that needs it: most processes look at none. */
const require = createRequire(import.meta.url);

const PLAIN = 0;
const SNAPPY = 1;

/** A block is longer than 4 KiB only by its last entry, or as an index, a few hundredths of its table. */
const BLOCK_BYTES_MAX = 2 ** 28;

/** Sequence and type: the latest of a user's key comes first. */
const SUFFIX_BYTES = 8;

export interface BlockEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Throws `MalformedBytes`, also on an unknown `type`; `STORE_UNREADABLE` where Snappy is not installed. */
export function unpackBlock(packed: Uint8Array, type: number | undefined): Uint8Array {
  if (type === PLAIN) return packed;
  if (type === SNAPPY) return unpackSnappy(packed);
  throw new MalformedBytes('a block of unknown type');
}

function unpackSnappy(packed: Uint8Array): Uint8Array {
  // Snappy takes the room that the first number asks for; where the system has none, the process ends.
  if (new ByteReader(packed).varint() > BLOCK_BYTES_MAX) throw new MalformedBytes('a block longer than any');
  const { uncompressSync } = loadSnappy();
  try {
    return uncompressSync(packed, { copyOutputData: true }) as Uint8Array;
  } catch (error) {
    // Whatever else fails says nothing of the block, and must not have a sound table marked.
    if (!(error as Error).message.startsWith('snappy: ')) throw error;
    throw new MalformedBytes('a block that Snappy did not pack', { cause: error });
  }
}

function loadSnappy(): typeof import('snappy') {
  try {
    return require('snappy') as typeof import('snappy');
  } catch (error) {
    throw new BoatoError(
      'STORE_UNREADABLE',
      'The tables of the database must be looked at, and the package `snappy` is not there for this machine: install with optional packages.',
      { cause: error },
    );
  }
}

/** Throws `MalformedBytes` on whatever LevelDB could stumble over. */
export function* entriesOf(content: Uint8Array): Generator<BlockEntry, void, undefined> {
  const { end, restarts } = restartsOf(content);
  const reader = new ByteReader(content.subarray(0, end));
  let key: Uint8Array = new Uint8Array(0);
  let met = 0;
  while (reader.left > 0) {
    const isRestart = restarts[met] === end - reader.left;
    if (isRestart) met++;
    const shared = reader.varint();
    const keyBytes = reader.varint();
    const valueBytes = reader.varint();
    if (shared > key.length || (isRestart && shared > 0))
      throw new MalformedBytes('a key without its beginning');
    key = Buffer.concat([key.subarray(0, shared), reader.raw(keyBytes)]);
    yield { key, value: reader.raw(valueBytes) };
  }
  if (met < restarts.length && end > 0) throw new MalformedBytes('a restart where no entry begins');
}

function restartsOf(content: Uint8Array): { readonly end: number; readonly restarts: readonly number[] } {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const count = content.length < 4 ? 0 : view.getUint32(content.length - 4, true);
  const end = content.length - 4 - 4 * count;
  if (count === 0 || end < 0) throw new MalformedBytes('a block without restarts');
  return {
    end,
    restarts: Array.from({ length: count }, (_, at) => view.getUint32(end + 4 * at, true)),
  };
}

/** Whether `b` comes after `a` in a table. Throws `MalformedBytes` on what is no key. */
export function ascends(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length < SUFFIX_BYTES || b.length < SUFFIX_BYTES)
    throw new MalformedBytes('a key without a sequence');
  const order = Buffer.compare(a.subarray(0, -SUFFIX_BYTES), b.subarray(0, -SUFFIX_BYTES));
  return order === 0 ? suffixOf(a) > suffixOf(b) : order < 0;
}

function suffixOf(key: Uint8Array): bigint {
  return new DataView(key.buffer, key.byteOffset).getBigUint64(key.length - SUFFIX_BYTES, true);
}
