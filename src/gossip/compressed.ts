/** Chunks made smaller for the wire (`docs/PROTOCOL.md`, "Compression"): where the puller wants it, and where it pays. */

import { MalformedBytes } from '../core/byte-reader.ts';
import { FRAME_BYTES_MAX } from '../core/limits.ts';
import type { Compressor } from '../ports/compressor.ts';

/** A smaller chunk is sent as it is. */
const WORTH_BYTES = 512;

/** So is one that would not shrink below this share. */
const WORTH_SHARE = 0.9;

/** A chunk as it travels. */
export interface Travelling {
  readonly entries: Uint8Array;
  /** Bytes of the chunk before it was compressed; 0: it was not. */
  readonly plainBytes: number;
}

export async function compressed(
  compressor: Compressor | undefined,
  entries: Uint8Array,
): Promise<Travelling> {
  if (compressor === undefined || entries.length < WORTH_BYTES) return { entries, plainBytes: 0 };
  const smaller = await compressor.compress(entries);
  if (smaller.length > WORTH_SHARE * entries.length) return { entries, plainBytes: 0 };
  return { entries: smaller, plainBytes: entries.length };
}

/** Throws `MalformedBytes` on what `compressed` does not make. */
export async function plain(
  compressor: Compressor | undefined,
  { entries, plainBytes }: Travelling,
): Promise<Uint8Array> {
  if (plainBytes === 0) return entries;
  if (compressor === undefined) throw new MalformedBytes('a compressed chunk that was not asked for');
  if (plainBytes > FRAME_BYTES_MAX) throw new MalformedBytes('a compressed chunk above the limit');
  try {
    return await compressor.decompress(entries, plainBytes);
  } catch (error) {
    throw new MalformedBytes('a chunk that cannot be decompressed', { cause: error });
  }
}
