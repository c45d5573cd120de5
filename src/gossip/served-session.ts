/** The serving side of one session (R3): reads a pinned snapshot from any position, and packs chunks of it. */

import { assert } from '../core/assert.ts';
import { equalBytes } from '../core/bytes.ts';
import type { FullRow } from '../core/context.ts';
import { type Dot, type Entry, isSameBatch } from '../core/entry.ts';
import type { PinnedState, SessionOrder } from '../ports/replica.ts';
import { CHUNK_BYTES, ChunkPacker } from './chunk.ts';
import type { Chunk } from './session-messages.ts';
import { decodeCursor, encodeCursor, START_CURSOR } from './served-cursor.ts';
import { readByKey, readByVersion, type Read } from './served-entries.ts';

/** As it was read, before it is made ready for the wire. */
export type PlainChunk = Omit<Chunk, 'plainBytes'>;

interface ReadChunk extends PlainChunk {
  /** Of entries. */
  readonly count: number;
}

/**
 * A chunk ends, even empty, once so many entries, or bytes of them, were looked at: where the puller has seen most,
 * it must hear a byte before it takes the server for dead.
 */
const LOOKED_AT_MAX = 16_384;
/** A page of the index of which nothing is present any more. */
const PASSED_COSTS = 1024;
const LOOKED_AT_BYTES_MAX = 32 * 2 ** 20;

/**
 * In key order the first chunk ends once it holds so many bytes, and each later one may hold as many as were sent before it
 * and these: the puller has just begun, and its code is slow until it was used for a while.
 */
const FIRST_CHUNK_BYTES = 16 * 1024;

export class ServedSession {
  readonly order: SessionOrder;
  readonly #pinned: PinnedState;
  readonly #pullerRows: readonly FullRow[];
  readonly #chunkBytes: number;
  /** Where `#source` stands; a request for anywhere else starts a new one. */
  #cursor: Uint8Array = START_CURSOR;
  #source: AsyncGenerator<readonly Read[], void, undefined> | undefined;
  /** Read from `#source`; from `#at` on not sent yet. */
  #page: readonly Read[] = [];
  #at = 0;
  #turn: Promise<unknown> = Promise.resolve();
  /** The chunk after the one that was given last: it is read while that one travels, and is stored. */
  #ahead: { readonly cursor: Uint8Array; readonly chunk: Promise<ReadChunk> } | undefined;
  #bytesRead = 0;
  /** That were given. */
  entries = 0;
  bytes = 0;

  /** `pullerRows`: of the actors of the session, as pinned. `chunkBytes`: a chunk ends once it holds as many. */
  constructor(pinned: PinnedState, pullerRows: readonly FullRow[], order: SessionOrder, chunkBytes: number) {
    assert(chunkBytes >= 1 && chunkBytes <= CHUNK_BYTES, 'chunks are as small as the protocol says');
    this.order = order;
    this.#pinned = pinned;
    this.#pullerRows = pullerRows;
    this.#chunkBytes = chunkBytes;
  }

  first(): Promise<PlainChunk> {
    return this.chunkAt(START_CURSOR);
  }

  /** For a session that compares at once. */
  nothing(): Promise<PlainChunk> {
    return Promise.resolve({ entries: new Uint8Array(0), cursor: START_CURSOR, last: true });
  }

  /**
   * The chunk at `cursor`, which may be any that was given before. One after another, whoever asks. Throws
   * `MalformedBytes` on a cursor that it never gives.
   */
  async chunkAt(cursor: Uint8Array): Promise<PlainChunk> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const isAhead = ahead !== undefined && equalBytes(ahead.cursor, cursor);
    const { count, ...chunk } = await (isAhead ? ahead.chunk : this.#readInTurn(cursor));
    this.entries += count;
    this.bytes += chunk.entries.length;
    if (!chunk.last) this.#ahead = { cursor: chunk.cursor, chunk: this.#readInTurn(chunk.cursor) };
    return chunk;
  }

  /** Waits for what is being read, then frees the snapshot. */
  async close(): Promise<void> {
    await this.#turn;
    await this.#closeSource();
    await this.#pinned.close();
  }

  #readInTurn(cursor: Uint8Array): Promise<ReadChunk> {
    const chunk = this.#turn.then(() => this.#read(cursor));
    // After an error the source is at its end; to go on from there would pass for the end of the session.
    // Closing it may fail once the store is gone, which whoever reads next is told.
    this.#turn = chunk.catch(() => this.#closeSource()).catch(() => undefined);
    return chunk;
  }

  async #read(cursor: Uint8Array): Promise<ReadChunk> {
    if (this.#source === undefined || !equalBytes(cursor, this.#cursor)) await this.#seek(cursor);
    const packer = new ChunkPacker();
    const chunkBytes =
      this.order === 'key'
        ? Math.min(this.#chunkBytes, FIRST_CHUNK_BYTES + this.#bytesRead)
        : this.#chunkBytes;
    let before: Entry | undefined;
    let at: Dot | undefined;
    let lookedAtBytes = 0;
    let read: Read | undefined;
    for (let lookedAt = 0; ; lookedAt++, this.#at++) {
      read = this.#page[this.#at] ?? (await this.#nextPage());
      if (read === undefined) break;
      if (read.entry === undefined) {
        const { dot } = read;
        const mayGoOn = before?.actor === dot.actor && before.last > dot.version;
        if (lookedAt >= LOOKED_AT_MAX && !mayGoOn) break;
        lookedAt += PASSED_COSTS;
        at = dot;
        continue;
      }
      const { entry, isSeen } = read;
      const isFull = packer.bytes >= chunkBytes && !isSeen;
      const isLong = lookedAt >= LOOKED_AT_MAX || lookedAtBytes >= LOOKED_AT_BYTES_MAX;
      // A batch is never torn, but in key order.
      if (
        before !== undefined &&
        (isFull || isLong) &&
        !(this.order === 'version' && isSameBatch(before, entry))
      )
        break;
      if (!isSeen) packer.add(entry);
      lookedAtBytes += entry.value.length;
      before = entry;
      at = entry;
    }
    if (at !== undefined) this.#cursor = encodeCursor(this.order, at);
    const entries = packer.finish();
    this.#bytesRead += entries.length;
    return { entries, count: packer.count, cursor: this.#cursor, last: read === undefined };
  }

  async #seek(cursor: Uint8Array): Promise<void> {
    const position = decodeCursor(cursor, this.order);
    await this.#closeSource();
    this.#cursor = cursor.slice();
    this.#source =
      position.order === 'key'
        ? readByKey(this.#pinned, this.#pullerRows, position.key)
        : readByVersion(this.#pinned, this.#pullerRows, position);
  }

  /** The first of a new page; `undefined` at the end. */
  async #nextPage(): Promise<Read | undefined> {
    this.#at = 0;
    do {
      const next = await this.#source?.next();
      this.#page = next === undefined || next.done === true ? [] : next.value;
      if (next?.done !== false) return undefined;
    } while (this.#page.length === 0);
    return this.#page[0];
  }

  async #closeSource(): Promise<void> {
    const source = this.#source;
    this.#source = undefined;
    this.#page = [];
    this.#at = 0;
    await source?.return();
  }
}
