/** Hashes of 64 bits, ascending, as one byte string: alone, or in the pairs of a digest. */

import { assert } from '../core/assert.ts';
import { ByteReader, MalformedBytes } from '../core/byte-reader.ts';
import { ByteWriter } from '../core/byte-writer.ts';
import type { DigestPair } from './round-messages.ts';

export const HASH_BYTES = 8;

/** The hash of an actor, and that of its row. */
export const PAIR_BYTES: number = 2 * HASH_BYTES;

/** Pairs of one digest, which are 64 KiB, and hashes that its reply may name as lacking. Part of the protocol. */
export const DIGEST_PAIRS_MAX = 4096;

export function packHash(hash: bigint): Uint8Array {
  return packHashes([hash]);
}

export function packHashes(hashes: readonly bigint[]): Uint8Array {
  assert(hashes.length <= DIGEST_PAIRS_MAX, `a list has at most ${DIGEST_PAIRS_MAX} hashes`);
  const writer = new ByteWriter(HASH_BYTES * hashes.length);
  for (const hash of hashes) writer.bigUint64(hash);
  return writer.finish();
}

export function packPairs(pairs: readonly DigestPair[]): Uint8Array {
  assert(pairs.length <= DIGEST_PAIRS_MAX, `a digest has at most ${DIGEST_PAIRS_MAX} pairs`);
  const writer = new ByteWriter(PAIR_BYTES * pairs.length);
  for (const { actorHash, rowHash } of pairs) {
    writer.bigUint64(actorHash);
    writer.bigUint64(rowHash);
  }
  return writer.finish();
}

/** Throws `MalformedBytes` unless these are whole hashes, each above the one before. */
export function unpackHashes(bytes: Uint8Array): bigint[] {
  const reader = readerOf(bytes, HASH_BYTES);
  const hashes: bigint[] = [];
  while (reader.left > 0) {
    const hash = reader.bigUint64();
    checkAscends(hashes.at(-1), hash);
    hashes.push(hash);
  }
  return hashes;
}

/** Throws `MalformedBytes` unless these are whole pairs, their actors' hashes ascending within `from` to `to`. */
export function unpackPairs(bytes: Uint8Array, from: bigint, to: bigint): DigestPair[] {
  const reader = readerOf(bytes, PAIR_BYTES);
  const pairs: DigestPair[] = [];
  while (reader.left > 0) {
    const pair = { actorHash: reader.bigUint64(), rowHash: reader.bigUint64() };
    if (pair.actorHash < from || pair.actorHash > to) throw new MalformedBytes('a hash out of range');
    checkAscends(pairs.at(-1)?.actorHash, pair.actorHash);
    pairs.push(pair);
  }
  return pairs;
}

function readerOf(bytes: Uint8Array, unit: number): ByteReader {
  if (bytes.length % unit !== 0) throw new MalformedBytes(`a list that is not of ${unit} bytes each`);
  return new ByteReader(bytes);
}

function checkAscends(before: bigint | undefined, hash: bigint): void {
  if (before !== undefined && hash <= before) throw new MalformedBytes('hashes out of order');
}
