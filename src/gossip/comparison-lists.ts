/** The lists of a comparison (R9) as bytes: nodes and buckets, sums, keys, and dots under their keys. */

import { assert } from '../core/assert.ts';
import { FAN_OUT } from '../core/bucket-tree.ts';
import { ByteReader, MalformedBytes } from '../core/byte-reader.ts';
import { ByteWriter } from '../core/byte-writer.ts';
import { type Limits } from '../core/limits.ts';
import type { KeyDot } from '../ports/replica.ts';
import { ChunkPacker, unpackChunk } from './chunk.ts';

/** Nodes whose sums are asked for at once: the reply has 512 KiB. Part of the protocol. */
export const SUMS_NODES_MAX = 4096;

/** Keys whose entries are asked for at once. Part of the protocol. */
export const FETCH_KEYS_MAX = 1024;

const NO_BYTES = new Uint8Array(0);

/** Ascending, each as its distance from the one before. */
export function packIndices(indices: readonly number[]): Uint8Array {
  const writer = new ByteWriter(2 * indices.length + 8);
  let before = -1;
  for (const index of indices) {
    assert(index > before, 'indices ascend');
    writer.varint(index - before - 1);
    before = index;
  }
  return writer.finish();
}

export function unpackIndices(bytes: Uint8Array, countMax: number): number[] {
  if (bytes.length > 4 * countMax) throw new MalformedBytes('too many indices');
  const reader = new ByteReader(bytes);
  const indices: number[] = [];
  let before = -1;
  while (reader.left > 0) {
    before += reader.varint() + 1;
    if (!Number.isSafeInteger(before) || indices.length === countMax)
      throw new MalformedBytes('too many indices');
    indices.push(before);
  }
  return indices;
}

export function packSums(sums: readonly bigint[]): Uint8Array {
  const writer = new ByteWriter(8 * sums.length);
  for (const sum of sums) writer.bigUint64(sum);
  return writer.finish();
}

export function unpackSums(bytes: Uint8Array): bigint[] {
  if (bytes.length % (8 * FAN_OUT) !== 0 || bytes.length > 8 * FAN_OUT * SUMS_NODES_MAX)
    throw new MalformedBytes('sums that are not sixteen for each node');
  const reader = new ByteReader(bytes);
  const sums: bigint[] = [];
  while (reader.left > 0) sums.push(reader.bigUint64());
  return sums;
}

export function packKeys(keys: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter(32 * keys.length + 8);
  for (const key of keys) writer.lengthPrefixed(key);
  return writer.finish();
}

export function unpackKeys(bytes: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(bytes);
  const keys: Uint8Array[] = [];
  while (reader.left > 0) {
    if (keys.length === FETCH_KEYS_MAX) throw new MalformedBytes('too many keys at once');
    keys.push(reader.lengthPrefixed());
  }
  return keys;
}

/** A chunk of dots: of entries without values, each with the flag of a tombstone. */
export class DotPacker {
  readonly #packer = new ChunkPacker();

  get bytes(): number {
    return this.#packer.bytes;
  }

  add({ key, actor, version }: KeyDot): void {
    const alone = { first: version, last: version, tombstone: true, value: NO_BYTES, expiresAt: undefined };
    this.#packer.add({ key, actor, version, ...alone });
  }

  finish(): Uint8Array {
    return this.#packer.finish();
  }
}

export function packDots(dots: readonly KeyDot[]): Uint8Array {
  const packer = new DotPacker();
  for (const dot of dots) packer.add(dot);
  return packer.finish();
}

/** Throws `MalformedBytes` on anything that `DotPacker` does not write. */
export function unpackDots(bytes: Uint8Array, limits: Limits): KeyDot[] {
  return unpackChunk(bytes, limits).map(({ key, actor, version, first, last, tombstone }) => {
    if (!tombstone || first !== last) throw new MalformedBytes('a dot with more than its key');
    return { key, actor, version };
  });
}
