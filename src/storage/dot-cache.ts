/**
 * The dots of present entries by the hash of their keys, in typed arrays: no garbage, and a local write learns what it
 * replaces without a read.
 *
 * 1. A key lies in the emptier of two sets of eight slots (Azar et al. 1994, "Balanced Allocations"): so nothing is forgotten
 *    before most slots are taken. Where both are full, the slots of one are forgotten in turn.
 * 2. Sets are split one by one, as the entries become more, until they take all the bytes there may be (Litwin 1980, "Linear
 *    Hashing"): a small store takes little memory, and no write waits for a large table to grow.
 */

import type { Hash64 } from '../core/hash64.ts';
import type { Version } from '../core/version.ts';

/** Powers of two: slots are told apart by shifts and masks, which take a tenth of the time of divisions. */
const WAYS_SHIFT = 3;
const WAYS = 1 << WAYS_SHIFT;

/**
 * Of a slot: two halves of the key's hash, two of version and flags, and the actor's number; 4 bytes each. Those of one kind
 * lie together, eight of a set: looking for a key reads one line of the processor's cache in each set, or two.
 */
const LOW = 0;
/** Upper 21 bits of the version, above three bits of flags and the bit that marks a used slot. */
const VERSION_HIGH = WAYS;
const HIGH = 2 * WAYS;
const VERSION_LOW = 3 * WAYS;
const ACTOR_NO = 4 * WAYS;
const SET_WORDS = 5 * WAYS;
const SET_BYTES = 4 * SET_WORDS;

/** Sets allocated at once (160 KiB). */
const SEGMENT_SETS = 1024;
/** From the number of a slot to that of its segment. */
const SEGMENT_SHIFT = Math.log2(SEGMENT_SETS) + WAYS_SHIFT;

/** A set is split when so many slots of each are taken on average: those that wait for it have up to twice as many. */
const SPLIT_AT = 3.5;

/** A present entry's dot and flags (`entry-record.ts`); when it expires, where that is known. A class for the sake of V8: `core/young.ts`. */
export class Present {
  readonly version: Version;
  readonly actorNo: number;
  readonly flags: number;
  /** Milliseconds since 1970. The cache does not know it. */
  readonly expiresAt: number | undefined;

  constructor(version: Version, actorNo: number, flags: number, expiresAt: number | undefined) {
    this.version = version;
    this.actorNo = actorNo;
    this.flags = flags;
    this.expiresAt = expiresAt;
  }
}

/** What the cache keeps of it. */
export type PresentDot = Omit<Present, 'expiresAt'>;

/** Of a key under the cache's own seed, in two halves of 32 bits, with a sign: V8 keeps larger numbers apart. */
export interface KeyHash {
  readonly low: number;
  readonly high: number;
}

/** `undefined`: not known, read it. `null`: the key has no entry. */
export type CachedDot = Present | null | undefined;

export class DotCache {
  readonly #hash64: Hash64;
  /** Secret, so that nobody can choose keys that collide. */
  readonly #seed: bigint;
  readonly #setsMax: number;
  #segments: Int32Array[] = [];
  #sets = 0;
  /** The power of two at or below `#sets`; the first `#sets - #level` sets have been split. */
  #level = 0;
  #used = 0;
  #victim = 0;
  readonly #hashed = new BigUint64Array(1);
  readonly #halves = new Int32Array(this.#hashed.buffer);
  /** Something of what was fetched: what nobody could ask for would be optimized away. */
  fetched = 0;
  /** While true a miss means that the key has no entry. */
  #complete: boolean;

  /** Takes at most `bytes`, or one set. */
  constructor(bytes: number, hash64: Hash64, seed: bigint, storeIsEmpty: boolean) {
    this.#hash64 = hash64;
    this.#seed = seed;
    this.#setsMax = Math.max(1, Math.floor(bytes / SET_BYTES));
    this.#complete = storeIsEmpty;
    this.clear(storeIsEmpty);
  }

  /** What the other methods know a key by; taken once, since it costs more than they do. */
  hash(key: Uint8Array): KeyHash {
    this.#hashed[0] = this.#hash64(key, this.#seed);
    return { low: this.#halves[0] as number, high: this.#halves[1] as number };
  }

  /**
   * Has the processor fetch from memory what `get` and `add` will look at: many lines at once, where they would wait for one
   * after another.
   */
  fetch(hashes: readonly KeyHash[]): void {
    let read = 0;
    for (const { low, high } of hashes) read ^= this.#lineOf(low) ^ this.#lineOf(high);
    this.fetched = read;
  }

  get(hash: KeyHash): CachedDot {
    const slot = this.#find(hash);
    if (slot < 0) return this.#complete ? null : undefined;
    const words = this.#segmentOf(slot);
    const at = wordOf(slot);
    const high = words[at + VERSION_HIGH] as number;
    const low = (words[at + VERSION_LOW] as number) >>> 0;
    const version = ((high >>> 4) * 0x1_0000_0000 + low) as Version;
    return new Present(version, words[at + ACTOR_NO] as number, (high >>> 1) & 7, undefined);
  }

  set(hash: KeyHash, dot: PresentDot): void {
    const found = this.#find(hash);
    if (found >= 0) this.#fill(found, hash, dot);
    else this.add(hash, dot);
  }

  /** As `set`, of a key that is certainly not known. */
  add(hash: KeyHash, dot: PresentDot): void {
    this.#fill(this.#take(hash), hash, dot);
  }

  delete(hash: KeyHash): void {
    const slot = this.#find(hash);
    if (slot >= 0) this.#free(slot);
  }

  /** Forgets everything. `storeIsEmpty`: a miss means absent again. */
  clear(storeIsEmpty: boolean): void {
    this.#segments = [];
    this.#level = 2 ** Math.floor(Math.log2(Math.min(this.#setsMax, SEGMENT_SETS)));
    this.#sets = this.#level;
    this.#addSegment();
    this.#used = 0;
    this.#complete = storeIsEmpty;
  }

  #lineOf(half: number): number {
    const first = this.#setOf(half) * WAYS;
    const words = this.#segmentOf(first);
    const at = wordOf(first);
    return (
      (words[at] as number) ^ (words[at + VERSION_HIGH - 1] as number) ^ (words[at + HIGH - 1] as number)
    );
  }

  #fill(slot: number, hash: KeyHash, dot: PresentDot): void {
    const words = this.#segmentOf(slot);
    const at = wordOf(slot);
    words[at + LOW] = hash.low;
    words[at + HIGH] = hash.high;
    const versionHigh = Math.floor(dot.version / 0x1_0000_0000);
    words[at + VERSION_LOW] = dot.version - versionHigh * 0x1_0000_0000;
    words[at + VERSION_HIGH] = (versionHigh << 4) | (dot.flags << 1) | 1;
    words[at + ACTOR_NO] = dot.actorNo;
  }

  #find({ low, high }: KeyHash): number {
    const inFirst = this.#findIn(this.#setOf(low), low, high);
    return inFirst >= 0 ? inFirst : this.#findIn(this.#setOf(high), low, high);
  }

  #findIn(set: number, low: number, high: number): number {
    const first = set * WAYS;
    const words = this.#segmentOf(first);
    const at = wordOf(first);
    for (let way = 0; way < WAYS; way++) {
      if (words[at + way] === low && words[at + HIGH + way] === high && words[at + VERSION_HIGH + way] !== 0)
        return first + way;
    }
    return -1;
  }

  /** Where a half of a hash leads: sets that were split are told apart by one more bit. */
  #setOf(half: number): number {
    const set = half & (2 * this.#level - 1);
    return set < this.#sets ? set : set & (this.#level - 1);
  }

  /** A slot for a key that has none; it counts as used. */
  #take({ low, high }: KeyHash): number {
    if (this.#used >= SPLIT_AT * this.#sets && this.#sets < this.#setsMax) this.#split();
    const [first, second] = [this.#setOf(low), this.#setOf(high)];
    const set = this.#usedIn(first) <= this.#usedIn(second) ? first : second;
    const way = this.#freeIn(set);
    if (way < WAYS) {
      this.#used++;
      return set * WAYS + way;
    }
    this.#complete = false;
    this.#victim = (this.#victim + 1) % WAYS;
    return set * WAYS + this.#victim;
  }

  #free(slot: number): void {
    this.#segmentOf(slot)[wordOf(slot) + VERSION_HIGH] = 0;
    this.#used--;
  }

  #usedIn(set: number): number {
    const words = this.#segmentOf(set * WAYS);
    const at = wordOf(set * WAYS) + VERSION_HIGH;
    let used = 0;
    for (let way = 0; way < WAYS; way++) if (words[at + way] !== 0) used++;
    return used;
  }

  /** The first way of the set that is not used; `WAYS` if all are. */
  #freeIn(set: number): number {
    const words = this.#segmentOf(set * WAYS);
    const at = wordOf(set * WAYS) + VERSION_HIGH;
    let way = 0;
    while (way < WAYS && words[at + way] !== 0) way++;
    return way;
  }

  /** The next set whose turn it is gives to a new one what one more bit leads there. */
  #split(): void {
    const [from, to, level] = [this.#sets - this.#level, this.#sets, this.#level];
    this.#sets++;
    if (this.#sets > this.#segments.length * SEGMENT_SETS) this.#addSegment();
    if (this.#sets === 2 * level) this.#level = this.#sets;
    const words = this.#segmentOf(from * WAYS);
    const at = wordOf(from * WAYS);
    for (let way = at; way < at + WAYS; way++) {
      const low = words[way + LOW] as number;
      const half = (low & (level - 1)) === from ? low : (words[way + HIGH] as number);
      if (words[way + VERSION_HIGH] !== 0 && (half & level) !== 0)
        this.#move(words, way, this.#segmentOf(to * WAYS), way - at + wordOf(to * WAYS));
    }
  }

  #move(words: Int32Array, at: number, into: Int32Array, to: number): void {
    for (let word = 0; word < SET_WORDS; word += WAYS) into[to + word] = words[at + word] as number;
    words[at + VERSION_HIGH] = 0;
  }

  #addSegment(): void {
    const sets = Math.min(SEGMENT_SETS, this.#setsMax - this.#segments.length * SEGMENT_SETS);
    this.#segments.push(new Int32Array(sets * SET_WORDS));
  }

  #segmentOf(slot: number): Int32Array {
    return this.#segments[slot >>> SEGMENT_SHIFT] as Int32Array;
  }
}

/** Where the slot's words begin in its segment; those of the other kinds lie `WAYS` further each. */
function wordOf(slot: number): number {
  return ((slot >>> WAYS_SHIFT) & (SEGMENT_SETS - 1)) * SET_WORDS + (slot & (WAYS - 1));
}
