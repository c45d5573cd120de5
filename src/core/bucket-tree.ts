/**
 * A set of entries folded into buckets by the hash of their keys, and summed up sixteen ways to a root (R9; range-based
 * set reconciliation, Meyer 2022, over hashes instead of keys): equal sets have equal sums, and where two sets differ
 * the sums lead down to the buckets that do. Part of the wire protocol.
 */

import { assert } from './assert.ts';
import { type Sum, SUM_ZERO } from './context.ts';
import { addSum } from './fingerprint.ts';

export const FAN_OUT = 16;

/** Entries that a bucket holds about. */
const BUCKET_ENTRIES = 16;

/** At most 2^20 buckets: their sums and those above them are 8.5 MiB. */
export const DEPTH_MAX = 5;

const HASH_BITS = 64n;
const FAN_OUT_BITS = 4n;

/** Levels below the root for sets of at most `count` entries: 16^depth buckets of about 16 entries each. */
export function depthFor(count: number): number {
  let depth = 0;
  while (depth < DEPTH_MAX && FAN_OUT ** depth * BUCKET_ENTRIES < count) depth++;
  return depth;
}

/** Which of the 16^depth buckets a key belongs to: the upper bits of its hash. */
export function bucketOf(keyHash: bigint, depth: number): number {
  return Number(keyHash >> (HASH_BITS - FAN_OUT_BITS * BigInt(depth)));
}

export class BucketTree {
  readonly depth: number;
  /** By level, the root first; those above the buckets are made by `sumUp`. */
  readonly #sumsByLevel: readonly BigUint64Array[];
  #total: Sum = SUM_ZERO;

  constructor(depth: number) {
    assert(depth >= 0 && depth <= DEPTH_MAX, `a tree has 0 to ${DEPTH_MAX} levels below its root`);
    this.depth = depth;
    this.#sumsByLevel = Array.from({ length: depth + 1 }, (_, level) => new BigUint64Array(FAN_OUT ** level));
  }

  /** Of all entries so far. */
  get total(): Sum {
    return this.#total;
  }

  /** An entry whose key hashes to `keyHash`; `sum` as of `Fingerprints.entry`. */
  add(keyHash: bigint, sum: Sum): void {
    const buckets = this.#sumsByLevel[this.depth] as BigUint64Array;
    const bucket = bucketOf(keyHash, this.depth);
    buckets[bucket] = (buckets[bucket] as bigint) + sum.sum;
    this.#total = addSum(this.#total, sum);
  }

  /** To be run to its end once every entry was added; pauses after a few milliseconds of work each time. */
  *sumUp(): Generator<void, void, undefined> {
    for (let level = this.depth; level > 0; level--) {
      const below = this.#sumsByLevel[level] as BigUint64Array;
      const above = this.#sumsByLevel[level - 1] as BigUint64Array;
      for (let at = 0; at < below.length; at++) {
        const parent = Math.floor(at / FAN_OUT);
        above[parent] = (above[parent] as bigint) + (below[at] as bigint);
        if (at % SUMMED_AT_ONCE === SUMMED_AT_ONCE - 1) yield;
      }
    }
  }

  /** The sums of the sixteen nodes below node `index` of `level`. */
  children(level: number, index: number): readonly bigint[] {
    const sums = this.#sumsByLevel[level + 1];
    assert(sums !== undefined && index * FAN_OUT < sums.length, 'only inner nodes have children');
    return Array.from(sums.subarray(index * FAN_OUT, (index + 1) * FAN_OUT));
  }
}

const SUMMED_AT_ONCE = 2 ** 14;

/** Of the children of node `index`, those whose sums differ, as indices of their level. */
export function differingChildren(
  index: number,
  own: readonly bigint[],
  theirs: readonly bigint[],
): readonly number[] {
  const differing: number[] = [];
  for (let child = 0; child < FAN_OUT; child++) {
    if (own[child] !== theirs[child]) differing.push(index * FAN_OUT + child);
  }
  return differing;
}
