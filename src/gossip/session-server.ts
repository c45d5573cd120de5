/**
 * Serves sessions (R3, R5): opens them on pinned snapshots, and keeps them for a while (`kept-sessions.ts`).
 *
 * 1. A session goes on only with the node that opened it, on whichever connection.
 * 2. No session outlives the context that it was pinned with: when that is given up, its epoch ends, and all are void.
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
import { type Kept, KeptSessions } from './kept-sessions.ts';
import { unpackDots } from './comparison-lists.ts';
import type { Compare, Fetch, List, Sums } from './comparison-messages.ts';
import type { Notice } from './messages.ts';
import type { Next, Open } from './session-messages.ts';
import type { NewReply } from './pending-requests.ts';
import { ServedSession } from './served-session.ts';
import { ServingFailure } from './serving-failure.ts';
import { UnderWay } from './under-way.ts';

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

export class SessionServer {
  readonly kept: KeptSessions;
  readonly #dependencies: SessionServerDependencies;
  /** What is being opened, read, or closed. */
  readonly #underWay = new UnderWay();
  #isStopped = false;

  constructor(dependencies: SessionServerDependencies) {
    this.#dependencies = dependencies;
    this.kept = new KeptSessions({ ...dependencies, underWay: this.#underWay });
  }

  open(peer: NodeId, request: Open): Promise<NewReply> {
    return this.#underWay.track(this.#open(peer, request));
  }

  next(peer: NodeId, request: Next): Promise<NewReply> {
    return this.#underWay.track(this.#next(peer, request));
  }

  /** One message of a comparison. `notify`: tells once a second that it lasts. */
  compare(
    peer: NodeId,
    request: Compare | Sums | List | Fetch,
    notify: (notice: Notice) => void,
  ): Promise<NewReply> {
    return this.#underWay.track(this.#compare(peer, request, notify));
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
    const kept = this.kept.add({
      peer,
      rows: rows.length,
      session,
      comparison: new ServedComparison(pinned),
      compressor: compress ? compressor : undefined,
      epoch,
    });
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
    const kept = this.#ownOf(peer, name);
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
    const kept = this.#ownOf(peer, session);
    const tellAlive = (): void => notify({ type: 'keep-alive', session });
    return keepingAlive(clock, tellAlive, () =>
      this.#use(kept, async () => {
        const { comparison } = kept;
        switch (request.type) {
          case 'compare':
            if (await comparison.fold(request.depth)) return { type: 'compared' };
            await replica.giveUp('the entries do not add up to their sum', kept.epoch);
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
    const kept = this.kept.get(notice.session);
    if (kept?.peer !== peer) return;
    switch (notice.type) {
      case 'done':
        this.kept.drop(kept);
        return this.#dependencies.onDone?.(peer);
      case 'keep-alive':
        return this.kept.keepForAWhile(kept);
      case 'lost': {
        const dots = unpackDots(notice.dots, this.#dependencies.limits);
        return void this.#underWay.track(this.#lookForLost(kept, dots).catch(() => undefined));
      }
    }
  }

  /** R9: a peer holds what this node has seen and cannot explain the absence of. */
  async #lookForLost(kept: Kept, dots: readonly KeyDot[]): Promise<void> {
    const { replica } = this.#dependencies;
    const isSeen = (dot: KeyDot): boolean => replica.unseen([dot]).length === 0;
    const lost = await this.#use(kept, () => kept.comparison.lost(dots, isSeen));
    this.kept.drop(kept);
    if (lost.length > 0)
      await replica.giveUp(`node ${kept.peer} holds entries that were lost here`, kept.epoch);
  }

  /** The session of that name, if it is one of `peer`. */
  #ownOf(peer: NodeId, name: string): Kept {
    this.#checkServing();
    const kept = this.kept.get(name);
    const isVoid = kept?.epoch !== this.#dependencies.replica.epoch;
    if (kept?.peer === peer && !isVoid) return kept;
    if (kept !== undefined && isVoid) this.kept.drop(kept);
    throw new ServingFailure('unknown-session', 'the session is not kept here any more');
  }

  /** Drops every session, for good; resolves when their snapshots are free. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.kept.dropAll();
    // What is being opened just now is dropped, too, once it sees that the server has stopped.
    await this.#underWay.idle();
  }

  #whyNotServing(): string | undefined {
    return this.#isStopped ? 'the node stops' : this.#dependencies.replica.notServing();
  }

  #checkServing(): void {
    const reason = this.#whyNotServing();
    if (reason !== undefined) throw new ServingFailure('not-serving', reason);
  }

  async #use<T>(kept: Kept, read: () => Promise<T>): Promise<T> {
    try {
      return await this.kept.use(kept, read);
    } catch (error) {
      if (error instanceof MalformedBytes) throw new ServingFailure('invalid', error.message);
      throw error;
    }
  }
}

/** What was read, ready for the wire. */
async function travelling<T extends { readonly entries: Uint8Array }>(
  compressor: Compressor | undefined,
  read: Promise<T>,
): Promise<T & Travelling> {
  const plain = await read;
  return { ...plain, ...(await compressed(compressor, plain.entries)) };
}
