/** A segment of the dot index: which keys an actor wrote, at which versions, ascending. Pairs may be stale. */

import { ByteReader, MalformedBytes } from '../core/byte-reader.ts';
import { ByteWriter } from '../core/byte-writer.ts';
import { isVersion, type Version } from '../core/version.ts';

export interface DotPair {
  readonly version: Version;
  readonly key: Uint8Array;
}

/** A class for the sake of V8: `core/young.ts`. */
class Pair implements DotPair {
  readonly version: Version;
  readonly key: Uint8Array;

  constructor(version: Version, key: Uint8Array) {
    this.version = version;
    this.key = key;
  }
}

/** Pairs of one segment: large enough to be cheap, small enough that a page of entries is read for each (4 MiB). */
export const SEGMENT_PAIRS_MAX = 1024;

/** The key and the step from the version before, for each pair; the first counts from 0. */
export function encodeSegment(pairs: readonly DotPair[]): Uint8Array {
  const writer = new ByteWriter(32 * pairs.length);
  writeSegment(writer, pairs);
  return writer.finish();
}

export function writeSegment(writer: ByteWriter, pairs: readonly DotPair[]): void {
  writer.varint(pairs.length);
  let before = 0;
  for (const pair of pairs) {
    writer.varint(pair.version - before);
    writer.lengthPrefixed(pair.key);
    before = pair.version;
  }
}

export function decodeSegment(content: Uint8Array): DotPair[] {
  const reader = new ByteReader(content);
  const count = reader.varint();
  if (count > content.length) throw new MalformedBytes('more pairs than bytes');
  const pairs: DotPair[] = [];
  let version = 0;
  for (let index = 0; index < count; index++) {
    version += reader.varint();
    if (!isVersion(version)) throw new MalformedBytes('a version above 2^53 - 1');
    pairs.push(new Pair(version, reader.lengthPrefixed()));
  }
  reader.end();
  return pairs;
}

/** How many pairs it says that it lists. */
export function countPairs(content: Uint8Array): number {
  return new ByteReader(content).varint();
}
