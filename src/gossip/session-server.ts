/**
 * Serves sessions (R3, R5): opens them on pinned snapshots, and keeps them for a while after their last message.
 *
 * 1. A session goes on only with the node that opened it, on whichever connection.
 * 2. At most `SESSIONS_OF_PEER_MAX` are kept for a node and `SESSIONS_MAX` in all; the one least lately used makes room.
 * 3. No session outlives the state that it was pinned on: when the node starts over, all are dropped first.
 */

import type { NodeId } from '../core/actor.ts';
import { MalformedBytes } from '../core/byte-reader.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { Replica } from '../ports/replica.ts';
import type { Done, Next, Open } from './messages.ts';
import type { NewReply } from './pending-requests.ts';
import { ServedSession } from './served-session.ts';
import { ServingFailure } from './serving-failure.ts';

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

export interface SessionServerDependencies {
  readonly replica: Replica;
  readonly clock: Clock;
  readonly random: Random;
  readonly sessionTimeoutMs: number;
  readonly chunkBytes: number;
}

interface Kept {
  readonly name: string;
  readonly peer: NodeId;
  readonly session: ServedSession;
  cancelTimer: () => void;
}

export class SessionServer {
  readonly #dependencies: SessionServerDependencies;
  /** The least lately used one first. */
  readonly #keptByName = new Map<string, Kept>();
  /** What is being opened, read, or closed. */
  readonly #busy = new Set<Promise<void>>();
  /** Why nothing is served at the moment, apart from what the replica says. */
  #pausedBecause: string | undefined;

  constructor(dependencies: SessionServerDependencies) {
    this.#dependencies = dependencies;
  }

  open(peer: NodeId, request: Open): Promise<NewReply> {
    return this.#track(this.#open(peer, request));
  }

  next(peer: NodeId, request: Next): Promise<NewReply> {
    return this.#track(this.#next(peer, request));
  }

  async #open(peer: NodeId, { rows, restHash, empty }: Open): Promise<NewReply> {
    this.#checkServing();
    const { replica, clock, chunkBytes } = this.#dependencies;
    const actors = rows.map(({ actor }) => actor);
    const pinned = await replica.pin(actors, restHash);
    if (pinned === undefined) throw new ServingFailure('stale', 'the context moved on since the digest');
    const order = empty && !pinned.bootstrapping ? 'key' : 'version';
    const session = new ServedSession(pinned, rows, order, chunkBytes);
    // It may have been paused meanwhile.
    if (this.#whyNotServing() !== undefined) await session.close();
    this.#checkServing();
    this.#makeRoom(peer);
    const kept: Kept = { name: this.#newName(), peer, session, cancelTimer: () => {} };
    const chunk = await this.#use(kept, () => session.first());
    return {
      type: 'opened',
      session: kept.name,
      order,
      rows: pinned.rows,
      horizon: pinned.horizon,
      bootstrapping: pinned.bootstrapping,
      wallMs: clock.wallMs(),
      chunk,
    };
  }

  async #next(peer: NodeId, { session: name, cursor }: Next): Promise<NewReply> {
    this.#checkServing();
    const kept = this.#keptByName.get(name);
    if (kept?.peer !== peer) {
      throw new ServingFailure('unknown-session', 'the session is not kept here any more');
    }
    return { type: 'next-reply', chunk: await this.#use(kept, () => kept.session.chunkAt(cursor)) };
  }

  done(peer: NodeId, { session: name }: Done): void {
    const kept = this.#keptByName.get(name);
    if (kept?.peer === peer) this.#drop(kept);
  }

  status(): ServedStatus[] {
    return [...this.#keptByName.values()].map(({ peer, session }) => {
      const { order, entries, bytes } = session;
      return { peer, order, entries, bytes };
    });
  }

  /** Drops every session, and serves none until `task` is through. */
  async pauseFor(reason: string, task: () => Promise<void>): Promise<void> {
    const before = this.#pausedBecause;
    this.#pausedBecause = reason;
    try {
      await this.#dropAll();
      await task();
    } finally {
      this.#pausedBecause = before;
    }
  }

  /** Drops every session, for good; resolves when their snapshots are free. */
  async stop(): Promise<void> {
    this.#pausedBecause = 'the node stops';
    await this.#dropAll();
  }

  #whyNotServing(): string | undefined {
    return this.#pausedBecause ?? this.#dependencies.replica.notServing();
  }

  #checkServing(): void {
    const reason = this.#whyNotServing();
    if (reason !== undefined) throw new ServingFailure('not-serving', reason);
  }

  /** Reads from a session, which is kept for a while longer, unless reading fails. */
  async #use<T>(kept: Kept, read: () => Promise<T>): Promise<T> {
    kept.cancelTimer();
    this.#keptByName.delete(kept.name);
    this.#keptByName.set(kept.name, kept);
    try {
      const result = await read();
      this.#keepForAWhile(kept);
      return result;
    } catch (error) {
      this.#drop(kept);
      if (error instanceof MalformedBytes) throw new ServingFailure('invalid', error.message);
      throw error;
    }
  }

  /** Unless it was dropped while it was read. */
  #keepForAWhile(kept: Kept): void {
    if (this.#keptByName.get(kept.name) !== kept) return;
    const { clock, sessionTimeoutMs } = this.#dependencies;
    kept.cancelTimer();
    kept.cancelTimer = clock.after(sessionTimeoutMs, () => this.#drop(kept));
  }

  #makeRoom(peer: NodeId): void {
    const all = [...this.#keptByName.values()];
    const ofPeer = all.filter((kept) => kept.peer === peer);
    const surplus = new Set([
      ...ofPeer.slice(0, Math.max(0, ofPeer.length + 1 - SESSIONS_OF_PEER_MAX)),
      ...all.slice(0, Math.max(0, all.length + 1 - SESSIONS_MAX)),
    ]);
    for (const kept of surplus) this.#drop(kept);
  }

  async #dropAll(): Promise<void> {
    for (const kept of this.#keptByName.values()) this.#drop(kept);
    // What is being opened just now is dropped, too, once it sees that the server is paused.
    while (this.#busy.size > 0) await Promise.all(this.#busy);
  }

  #drop(kept: Kept): void {
    kept.cancelTimer();
    this.#keptByName.delete(kept.name);
    // A snapshot that cannot be closed is gone with its store.
    void this.#track(kept.session.close().catch(() => undefined));
  }

  #track<T>(work: Promise<T>): Promise<T> {
    const end = (): void => void this.#busy.delete(settled);
    const settled: Promise<void> = work.then(end, end);
    this.#busy.add(settled);
    return work;
  }

  #newName(): string {
    const { random } = this.#dependencies;
    let name = '';
    for (let part = 0; part < 4; part++) name += random.uint32().toString(16).padStart(8, '0');
    return name;
  }
}
