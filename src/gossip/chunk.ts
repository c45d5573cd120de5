/**
 * Entries packed for the wire (`docs/PROTOCOL.md`, "Chunks"): actors by number, versions as differences, keys without
 * the prefix that they share with the key before, values copied. No checksum: the connection has its own.
 */

import { type Actor, ACTOR_BYTES_MAX, birthOf, isActor } from '../core/actor.ts';
import { assert } from '../core/assert.ts';
import { ByteReader, MalformedBytes } from '../core/byte-reader.ts';
import { ByteWriter } from '../core/byte-writer.ts';
import { byteString, newBytes } from '../core/bytes.ts';
import type { Entry } from '../core/entry.ts';
import type { Limits } from '../core/limits.ts';
import { isVersion, type Version, VERSION_ZERO } from '../core/version.ts';
import { isWellFormedUtf8 } from './validated-utf8.ts';

/** A chunk is closed, at the end of a batch, once it has so many bytes (256 KiB). Part of the protocol. */
export const CHUNK_BYTES: number = 256 * 1024;

/** Flags, version, shared prefix and suffix length, one byte each. */
const ENTRY_BYTES_MIN = 4;

/** Entries of a chunk before its last batch: as many as fit. More would cost the receiver memory out of proportion. */
const CHUNK_ENTRIES_MAX = CHUNK_BYTES / ENTRY_BYTES_MIN;

/** Prefixes shared in one chunk, added up (16 MiB): what unpacking may add to the bytes received. Part of the protocol. */
const SHARED_BYTES_MAX: number = 16 * 2 ** 20;

const TOMBSTONE = 1;
const EXPIRING = 2;
/** Written in a batch of at least two. */
const BATCH = 4;
/** By another actor than the entry before. */
const ACTOR = 8;
/** The version lies below that of the entry before. A sign of its own: zigzag would need 54 bits. */
const LOWER = 16;
const ALL_FLAGS = 31;

const NO_BYTES = new Uint8Array(0);

/** Packs entries one by one, in the order of their session. */
export class ChunkPacker {
  readonly #writer = new ByteWriter(CHUNK_BYTES / 16);
  readonly #numberByActor = new Map<Actor, number>();
  #actor: Actor | undefined;
  #version: Version = VERSION_ZERO;
  #key: Uint8Array = NO_BYTES;
  #sharedBytes = 0;
  #count = 0;

  /** Packed so far. */
  get bytes(): number {
    return this.#writer.length;
  }

  /** Entries so far. */
  get count(): number {
    return this.#count;
  }

  /** The key must not be changed afterwards. */
  add(entry: Entry): void {
    const { actor, version, key, value, first, last, tombstone, expiresAt } = entry;
    assert(
      !tombstone || (value.length === 0 && expiresAt === undefined),
      'a tombstone has no value and no expiry',
    );
    assert(first <= version && version <= last, 'an entry lies within its batch');
    const writer = this.#writer;
    writer.byte(
      (tombstone ? TOMBSTONE : 0) |
        (expiresAt === undefined ? 0 : EXPIRING) |
        (first === last ? 0 : BATCH) |
        (actor === this.#actor ? 0 : ACTOR) |
        (version < this.#version ? LOWER : 0),
    );
    if (actor !== this.#actor) this.#addActor(actor);
    writer.varint(Math.abs(version - this.#version));
    if (first !== last) {
      writer.varint(version - first);
      writer.varint(last - version);
    }
    if (expiresAt !== undefined) writer.varint(expiresAt);
    this.#addKey(key);
    if (!tombstone) writer.lengthPrefixed(value);
    this.#actor = actor;
    this.#version = version;
    this.#key = key;
    this.#count++;
  }

  /** The chunk; the packer must not be used afterwards. */
  finish(): Uint8Array {
    return this.#writer.finish();
  }

  /** An actor that comes for the first time takes the next number, and its name follows. */
  #addActor(actor: Actor): void {
    const known = this.#numberByActor.get(actor);
    this.#writer.varint(known ?? this.#numberByActor.size);
    if (known !== undefined) return;
    this.#numberByActor.set(actor, this.#numberByActor.size);
    this.#writer.asciiPrefixed(actor);
  }

  #addKey(key: Uint8Array): void {
    let shared = sharedLength(this.#key, key);
    if (this.#sharedBytes + shared > SHARED_BYTES_MAX) shared = 0;
    this.#sharedBytes += shared;
    this.#writer.varint(shared);
    this.#writer.lengthPrefixed(key.subarray(shared));
  }
}

export type ChunkLimits = Pick<Limits, 'keyBytesMax' | 'valueBytesMax' | 'batchEntriesMax'>;

/**
 * The entries of a chunk; keys and values may share memory with `bytes`. Throws `MalformedBytes` on anything that
 * `ChunkPacker` does not write, on what exceeds `limits`, and on a dot that comes twice.
 */
export function unpackChunk(bytes: Uint8Array, limits: ChunkLimits): Entry[] {
  const reader = new EntryReader(bytes, limits);
  const countMax = CHUNK_ENTRIES_MAX + limits.batchEntriesMax;
  const entries: Entry[] = [];
  while (reader.left > 0) {
    if (entries.length === countMax) throw new MalformedBytes(`more than ${countMax} entries in a chunk`);
    entries.push(reader.next());
  }
  return entries;
}

/** An actor of the chunk's table. */
interface ChunkActor {
  readonly actor: Actor;
  readonly birth: Version;
  readonly versions: Set<Version>;
}

class EntryReader {
  readonly #reader: ByteReader;
  readonly #limits: ChunkLimits;
  readonly #actors: ChunkActor[] = [];
  readonly #names = new Set<Actor>();
  #actor: ChunkActor | undefined;
  #version: Version = VERSION_ZERO;
  #key: Uint8Array = NO_BYTES;
  #sharedBytes = 0;

  constructor(bytes: Uint8Array, limits: ChunkLimits) {
    this.#reader = new ByteReader(bytes);
    this.#limits = limits;
  }

  get left(): number {
    return this.#reader.left;
  }

  next(): Entry {
    const flags = this.#reader.byte();
    if (flags > ALL_FLAGS) throw new MalformedBytes('unknown flags of an entry');
    const tombstone = (flags & TOMBSTONE) !== 0;
    if (tombstone && flags & EXPIRING) throw new MalformedBytes('a tombstone with an expiry');
    const from = flags & ACTOR ? this.#readActor() : this.#actor;
    if (from === undefined) throw new MalformedBytes('a first entry without an actor');
    this.#actor = from;
    const version = this.#readVersion(flags);
    if (from.versions.has(version)) throw new MalformedBytes('a dot twice in one chunk');
    from.versions.add(version);
    const { first, last } = this.#readBatch(flags, version);
    if (first <= from.birth) throw new MalformedBytes("a version not above its actor's birth");
    const expiresAt = flags & EXPIRING ? this.#reader.varint() : undefined;
    const key = this.#readKey();
    const value = tombstone ? NO_BYTES : this.#reader.lengthPrefixed();
    if (value.length > this.#limits.valueBytesMax) throw new MalformedBytes('a value above the limit');
    return { actor: from.actor, version, key, first, last, tombstone, value, expiresAt };
  }

  #readActor(): ChunkActor {
    const number = this.#reader.varint();
    if (number > this.#actors.length) throw new MalformedBytes('an unknown actor');
    const known = this.#actors[number];
    if (known !== undefined) {
      if (known === this.#actor) throw new MalformedBytes('the actor before named again');
      return known;
    }
    const name = this.#reader.lengthPrefixed();
    const actor = name.length > ACTOR_BYTES_MAX ? '' : byteString(name);
    if (!isActor(actor)) throw new MalformedBytes('a malformed actor');
    if (this.#names.has(actor)) throw new MalformedBytes('an actor with two numbers');
    this.#names.add(actor);
    const added = { actor, birth: birthOf(actor), versions: new Set<Version>() };
    this.#actors.push(added);
    return added;
  }

  #readVersion(flags: number): Version {
    const difference = this.#reader.varint();
    if (flags & LOWER && difference === 0) throw new MalformedBytes('a version lower by nothing');
    const version = this.#version + (flags & LOWER ? -difference : difference);
    if (!isVersion(version)) throw new MalformedBytes('a version out of range');
    this.#version = version;
    return version;
  }

  #readBatch(flags: number, version: Version): { first: Version; last: Version } {
    if (!(flags & BATCH)) return { first: version, last: version };
    const first = version - this.#reader.varint();
    const last = version + this.#reader.varint();
    if (!isVersion(first) || !isVersion(last)) throw new MalformedBytes('a batch out of range');
    if (first === last) throw new MalformedBytes('a batch of one');
    if (last - first >= this.#limits.batchEntriesMax) throw new MalformedBytes('a batch above the limit');
    return { first, last };
  }

  #readKey(): Uint8Array {
    const shared = this.#reader.varint();
    if (shared > this.#key.length) throw new MalformedBytes('a prefix longer than the key before');
    this.#sharedBytes += shared;
    if (this.#sharedBytes > SHARED_BYTES_MAX) throw new MalformedBytes('more shared prefixes than allowed');
    const suffixBytes = this.#reader.varint();
    const length = shared + suffixBytes;
    if (length === 0) throw new MalformedBytes('an empty key');
    if (length > this.#limits.keyBytesMax) throw new MalformedBytes('a key above the limit');
    const key = shared === 0 ? this.#reader.raw(suffixBytes) : this.#joined(shared, suffixBytes);
    if (!isWellFormedUtf8(key)) throw new MalformedBytes('a key that is not UTF-8');
    this.#key = key;
    return key;
  }

  /** The first bytes of the key before, and the next ones. */
  #joined(shared: number, suffixBytes: number): Uint8Array {
    const key = newBytes(shared + suffixBytes);
    for (let at = 0; at < shared; at++) key[at] = this.#key[at] as number;
    this.#reader.copy(suffixBytes, key, shared);
    return key;
  }
}

function sharedLength(a: Uint8Array, b: Uint8Array): number {
  const longest = Math.min(a.length, b.length);
  let length = 0;
  while (length < longest && a[length] === b[length]) length++;
  return length;
}
