/** The puller's side of sessions in the store (R4, R5, R7): chunks as they arrive, and the adoption at the end. */

import type { Actor, NodeId } from '../core/actor.ts';
import { equalBytes } from '../core/bytes.ts';
import { BoatoError } from '../core/errors.ts';
import { isRetirement } from '../core/retirement.ts';
import type { OrderedStore } from '../ports/ordered-store.ts';
import type { ArrivedChunk, NewSession, Rumoured, StoredSession } from '../ports/replica.ts';
import { readRecord } from './checksum.ts';
import { type ChunkSlice, slicesOf } from './chunk-slices.ts';
import type { Committer } from './committer.ts';
import { isDamage, type OnDamage, reported } from './damage.ts';
import { foldLoose, isIndexRead, isSessionLate, join, type LooseSums } from './join.ts';
import { ALL_SESSIONS, progressKey, sessionKey } from './keyspace.ts';
import { mergeEntry } from './merge.ts';
import { decodeHead, decodeProgress, encodeHead, encodeProgress } from './session-record.ts';
import type { Applied } from './rumour.ts';
import type { State } from './state.ts';
import type { Transaction } from './transaction.ts';

const SESSIONS_READ = 64;

const NO_SUMS: LooseSums = new Map();

/** A session of which the first chunk has arrived. */
type BegunSession = NewSession & Pick<StoredSession, 'exempt' | 'mixed'>;

interface SessionsParts {
  readonly store: OrderedStore;
  readonly state: State;
  readonly committer: Committer;
  readonly onDamage: OnDamage;
}

/** As `DeferredIndex` has it. */
type IndexedExclusive = <T>(task: () => Promise<T>, isNeeded: () => boolean) => Promise<T>;

/** A chunk on its way into the store, slice by slice. */
interface Storing {
  readonly chunk: ArrivedChunk;
  head: BegunSession | undefined;
  /** Slices that are decided. */
  decided: number;
}

export class Sessions {
  readonly #store: OrderedStore;
  readonly #state: State;
  readonly #committer: Committer;
  readonly #onDamage: OnDamage;
  readonly #exclusive: IndexedExclusive;
  /** What rumours brought since a session was last opened. */
  #rumoured = new Map<Actor, Rumoured>();
  /** All stored sessions; there is one for each peer at most. */
  readonly #byPeer = new Map<NodeId, StoredSession>();
  /** Their first chunk is being stored. */
  #firstCopiesBeginning = 0;

  constructor({ store, state, committer, onDamage }: SessionsParts, exclusive: IndexedExclusive) {
    this.#store = store;
    this.#state = state;
    this.#committer = committer;
    this.#onDamage = onDamage;
    this.#exclusive = exclusive;
  }

  /** A damaged one is of no use: the session begins anew. */
  async load(): Promise<void> {
    const scan = this.#store.scan(ALL_SESSIONS);
    try {
      for (
        let page = await scan.next(SESSIONS_READ);
        page.length > 0;
        page = await scan.next(SESSIONS_READ)
      ) {
        for (const [key, record] of page) {
          try {
            await this.#loadOne(key, record);
          } catch (error) {
            if (!isDamage(reported(error, this.#onDamage))) throw error;
          }
        }
      }
    } finally {
      await scan.close();
    }
  }

  async #loadOne(key: Uint8Array, record: Uint8Array): Promise<void> {
    const head = readRecord(key, record, decodeHead);
    const storedProgress = await this.#store.get(progressKey(head.peer));
    // A session whose first chunk was not stored to its end.
    if (storedProgress === undefined) return;
    const progress = readRecord(progressKey(head.peer), storedProgress, decodeProgress);
    // Rumours may have come since it was opened, in a run of the process that is over.
    this.#byPeer.set(head.peer, { ...head, ...progress, mixed: true, epoch: this.#state.epoch });
  }

  get(peer: NodeId): StoredSession | undefined {
    return this.#byPeer.get(peer);
  }

  all(): readonly StoredSession[] {
    return [...this.#byPeer.values()];
  }

  /** R10: a node that held nothing when a session began takes no rumours until it has adopted. */
  get hasExempt(): boolean {
    return this.all().some(({ exempt }) => exempt);
  }

  /** Another session is being opened: what rumours bring from now on came after it. */
  opened(): ReadonlyMap<Actor, Rumoured> {
    this.#rumoured = new Map();
    return this.#rumoured;
  }

  /**
   * A rumour was applied: the session that was opened last knows what came since. Others, which are set aside, only that
   * something came: they are mixed.
   */
  noteRumour(transaction: Transaction, { actor, above, upTo, known }: Applied): void {
    const before = this.#rumoured.get(actor);
    this.#rumoured.set(actor, {
      above: before?.above ?? above,
      upTo,
      known:
        known.length === 0 && before !== undefined
          ? before.known
          : new Set([...(before?.known ?? []), ...known]),
    });
    this.#mix(transaction, ({ rumoured }) => rumoured !== this.#rumoured);
  }

  /** One in key order is under way, or can still be resumed. */
  get hasFirstCopy(): boolean {
    return this.#firstCopiesBeginning > 0 || this.all().some(({ order }) => order === 'key');
  }

  /** The batch that gives up, or repairs, the state deletes them (R5). */
  deleteAll(transaction: Transaction): void {
    for (const peer of this.#byPeer.keys()) this.#delete(transaction, peer);
  }

  async drop(peer: NodeId): Promise<void> {
    if (!this.#byPeer.has(peer)) return;
    await this.#committer.commit({
      keys: [],
      bytes: 0,
      sync: true,
      decide: (transaction) => this.#delete(transaction, peer),
    });
  }

  /** In slices, so that reads and other writes have their turn; the cursor moves with the last one. */
  async storeChunk(chunk: ArrivedChunk): Promise<void> {
    const storing: Storing = { chunk, head: undefined, decided: 0 };
    const begins = chunk.session?.order === 'key' ? 1 : 0;
    this.#firstCopiesBeginning += begins;
    try {
      // All at once: one is decided while the one before it is written, and nothing else between them.
      await Promise.all(slicesOf(chunk.entries).map((slice, at) => this.#storeSlice(storing, slice, at)));
    } finally {
      this.#firstCopiesBeginning -= begins;
    }
  }

  #storeSlice(storing: Storing, { entries, isLast }: ChunkSlice, at: number): Promise<void> {
    const { chunk } = storing;
    const keys = entries.map(({ key }) => key);
    return this.#committer.commit({
      keys,
      bytes: entries.reduce((bytes, { key, value }) => bytes + key.length + value.length, 0),
      // A claim is made on it later, and LevelDB's sync of that write does not reach back beyond its newest log.
      sync: true,
      from: chunk.peer,
      decide: (transaction) => {
        // The cursor must not move past a slice that could not be stored; whoever waits is told why by that one.
        if (storing.decided !== at) throw voidSession();
        transaction.assertReadable(keys);
        storing.head = this.#begun(transaction, storing);
        storing.decided++;
        const isFirstCopy = storing.head.order === 'key';
        if (isFirstCopy) transaction.beginFirstCopy();
        for (const entry of entries) mergeEntry(transaction, entry);
        if (isFirstCopy) transaction.state.bootstrapping = true;
        if (entries.length > 0) this.mixOthers(transaction, chunk.peer);
        if (isLast) this.#moveCursor(transaction, chunk, storing.head);
      },
    });
  }

  /** R7 and R4. Runs between two commits, because loose sums are folded from the index on disk. */
  async adopt(peer: NodeId): Promise<'adopted' | 'late'> {
    const needsIndex = (): boolean => isIndexRead(this.#state, this.#byPeer.get(peer));
    return this.#exclusive(async () => {
      const session = this.#byPeer.get(peer);
      if (session === undefined) throw voidSession();
      // What one that bootstraps received replaced some of its own writes, and was not sent: they are here, and no more.
      const joins = !session.serverBootstrapping;
      const late = joins && !session.exempt && isSessionLate(this.#state, session.rows, session.horizon);
      const looseByActor =
        joins && !late ? await foldLoose(this.#store, this.#state, session, this.#onDamage) : NO_SUMS;
      await this.#committer.commitNow({
        keys: [],
        bytes: 0,
        sync: true,
        decide: (transaction) => {
          this.#delete(transaction, peer);
          if (joins && !late) join(transaction, session, looseByActor);
        },
      });
      if (late && session.mixed) throw voidSession();
      return late ? 'late' : 'adopted';
    }, needsIndex);
  }

  /** R4 after R9: every difference is settled, so nothing is late. */
  async adoptCompared(session: NewSession): Promise<void> {
    const needsIndex = (): boolean => isIndexRead(this.#state, session);
    return this.#exclusive(async () => {
      checkEpoch(this.#state, session);
      const looseByActor = await foldLoose(this.#store, this.#state, session, this.#onDamage);
      await this.#committer.commitNow({
        keys: [],
        bytes: 0,
        sync: true,
        decide: (transaction) => join(transaction, session, looseByActor),
      });
    }, needsIndex);
  }

  /**
   * Entries of `peer` are stored. R5: the exemption of the other sessions is gone,
   * and they are mixed.
   */
  mixOthers(transaction: Transaction, peer: NodeId): void {
    this.#mix(transaction, (session) => session.peer !== peer);
  }

  #mix(transaction: Transaction, isOther: (session: StoredSession) => boolean): void {
    for (const [other, session] of this.#byPeer) {
      if (!isOther(session) || session.mixed) continue;
      const mixed = { ...session, exempt: false, mixed: true };
      this.#byPeer.set(other, mixed);
      transaction.put(sessionKey(other), encodeHead(mixed));
    }
  }

  #begun(transaction: Transaction, { chunk: { peer, session, after }, head }: Storing): BegunSession {
    const begun = head ?? (session === undefined ? this.#storedBehind(peer, after) : undefined);
    checkEpoch(this.#state, begun ?? session);
    return begun ?? this.#begin(transaction, session as NewSession);
  }

  /** The stored session, unless what was stored last of it is another chunk than `after`. */
  #storedBehind(peer: NodeId, after: ArrivedChunk['after']): StoredSession | undefined {
    const stored = this.#byPeer.get(peer);
    if (stored === undefined || after === undefined) return stored;
    return stored.name === after.name && equalBytes(stored.cursor, after.cursor) ? stored : undefined;
  }

  /**
   * R7 exempts a node that holds nothing when the first chunk arrives. But actors of nodes that are gone for ever have no rows,
   * and only a session in key order brings what there is of them.
   */
  #begin(transaction: Transaction, session: NewSession): BegunSession {
    const isWhole = session.order === 'key' || !session.rows.some(({ actor }) => isRetirement(actor));
    const head = { ...session, exempt: transaction.state.all.count === 0 && isWhole, mixed: false };
    transaction.put(sessionKey(session.peer), encodeHead(head));
    return head;
  }

  #moveCursor(transaction: Transaction, chunk: ArrivedChunk, head: BegunSession): void {
    const before = chunk.session === undefined ? this.#byPeer.get(chunk.peer) : undefined;
    // As it is by now: something may have come from elsewhere since the chunk began to be stored.
    const session: StoredSession = {
      ...(before ?? head),
      cursor: chunk.cursor,
      entries: (before?.entries ?? 0) + chunk.entries.length,
      bytes: (before?.bytes ?? 0) + chunk.bytes,
    };
    this.#byPeer.set(chunk.peer, session);
    // Without any progress a session is none.
    if (session.order === 'key' && before !== undefined) this.#state.leftOut.setProgress(chunk.peer, session);
    else transaction.put(progressKey(chunk.peer), encodeProgress(session));
  }

  #delete(transaction: Transaction, peer: NodeId): void {
    this.#byPeer.delete(peer);
    this.#state.leftOut.deleteProgress(peer);
    transaction.delete(sessionKey(peer));
    transaction.delete(progressKey(peer));
  }
}

/** Fails with `SESSION_VOID` for a session that is not stored any more, or was opened before the context was given up. */
export function checkEpoch(state: State, session: Pick<NewSession, 'epoch'> | undefined): void {
  if (session?.epoch !== state.epoch) throw voidSession();
}

function voidSession(): BoatoError {
  return new BoatoError(
    'SESSION_VOID',
    'The context was given up or repaired, or something of another peer came, since the session was opened.',
  );
}
