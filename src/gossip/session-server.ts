/** Serves sessions (R3, R5): opens them on pinned snapshots, keeps them for a while after their last message. */

import type { NodeId } from '../core/actor.ts';
import { MalformedBytes } from '../core/byte-reader.ts';
import { BoatoError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { Replica } from '../ports/replica.ts';
import { type NewReply, ServingFailure } from './channel.ts';
import type { Done, Next, Open } from './messages.ts';
import { ServedSession } from './served-session.ts';

/** Snapshots kept at once; each keeps old records on disk alive. */
const SESSIONS_MAX = 64;
/** A puller needs one; a second may outlive a broken connection. */
const SESSIONS_OF_PEER_MAX = 2;

export interface ServedStatus {
  readonly peer: NodeId;
  readonly order: 'key' | 'version';
  readonly entries: number;
  readonly bytes: number;
}

interface Kept {
  readonly name: string;
  readonly peer: NodeId;
  readonly session: ServedSession;
  cancelTimer: () => void;
}

export class SessionServer {
  readonly #replica: Replica;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #sessionTimeoutMs: number;
  readonly #chunkBytes: number;
  /** The least recently used one first. */
  readonly #keptByName = new Map<string, Kept>();
  #stopped = false;

  constructor(
    replica: Replica,
    clock: Clock,
    random: Random,
    options: { readonly sessionTimeoutMs: number; readonly chunkBytes: number },
  ) {
    this.#replica = replica;
    this.#clock = clock;
    this.#random = random;
    this.#sessionTimeoutMs = options.sessionTimeoutMs;
    this.#chunkBytes = options.chunkBytes;
  }

  async open(peer: NodeId, { rows, restHash, empty }: Open): Promise<NewReply> {
    this.#checkServing();
    const actors = rows.map(({ actor }) => actor);
    const pinned = await this.#replica.pin(actors, restHash);
    if (pinned === undefined) throw new ServingFailure('stale', 'the context moved on since the digest');
    const order = empty && !pinned.bootstrapping ? 'key' : 'version';
    const session = new ServedSession(pinned, rows, order, this.#chunkBytes);
    if (this.#stopped) {
      await session.close();
      throw new ServingFailure('not-serving', 'the node stops');
    }
    const kept: Kept = { name: this.#newName(), peer, session, cancelTimer: () => {} };
    this.#makeRoom(peer);
    this.#keptByName.set(kept.name, kept);
    const chunk = await this.#guard(kept, () => session.first());
    return {
      type: 'opened',
      session: kept.name,
      order,
      rows: pinned.rows,
      horizon: pinned.horizon,
      bootstrapping: pinned.bootstrapping,
      wallMs: this.#clock.wallMs(),
      chunk,
    };
  }

  async next(peer: NodeId, { session: name, cursor }: Next): Promise<NewReply> {
    this.#checkServing();
    const kept = this.#keptByName.get(name);
    if (kept === undefined || kept.peer !== peer) {
      throw new ServingFailure('unknown-session', 'the session is not kept here any more');
    }
    return { type: 'next-reply', chunk: await this.#guard(kept, () => kept.session.chunkAt(cursor)) };
  }

  done(peer: NodeId, { session: name }: Done): void {
    const kept = this.#keptByName.get(name);
    if (kept !== undefined && kept.peer === peer) this.#drop(kept);
  }

  status(): ServedStatus[] {
    return [...this.#keptByName.values()].map(({ peer, session }) => {
      const { order, entries, bytes } = session;
      return { peer, order, entries, bytes };
    });
  }

  /** Drops every session; resolves when their snapshots are free. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#keptByName.values()].map((kept) => this.#drop(kept)));
  }

  #checkServing(): void {
    const reason = this.#stopped ? 'the node stops' : this.#replica.notServing();
    if (reason !== undefined) throw new ServingFailure('not-serving', reason);
  }

  async #guard<T>(kept: Kept, read: () => Promise<T>): Promise<T> {
    kept.cancelTimer();
    // Most recently used: to the end of the order.
    this.#keptByName.delete(kept.name);
    this.#keptByName.set(kept.name, kept);
    try {
      const result = await read();
      kept.cancelTimer = this.#clock.after(this.#sessionTimeoutMs, () => void this.#drop(kept));
      return result;
    } catch (error) {
      void this.#drop(kept);
      if (error instanceof MalformedBytes) throw new ServingFailure('invalid', error.message);
      if (error instanceof BoatoError && error.code === 'RECORD_DAMAGED') {
        throw new ServingFailure('not-serving', 'a record on its disk is damaged');
      }
      throw error;
    }
  }

  #makeRoom(peer: NodeId): void {
    const ofPeer = [...this.#keptByName.values()].filter((kept) => kept.peer === peer);
    for (const kept of ofPeer.slice(0, Math.max(0, ofPeer.length + 1 - SESSIONS_OF_PEER_MAX))) void this.#drop(kept);
    for (const kept of this.#keptByName.values()) {
      if (this.#keptByName.size < SESSIONS_MAX) return;
      void this.#drop(kept);
    }
  }

  /** Never fails: a snapshot that cannot be closed is gone with its store. */
  async #drop(kept: Kept): Promise<void> {
    kept.cancelTimer();
    this.#keptByName.delete(kept.name);
    await kept.session.close().catch(() => undefined);
  }

  #newName(): string {
    let name = '';
    for (let part = 0; part < 4; part++) name += this.#random.uint32().toString(16).padStart(8, '0');
    return name;
  }
}
