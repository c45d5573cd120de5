/**
 * Serves sessions (R3, R5): opens them on pinned snapshots, and keeps them for a while after their last message.
 *
 * 1. A session goes on only with the node that opened it, on whichever connection.
 * 2. A bounded number is kept for a node, and in all (`session-room.ts`); the one least lately used makes room.
 * 3. No session outlives the context that it was pinned with: when that is given up, its epoch ends, and all are void.
 */

import type { NodeId } from '../core/actor.ts';
import { MalformedBytes } from '../core/byte-reader.ts';
import type { Limits } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { Compressor } from '../ports/compressor.ts';
import type { Random } from '../ports/random.ts';
import type { KeyDot, Replica } from '../ports/replica.ts';
import { compressed, type Travelling } from './compressed.ts';
import { ServedComparison } from './served-comparison.ts';
import { keepingAlive } from './keep-alive.ts';
import { unpackDots } from './comparison-lists.ts';
import type { Compare, Fetch, List, Sums } from './comparison-messages.ts';
import type { Notice } from './messages.ts';
import type { Next, Open } from './session-messages.ts';
import type { NewReply } from './pending-requests.ts';
import { ServedSession } from './served-session.ts';
import { inTheWayOf, type RoomTaker } from './session-room.ts';
import { ServingFailure } from './serving-failure.ts';

/** Nodes of which is remembered how many entries they were sent. */
const COUNTED_PEERS_MAX = 1024;

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
  readonly limits: Limits;
  readonly sessionTimeoutMs: number;
  readonly chunkBytes: number;
  /** Absent: chunks travel as they are. */
  readonly compressor?: Compressor | undefined;
  /** A peer needs its session no more. */
  readonly onDone?: (peer: NodeId) => void;
}

interface Kept extends RoomTaker {
  readonly name: string;
  readonly session: ServedSession;
  readonly comparison: ServedComparison;
  /** If both sides want it. */
  readonly compressor: Compressor | undefined;
  /** Of the replica when it was opened. */
  readonly epoch: number;
  cancelTimer: () => void;
}

export class SessionServer {
  readonly #dependencies: SessionServerDependencies;
  /** The least lately used one first. */
  readonly #keptByName = new Map<string, Kept>();
  /** Entries that were sent in sessions that are gone. */
  readonly #sentByPeer = new Map<NodeId, number>();
  /** What is being opened, read, or closed. */
  readonly #busy = new Set<Promise<void>>();
  #isStopped = false;

  constructor(dependencies: SessionServerDependencies) {
    this.#dependencies = dependencies;
  }

  open(peer: NodeId, request: Open): Promise<NewReply> {
    return this.#track(this.#open(peer, request));
  }

  next(peer: NodeId, request: Next): Promise<NewReply> {
    return this.#track(this.#next(peer, request));
  }

  /** One message of a comparison. `tellAlive`: called once a second while it takes long. */
  compare(
    peer: NodeId,
    request: Compare | Sums | List | Fetch,
    notify: (notice: Notice) => void,
  ): Promise<NewReply> {
    return this.#track(this.#compare(peer, request, notify));
  }

  async #open(peer: NodeId, { rows, restHash, empty, compare, compress }: Open): Promise<NewReply> {
    this.#checkServing();
    const { replica, clock, chunkBytes, compressor } = this.#dependencies;
    const { epoch } = replica;
    const actors = rows.map(({ actor }) => actor);
    const pinned = await replica.pin(actors, restHash);
    if (pinned === undefined) throw new ServingFailure('stale', 'the context moved on since the digest');
    if (compare && pinned.bootstrapping) {
      await pinned.close();
      throw new ServingFailure('not-serving', 'its first copy of the data is not complete yet');
    }
    const order = empty && !compare && !pinned.bootstrapping ? 'key' : 'version';
    const session = new ServedSession(pinned, rows, order, chunkBytes);
    // It may have been stopped meanwhile.
    if (this.#whyNotServing() !== undefined) await session.close();
    this.#checkServing();
    for (const surplus of inTheWayOf({ peer, rows: rows.length }, [...this.#keptByName.values()]))
      this.#drop(surplus);
    const kept: Kept = {
      name: this.#newName(),
      peer,
      rows: rows.length,
      session,
      comparison: new ServedComparison(pinned),
      compressor: compress ? compressor : undefined,
      epoch,
      cancelTimer: () => {},
    };
    const chunk = await this.#use(kept, () =>
      travelling(kept.compressor, compare ? session.nothing() : session.first()),
    );
    return {
      type: 'opened',
      session: kept.name,
      order,
      rows: pinned.rows,
      horizon: pinned.horizon,
      bootstrapping: pinned.bootstrapping,
      entries: pinned.all.count,
      wallMs: clock.wallMs(),
      chunk,
    };
  }

  async #next(peer: NodeId, { session: name, cursor, compress }: Next): Promise<NewReply> {
    const kept = this.#kept(peer, name);
    const compressor = compress ? kept.compressor : undefined;
    const chunk = await this.#use(kept, () => travelling(compressor, kept.session.chunkAt(cursor)));
    return { type: 'next-reply', chunk };
  }

  async #compare(
    peer: NodeId,
    request: Compare | Sums | List | Fetch,
    notify: (notice: Notice) => void,
  ): Promise<NewReply> {
    const { replica, clock } = this.#dependencies;
    const { session } = request;
    const kept = this.#kept(peer, session);
    const tellAlive = (): void => notify({ type: 'keep-alive', session });
    return keepingAlive(clock, tellAlive, () =>
      this.#use(kept, async () => {
        const { comparison } = kept;
        switch (request.type) {
          case 'compare':
            if (await comparison.fold(request.depth)) return { type: 'compared' };
            await replica.giveUp('the entries do not add up to their sum');
            throw new ServingFailure('not-serving', 'its entries do not add up to their sum');
          case 'sums':
            return { type: 'sums-reply', sums: comparison.sums(request.level, request.nodes) };
          case 'list':
            return { type: 'list-reply', ...(await comparison.list(request.buckets, request.after)) };
          case 'fetch':
            return {
              type: 'fetch-reply',
              ...(await travelling(kept.compressor, comparison.fetch(request.keys))),
            };
        }
      }),
    );
  }

  /** What the other side says of a session. Throws `MalformedBytes`. */
  notice(peer: NodeId, notice: Notice): void {
    const kept = this.#keptByName.get(notice.session);
    if (kept?.peer !== peer) return;
    switch (notice.type) {
      case 'done':
        this.#drop(kept);
        return this.#dependencies.onDone?.(peer);
      case 'keep-alive':
        return this.#keepForAWhile(kept);
      case 'lost': {
        const dots = unpackDots(notice.dots, this.#dependencies.limits);
        return void this.#track(this.#lookForLost(kept, dots).catch(() => undefined));
      }
    }
  }

  /** R9: a peer holds what this node has seen and cannot explain the absence of. */
  async #lookForLost(kept: Kept, dots: readonly KeyDot[]): Promise<void> {
    const { replica } = this.#dependencies;
    const isSeen = (dot: KeyDot): boolean => replica.unseen([dot]).length === 0;
    const lost = await this.#use(kept, () => kept.comparison.lost(dots, isSeen));
    this.#drop(kept);
    if (lost.length === 0 || replica.epoch !== kept.epoch) return;
    await replica.giveUp(`node ${kept.peer} holds entries that were lost here`);
  }

  #kept(peer: NodeId, name: string): Kept {
    this.#checkServing();
    const kept = this.#keptByName.get(name);
    const isVoid = kept?.epoch !== this.#dependencies.replica.epoch;
    if (kept?.peer === peer && !isVoid) return kept;
    if (kept !== undefined && isVoid) this.#drop(kept);
    throw new ServingFailure('unknown-session', 'the session is not kept here any more');
  }

  /** How many entries a peer was sent so far. */
  sentTo(peer: NodeId): number {
    let sent = this.#sentByPeer.get(peer) ?? 0;
    for (const kept of this.#keptByName.values()) if (kept.peer === peer) sent += sentIn(kept);
    return sent;
  }

  isServing(peer: NodeId): boolean {
    return [...this.#keptByName.values()].some((kept) => kept.peer === peer);
  }

  /** The peer has begun a comparison, and not ended it. */
  isComparing(peer: NodeId): boolean {
    return [...this.#keptByName.values()].some((kept) => kept.peer === peer && kept.comparison.hasBegun);
  }

  status(): ServedStatus[] {
    return [...this.#keptByName.values()].map(({ peer, session }) => {
      const { order, entries, bytes } = session;
      return { peer, order, entries, bytes };
    });
  }

  /** Drops every session, for good; resolves when their snapshots are free. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const kept of this.#keptByName.values()) this.#drop(kept);
    // What is being opened just now is dropped, too, once it sees that the server has stopped.
    while (this.#busy.size > 0) await Promise.all(this.#busy);
  }

  #whyNotServing(): string | undefined {
    return this.#isStopped ? 'the node stops' : this.#dependencies.replica.notServing();
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

  #drop(kept: Kept): void {
    kept.cancelTimer();
    if (this.#keptByName.delete(kept.name)) this.#countSent(kept);
    // A snapshot that cannot be closed is gone with its store.
    void this.#track(closeBoth(kept).catch(() => undefined));
  }

  #countSent(kept: Kept): void {
    const { peer } = kept;
    const sent = (this.#sentByPeer.get(peer) ?? 0) + sentIn(kept);
    this.#sentByPeer.delete(peer);
    this.#sentByPeer.set(peer, sent);
    const [oldest] = this.#sentByPeer.keys();
    if (this.#sentByPeer.size > COUNTED_PEERS_MAX && oldest !== undefined) this.#sentByPeer.delete(oldest);
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

function sentIn({ session, comparison }: Kept): number {
  return session.entries + comparison.entries;
}

/** What was read, ready for the wire. */
async function travelling<T extends { readonly entries: Uint8Array }>(
  compressor: Compressor | undefined,
  read: Promise<T>,
): Promise<T & Travelling> {
  const plain = await read;
  return { ...plain, ...(await compressed(compressor, plain.entries)) };
}

async function closeBoth({ comparison, session }: Kept): Promise<void> {
  await comparison.close();
  await session.close();
}
