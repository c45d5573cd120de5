/**
 * Hashes that nodes compare, each in a domain of its own, and their sums modulo 2^64 (R8): a sum over a set can be
 * kept up to date by adding and taking away, in any order. Part of the wire protocol, version 1.
 */

import { type Actor } from './actor.ts';
import { asciiBytes, writeUint64 } from './bytes.ts';
import { isTrivial, makeSum, type Row, type Sum } from './context.ts';
import type { Hash64 } from './hash64.ts';
import type { Version } from './version.ts';

/** Domains: the seed under which an actor is hashed to the seed of what belongs to it. */
const ENTRY_DOMAIN = 1n;
const DOT_DOMAIN = 2n;
const ROW_DOMAIN = 3n;
const ACTOR_DOMAIN = 4n;
const KEY_DOMAIN = 5n;

const VERSION_BYTES = 8;
const ROW_BYTES = 6 * 8;

export function addSum(a: Sum, b: Sum): Sum {
  return { count: a.count + b.count, sum: BigInt.asUintN(64, a.sum + b.sum) };
}

export function subtractSum(a: Sum, b: Sum): Sum {
  return makeSum(a.count - b.count, BigInt.asUintN(64, a.sum - b.sum));
}

/** Hashes dots, entries and rows. Keeps seeds for each actor of which it met a dot. */
export class Fingerprints {
  readonly #hash64: Hash64;
  readonly #entrySeedByActor = new Map<Actor, bigint>();
  readonly #dotSeedByActor = new Map<Actor, bigint>();
  readonly #row = new Uint8Array(ROW_BYTES);
  readonly #rowView = new DataView(this.#row.buffer);
  readonly #dot = new Uint8Array(VERSION_BYTES);
  #buffer = new Uint8Array(VERSION_BYTES + 1024);
  /** Of the buffer's first bytes, by their number: to make one for each entry costs as much as its hash. */
  #views: Uint8Array[] = [];

  constructor(hash64: Hash64) {
    this.#hash64 = hash64;
  }

  /** Of (dot, key): what the sums of R8 add up. */
  entry(actor: Actor, version: Version, key: Uint8Array): Sum {
    const bytes = this.#firstBytes(VERSION_BYTES + key.length);
    writeUint64(bytes, 0, version);
    bytes.set(key, VERSION_BYTES);
    return { count: 1, sum: this.#hash64(bytes, this.#seed(this.#entrySeedByActor, ENTRY_DOMAIN, actor)) };
  }

  /** Of a dot: what the loose and cloud sums of a row add up. */
  dot(actor: Actor, version: Version): Sum {
    writeUint64(this.#dot, 0, version);
    return { count: 1, sum: this.#hash64(this.#dot, this.#seed(this.#dotSeedByActor, DOT_DOMAIN, actor)) };
  }

  /** Of a row, without its predecessor; 0 for a row that says nothing, so that knowing such an actor changes no hash. */
  row(row: Row): bigint {
    if (isTrivial(row)) return 0n;
    const [bytes, view] = [this.#row, this.#rowView];
    writeUint64(bytes, 0, row.received);
    writeUint64(bytes, 8, row.closed);
    writeUint64(bytes, 16, row.cloud.count);
    view.setBigUint64(24, row.cloud.sum);
    writeUint64(bytes, 32, row.loose.count);
    view.setBigUint64(40, row.loose.sum);
    // Not kept: there are many rows, and few that change.
    return this.#hash64(bytes, this.#hash64(asciiBytes(row.actor), ROW_DOMAIN));
  }

  /** Of an actor's name: how digests refer to it. */
  actor(actor: Actor): bigint {
    return this.#hash64(asciiBytes(actor), ACTOR_DOMAIN);
  }

  /** Of a key: which bucket of a comparison it falls into. */
  key(key: Uint8Array): bigint {
    return this.#hash64(key, KEY_DOMAIN);
  }

  #firstBytes(length: number): Uint8Array {
    if (this.#buffer.length < length) {
      this.#buffer = new Uint8Array(length);
      this.#views = [];
    }
    this.#views[length] ??= this.#buffer.subarray(0, length);
    return this.#views[length];
  }

  #seed(seedByActor: Map<Actor, bigint>, domain: bigint, actor: Actor): bigint {
    let seed = seedByActor.get(actor);
    if (seed === undefined) {
      seed = this.#hash64(asciiBytes(actor), domain);
      seedByActor.set(actor, seed);
    }
    return seed;
  }
}
