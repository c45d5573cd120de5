/** The serving side of one session (R3): reads a pinned snapshot from any position, and packs chunks of it. */

import { type Actor, isActor } from '../core/actor.ts';
import { ByteReader, MalformedBytes } from '../core/byte-reader.ts';
import { ByteWriter } from '../core/byte-writer.ts';
import { asciiBytes, byteString, equalBytes } from '../core/bytes.ts';
import { type FullRow, sameEntries } from '../core/context.ts';
import type { Entry } from '../core/entry.ts';
import { type Version, VERSION_ZERO } from '../core/version.ts';
import type { EntryScan, PinnedState, SessionOrder } from '../ports/replica.ts';
import { ChunkPacker } from './chunk.ts';
import type { Chunk } from './messages.ts';

/** Where a chunk begins: after a key, or after a version of an actor. */
type Position =
  | { readonly order: 'start' }
  | { readonly order: 'key'; readonly key: Uint8Array }
  | { readonly order: 'version'; readonly actor: Actor; readonly version: Version };

const START: Uint8Array = Uint8Array.of(0);
const BY_VERSION = 1;
const BY_KEY = 2;

export class ServedSession {
  readonly order: SessionOrder;
  readonly #pinned: PinnedState;
  readonly #pullerRows: readonly FullRow[];
  readonly #chunkBytes: number;
  /** Where `#source` stands; a request for anywhere else starts a new one. */
  #cursor: Uint8Array = START;
  #source: AsyncGenerator<Entry, void, undefined> | undefined;
  #peeked: Entry | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  entries = 0;
  bytes = 0;

  /** `pullerRows`: of the actors of the session, in their order. `chunkBytes`: a chunk ends once it holds as many. */
  constructor(pinned: PinnedState, pullerRows: readonly FullRow[], order: SessionOrder, chunkBytes: number) {
    this.order = order;
    this.#pinned = pinned;
    this.#pullerRows = pullerRows;
    this.#chunkBytes = chunkBytes;
  }

  /** The first chunk. */
  first(): Promise<Chunk> {
    return this.chunkAt(START);
  }

  /** The chunk at `cursor`, which may be asked for again. Throws `MalformedBytes` on a cursor that it never gave. */
  chunkAt(cursor: Uint8Array): Promise<Chunk> {
    const chunk = this.#turn.then(() => this.#read(cursor));
    // After an error the source is at its end; to go on from there would pass for the end of the session.
    this.#turn = chunk.catch(() => {
      this.#source = undefined;
    });
    return chunk;
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#source?.return();
    await this.#pinned.close();
  }

  async #read(cursor: Uint8Array): Promise<Chunk> {
    if (this.#source === undefined || !equalBytes(cursor, this.#cursor)) await this.#seek(cursor);
    const packer = new ChunkPacker();
    let before: Entry | undefined;
    for (;;) {
      this.#peeked ??= await this.#nextEntry();
      const entry = this.#peeked;
      if (entry === undefined) break;
      if (before !== undefined && packer.bytes >= this.#chunkBytes && !this.#belongTogether(before, entry)) break;
      packer.add(entry);
      before = entry;
      this.#peeked = undefined;
    }
    if (before !== undefined) this.#cursor = this.#encodeCursor(before);
    const entries = packer.finish();
    this.entries += packer.count;
    this.bytes += entries.length;
    return { entries, cursor: this.#cursor, last: this.#peeked === undefined };
  }

  async #seek(cursor: Uint8Array): Promise<void> {
    const position = decodeCursor(cursor);
    if (position.order !== 'start' && position.order !== this.order) throw new MalformedBytes('a cursor of another order');
    await this.#source?.return();
    this.#peeked = undefined;
    this.#cursor = cursor.slice();
    this.#source = this.order === 'key' ? this.#byKey(position) : this.#byVersion(position);
  }

  async #nextEntry(): Promise<Entry | undefined> {
    const next = await this.#source?.next();
    return next === undefined || next.done === true ? undefined : next.value;
  }

  async *#byKey(position: Position): AsyncGenerator<Entry, void, undefined> {
    const rowByActor = new Map(this.#pullerRows.map((row) => [row.actor, seen(row)]));
    const after = position.order === 'key' ? position.key : undefined;
    for await (const entry of drain(this.#pinned.byKey(after))) {
      if (rowByActor.get(entry.actor)?.(entry.version) !== true) yield entry;
    }
  }

  async *#byVersion(position: Position): AsyncGenerator<Entry, void, undefined> {
    for (const [index, row] of this.#pullerRows.entries()) {
      const serverRow = this.#pinned.rows[index] as FullRow;
      if (position.order === 'version' && row.actor < position.actor) continue;
      if (sameEntries(row, serverRow)) continue;
      const resumed = position.order === 'version' && row.actor === position.actor ? position.version : VERSION_ZERO;
      const isSeen = seen(row);
      const after = resumed > row.received ? resumed : row.received;
      for await (const entry of drain(this.#pinned.byVersion(row.actor, after))) {
        if (!isSeen(entry.version)) yield entry;
      }
    }
  }

  /** A batch is never torn, but in key order. */
  #belongTogether(before: Entry, entry: Entry): boolean {
    return this.order === 'version' && before.actor === entry.actor && before.last === entry.last;
  }

  #encodeCursor({ key, actor, version }: Entry): Uint8Array {
    const writer = new ByteWriter(128);
    if (this.order === 'key') {
      writer.byte(BY_KEY);
      writer.raw(key);
    } else {
      writer.byte(BY_VERSION);
      writer.uint64(version);
      writer.raw(asciiBytes(actor));
    }
    return writer.finish().slice();
  }
}

function decodeCursor(cursor: Uint8Array): Position {
  const reader = new ByteReader(cursor);
  switch (reader.byte()) {
    case 0:
      reader.end();
      return { order: 'start' };
    case BY_VERSION: {
      const version = reader.uint64() as Version;
      const actor = byteString(reader.raw(reader.left));
      if (!isActor(actor)) throw new MalformedBytes('a cursor without an actor');
      return { order: 'version', actor, version };
    }
    case BY_KEY:
      return { order: 'key', key: reader.raw(reader.left).slice() };
    default:
      throw new MalformedBytes('an unknown kind of cursor');
  }
}

/** Whether a puller has seen a version, as far as its row tells. */
function seen(row: FullRow): (version: Version) => boolean {
  const cloud = new Set(row.cloudVersions);
  return (version) => version <= row.received || cloud.has(version);
}

async function* drain(scan: EntryScan): AsyncGenerator<Entry, void, undefined> {
  try {
    for (let page = await scan.next(); page.length > 0; page = await scan.next()) yield* page;
  } finally {
    await scan.close();
  }
}
