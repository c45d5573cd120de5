/**
 * The replica of a store that outlives failed writes: after one, the state in memory is ahead of the disk, and LevelDB
 * may acknowledge what a reopening does not find. So the database is closed and opened again, and a replica made of what
 * is really there takes the place of the fenced one.
 *
 * 1. Between a failed write and the end of the outage nothing is written: writers are told at once, with when it is tried
 *    next.
 * 2. Reads go on from the old replica until its store is closed; then they wait for the new one, for a while.
 * 3. Writes are taken again only when the room that the next reopening may need is set aside, where there ever was so
 *    much, and a write was seen to come to disk.
 */

import type { Actor } from '../core/actor.ts';
import { BoatoError } from '../core/errors.ts';
import type { TokenDot } from '../core/token.ts';
import { BackOff } from '../gossip/back-off.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import type { Rumour } from '../ports/replica.ts';
import type { StoredReplica } from '../storage/stored-replica.ts';
import { type Outage, readEnded, writeRefused } from './outage.ts';
import { RoomAside } from './room-aside.ts';
import type { StoreHome } from './store-home.ts';

/** Readers wait so long for a store that is being opened again; then they are told. */
const READ_WAIT_MS = 5000;

/** Between two attempts at most: whoever has made room waits for it. */
const PAUSE_MS_MAX = 10_000;

/** Who fails again sooner than this after an outage is tried again as if it had gone on. */
const STEADY_MS = 60_000;

/** Outages of one process that come of a defect of ours: beyond this, reopening hides more than it mends. */
const DEFECTS_MAX = 3;

/** Where a replica lives, as far as opening it again goes. */
export interface ReplicaHome extends Pick<StoreHome, 'checkReopening' | 'setRoomAside' | 'checkRoom'> {
  /** Opens the store again, which is closed, and what is on it. */
  reopen(before: StoredReplica): Promise<StoredReplica>;
  /** As of `StoreHome`, but never fails: the damage is met again. */
  requestSalvage?(): Promise<void>;
}

export interface LiveReplicaDependencies {
  readonly home: ReplicaHome;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Who waits for a write of an actor. */
interface Arrival {
  readonly actor: Actor;
  readonly look: () => void;
  unwatch: () => void;
}

export class LiveReplica {
  readonly #dependencies: LiveReplicaDependencies;
  readonly #backOff: BackOff;
  readonly #room: RoomAside;
  #current: StoredReplica;
  #isOpen = true;
  #outage: Outage | undefined;
  #steadySinceMs: number;
  #defects = 0;
  #onGivenUp: (error: BoatoError) => void = () => {};
  #onWritten: ((rumour: Rumour) => void) | undefined;
  /** Settles when the store that is closed now is open again, or has been closed for too long. */
  #reopened: Promise<void> | undefined;
  #endWait: () => void = () => {};
  readonly #awaited = new Set<Arrival>();
  /** Who waits for another replica. */
  readonly #waiting = new Set<() => void>();
  #cancelAttempt: () => void = () => {};
  /** What runs: attempts, and the setting aside of room. Never rejects. */
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(first: StoredReplica, dependencies: LiveReplicaDependencies) {
    this.#dependencies = dependencies;
    this.#backOff = new BackOff(dependencies.random, PAUSE_MS_MAX);
    this.#steadySinceMs = dependencies.clock.monotonicMs();
    this.#current = first;
    this.#room = new RoomAside({
      ...dependencies,
      run: (work) => this.#run(work),
      isOut: () => this.#outage !== undefined,
    });
    this.#watch(first);
    this.#room.keep();
  }

  /** Another one after each outage; its store may be closed for a moment. */
  get current(): StoredReplica {
    return this.#current;
  }

  /** Since when, and why, nothing is written. */
  get outage(): Readonly<Outage> | undefined {
    return this.#outage;
  }

  /** What readers wait for, while there is something to wait for. */
  get reopened(): Promise<void> | undefined {
    return this.#reopened;
  }

  /** Called once, when no attempt follows any more. */
  onGivenUp(callback: (error: BoatoError) => void): void {
    this.#onGivenUp = callback;
    if (this.#outage?.isGivenUp === true) callback(this.#outage.error);
  }

  /** Fails with `STORE_FENCED`. */
  assertWritable(): void {
    if (this.#outage !== undefined) throw writeRefused(this.#outage, this.#dependencies.clock.wallMs());
  }

  /** As the replica has it; fails with `STORE_FENCED` for what may not have come to disk. */
  async isSeen(dot: TokenDot): Promise<boolean> {
    try {
      return await this.#current.isSeen(dot);
    } catch (error) {
      throw this.explained(error);
    }
  }

  /** As the replica has it; told also when another one has taken its place. */
  onArrival(actor: Actor, look: () => void): () => void {
    const arrival = { actor, look, unwatch: this.#current.onArrival(actor, look) };
    this.#awaited.add(arrival);
    return () => {
      arrival.unwatch();
      this.#awaited.delete(arrival);
    };
  }

  /** After a read that failed with `error`: the replica to read from again. Fails if there is no other one. */
  async afterClosing(error: unknown, readFrom: StoredReplica): Promise<StoredReplica> {
    const told = this.explained(error);
    if (told === error) throw error;
    await this.#reopened;
    if (!this.#isOpen || this.#current === readFrom) throw told;
    return this.#current;
  }

  /** What is told to whoever meets `error` in reading: a store that was closed to be opened again is not closed. */
  explained(error: unknown): unknown {
    const isClosed = error instanceof BoatoError && error.code === 'STORE_CLOSED';
    return isClosed && !this.#isStopped ? readEnded(this.#isOpen, error) : error;
  }

  /**
   * Waits for the replica that takes the place of `before`, however long that takes; `undefined` if the store is closed first.
   * Fails if it is given up.
   */
  async after(before: StoredReplica): Promise<StoredReplica | undefined> {
    while (this.#current === before && !this.#isStopped) {
      if (this.#outage?.isGivenUp === true) throw this.#outage.error;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
    return this.#isStopped ? undefined : this.#current;
  }

  /** As the replica has it, also for the ones that take its place. */
  onWritten(tell: (rumour: Rumour) => void): void {
    this.#onWritten = tell;
    this.#current.onWritten(tell);
  }

  /** Begins nothing more. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelAttempt();
    this.#room.stop();
    this.#endWait();
    this.#wake();
  }

  /** Waits for what runs, then closes the replica. */
  async close(): Promise<void> {
    this.stop();
    await this.#running;
    await this.#current.close();
  }

  #watch(replica: StoredReplica): void {
    replica.onFence((error, isDefect) => {
      if (replica.isUnreadable) this.#run(async () => this.#dependencies.home.requestSalvage?.());
      this.#fenced(error, isDefect);
    });
    if (this.#onWritten !== undefined) replica.onWritten(this.#onWritten);
    // What was met in opening may have been noted on a disk that failed.
    if (replica.fenced !== undefined) this.#fenced(replica.fenced, false);
  }

  #watchArrivals(): void {
    for (const arrival of this.#awaited) {
      arrival.unwatch();
      arrival.unwatch = this.#current.onArrival(arrival.actor, arrival.look);
      arrival.look();
    }
  }

  /** Who waits for another replica looks again. */
  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  #fenced(error: BoatoError, isDefect: boolean): void {
    const { clock, log } = this.#dependencies;
    const isNew = this.#outage === undefined;
    this.#outage ??= {
      error,
      sinceMs: clock.wallMs(),
      attempts: 0,
      lastError: undefined,
      nextAttemptMs: undefined,
      isGivenUp: false,
    };
    if (isDefect && ++this.#defects > DEFECTS_MAX) {
      log.error(
        { defects: this.#defects },
        'An invariant was broken again and again: the store stays fenced.',
      );
      this.#outage.isGivenUp = true;
      this.#outage.nextAttemptMs = undefined;
      this.#cancelAttempt();
      this.#onGivenUp(error);
      this.#wake();
      return;
    }
    // Otherwise an attempt runs, or is to come, and sees to it.
    if (!isNew) return;
    if (clock.monotonicMs() - this.#steadySinceMs >= STEADY_MS) this.#backOff.reset();
    this.#tryLater(this.#outage);
  }

  #tryLater(outage: Outage): void {
    if (this.#isStopped || outage.isGivenUp) return;
    const { clock } = this.#dependencies;
    const delayMs = this.#backOff.nextMs();
    outage.nextAttemptMs = clock.wallMs() + delayMs;
    this.#cancelAttempt = clock.after(delayMs, () => this.#run(() => this.#attempt(outage)));
  }

  /** One after another. */
  #run(work: () => Promise<void>): void {
    this.#running = this.#running.then(work);
  }

  /** Never fails. */
  async #attempt(outage: Outage): Promise<void> {
    const { log, clock } = this.#dependencies;
    outage.nextAttemptMs = undefined;
    outage.attempts++;
    const { attempts } = outage;
    try {
      if (this.#current.fenced !== undefined) await this.#exchange();
      await this.#room.check();
      if (this.#isStopped) return;
      // LevelDB takes no writes once it could not compact for want of room, though there is room by now.
      await this.#current.probe();
      // What runs by itself, such as a check, writes, too.
      if (this.#current.fenced !== undefined) throw this.#current.fenced;
      if (outage.isGivenUp) return;
      this.#outage = undefined;
      this.#steadySinceMs = clock.monotonicMs();
      this.#room.keep();
      log.info({ attempts }, 'The store was opened again after a failed write, and takes writes.');
    } catch (error) {
      outage.lastError = error;
      log.warn(
        { attempts, error: String(error) },
        'The store does not take writes again yet; it is tried again.',
      );
      this.#tryLater(outage);
    }
  }

  async #exchange(): Promise<void> {
    const { home, clock } = this.#dependencies;
    const old = this.#current;
    if (this.#isOpen) await home.checkReopening();
    if (this.#isStopped) return;
    this.#reopened = new Promise((resolve) => (this.#endWait = resolve));
    const cancel = clock.after(READ_WAIT_MS, () => this.#endWait());
    try {
      this.#isOpen = false;
      await old.close();
      this.#current = await home.reopen(old);
      this.#isOpen = true;
      this.#watch(this.#current);
      this.#watchArrivals();
      this.#wake();
    } finally {
      cancel();
      this.#endWait();
      this.#reopened = undefined;
    }
  }
}
