/**
 * The dots of present entries by the hash of their keys, in typed arrays of fixed size: no garbage, and a local write
 * learns what it replaces without a read. Sets of eight slots; a full set forgets its slots in turn.
 */

import type { Hash64 } from '../core/hash64.ts';
import type { Version } from '../core/version.ts';

const WAYS = 8;
/** Two halves of the key's hash, two of version and flags, and the actor's number: 4 bytes each. */
const SLOT_BYTES = 20;

/** A present entry's dot and flags (`entry-record.ts`). */
export interface PresentDot {
  readonly version: Version;
  readonly actorNo: number;
  readonly flags: number;
}

/** `undefined`: not known, read it. `null`: the key has no entry. */
export type CachedDot = PresentDot | null | undefined;

export class DotCache {
  readonly #hash64: Hash64;
  /** Secret, so that nobody can choose keys that collide. */
  readonly #seed: bigint;
  readonly #setMask: number;
  readonly #hashLow: Uint32Array;
  readonly #hashHigh: Uint32Array;
  readonly #versionLow: Uint32Array;
  /** Upper 21 bits of the version, above three bits of flags and the bit that marks a used slot. */
  readonly #versionHigh: Uint32Array;
  readonly #actorNo: Uint32Array;
  #victim = 0;
  /** While true a miss means that the key has no entry. */
  #complete: boolean;

  constructor(bytes: number, hash64: Hash64, seed: bigint, storeIsEmpty: boolean) {
    const sets = 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, bytes / (SLOT_BYTES * WAYS)))));
    const slots = sets * WAYS;
    this.#hash64 = hash64;
    this.#seed = seed;
    this.#setMask = sets - 1;
    this.#hashLow = new Uint32Array(slots);
    this.#hashHigh = new Uint32Array(slots);
    this.#versionLow = new Uint32Array(slots);
    this.#versionHigh = new Uint32Array(slots);
    this.#actorNo = new Uint32Array(slots);
    this.#complete = storeIsEmpty;
  }

  get(key: Uint8Array): CachedDot {
    const slot = this.#find(this.#hash64(key, this.#seed));
    if (slot < 0) return this.#complete ? null : undefined;
    const high = this.#versionHigh[slot] as number;
    return {
      version: ((high >>> 4) * 0x1_0000_0000 + (this.#versionLow[slot] as number)) as Version,
      actorNo: this.#actorNo[slot] as number,
      flags: (high >>> 1) & 7,
    };
  }

  set(key: Uint8Array, dot: PresentDot): void {
    const hash = this.#hash64(key, this.#seed);
    const found = this.#find(hash);
    const slot = found >= 0 ? found : this.#free(hash);
    this.#hashLow[slot] = Number(hash & 0xffff_ffffn);
    this.#hashHigh[slot] = Number(hash >> 32n);
    this.#versionLow[slot] = dot.version % 0x1_0000_0000;
    this.#versionHigh[slot] = (Math.floor(dot.version / 0x1_0000_0000) << 4) | (dot.flags << 1) | 1;
    this.#actorNo[slot] = dot.actorNo;
  }

  delete(key: Uint8Array): void {
    const slot = this.#find(this.#hash64(key, this.#seed));
    if (slot >= 0) this.#versionHigh[slot] = 0;
  }

  /** Forgets everything. `storeIsEmpty`: a miss means absent again. */
  clear(storeIsEmpty: boolean): void {
    this.#versionHigh.fill(0);
    this.#complete = storeIsEmpty;
  }

  #find(hash: bigint): number {
    const low = Number(hash & 0xffff_ffffn);
    const high = Number(hash >> 32n);
    const start = (low & this.#setMask) * WAYS;
    for (let slot = start; slot < start + WAYS; slot++) {
      if (this.#hashLow[slot] === low && this.#hashHigh[slot] === high && this.#versionHigh[slot] !== 0)
        return slot;
    }
    return -1;
  }

  #free(hash: bigint): number {
    const start = (Number(hash & 0xffff_ffffn) & this.#setMask) * WAYS;
    for (let slot = start; slot < start + WAYS; slot++) if (this.#versionHigh[slot] === 0) return slot;
    this.#complete = false;
    this.#victim = (this.#victim + 1) % WAYS;
    return start + this.#victim;
  }
}
