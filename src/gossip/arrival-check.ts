/** Whether the chunks of a session are what it promised (R3), so that no server can keep a puller busy for ever. */

import { type Actor, type NodeId, nodeIdOf } from '../core/actor.ts';
import { MalformedBytes } from '../core/byte-reader.ts';
import { compareBytes, equalBytes } from '../core/bytes.ts';
import type { Row } from '../core/context.ts';
import type { Entry } from '../core/entry.ts';
import { isRetirement, knowsOf } from '../core/retirement.ts';
import type { Version } from '../core/version.ts';
import type { SessionOrder } from '../ports/replica.ts';
import { checkOrder } from './chunk-order.ts';
import type { Chunk } from './session-messages.ts';

/** A server sends an empty chunk after many entries that the puller has seen; so many in a row are 160 million of them. */
const EMPTY_CHUNKS_MAX = 10_000;

export interface Promised {
  readonly peer: NodeId;
  readonly order: SessionOrder;
  /** Of the actors that the session is about. */
  readonly rows: readonly Row[];
  readonly serverBootstrapping: boolean;
}

/**
 * 1. Every entry is of an actor that the session is about, or, in key order, of a node whose retirement it is about; from a
 *    bootstrapping server, of one of its own.
 * 2. Entries ascend, within a chunk and from one to the next.
 * 3. A chunk that is not the last moves the cursor; one that brings nothing may do so only so often in a row.
 */
export class ArrivalCheck {
  readonly #promised: Promised;
  readonly #actors: ReadonlySet<Actor>;
  readonly #retiredByNode: ReadonlyMap<NodeId, Version>;
  #before: Entry | undefined;
  #emptyChunks = 0;

  constructor(promised: Promised) {
    this.#promised = promised;
    this.#actors = new Set(promised.rows.map(({ actor }) => actor));
    this.#retiredByNode = new Map(
      promised.rows.flatMap(({ actor, closed }) =>
        isRetirement(actor) ? [[nodeIdOf(actor), closed] as const] : [],
      ),
    );
  }

  /** `asked`: the cursor that the chunk was asked for with. Throws `MalformedBytes`. */
  check(
    entries: readonly Entry[],
    { cursor, last }: Pick<Chunk, 'cursor' | 'last'>,
    asked?: Uint8Array,
  ): void {
    const { order } = this.#promised;
    checkOrder(entries, order);
    for (const { actor } of entries) this.#checkActor(actor);
    const [first] = entries;
    if (first !== undefined && this.#before !== undefined && !follows(this.#before, first, order)) {
      throw new MalformedBytes('a chunk that goes back');
    }
    this.#before = entries.at(-1) ?? this.#before;
    this.#emptyChunks = entries.length === 0 ? this.#emptyChunks + 1 : 0;
    if (last) return;
    if (asked !== undefined && equalBytes(cursor, asked))
      throw new MalformedBytes('a cursor that stands still');
    if (this.#emptyChunks > EMPTY_CHUNKS_MAX) throw new MalformedBytes('empty chunks without end');
  }

  #isRetired(actor: Actor): boolean {
    return this.#promised.order === 'key' && knowsOf(this.#retiredByNode.get(nodeIdOf(actor)), actor);
  }

  #checkActor(actor: Actor): void {
    const { peer, serverBootstrapping } = this.#promised;
    if (!this.#actors.has(actor) && !this.#isRetired(actor))
      throw new MalformedBytes('an entry of an actor that the session is not about');
    if (serverBootstrapping && nodeIdOf(actor) !== peer) {
      throw new MalformedBytes("another node's entry from a server that is bootstrapping");
    }
  }
}

function follows(before: Entry, entry: Entry, order: SessionOrder): boolean {
  if (order === 'key') return compareBytes(before.key, entry.key) < 0;
  return before.actor === entry.actor ? before.version < entry.version : before.actor < entry.actor;
}
