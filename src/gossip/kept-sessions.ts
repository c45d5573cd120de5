/**
 * The sessions that a server keeps: each for a while after its last message (R5), so many of a node and in all as there is
 * room for (`session-room.ts`); the one least lately used makes room.
 */

import type { NodeId } from '../core/actor.ts';
import type { Clock } from '../ports/clock.ts';
import type { Compressor } from '../ports/compressor.ts';
import type { Random } from '../ports/random.ts';
import type { ServedComparison } from './served-comparison.ts';
import type { ServedSession } from './served-session.ts';
import { inTheWayOf, type RoomTaker } from './session-room.ts';
import type { UnderWay } from './under-way.ts';

/** Nodes of which is remembered how many entries they were sent. */
const COUNTED_PEERS_MAX = 1024;

export interface ServedStatus {
  readonly peer: NodeId;
  readonly order: 'key' | 'version';
  readonly entries: number;
  readonly bytes: number;
}

interface Opened extends RoomTaker {
  readonly session: ServedSession;
  readonly comparison: ServedComparison;
  /** If both sides want it. */
  readonly compressor: Compressor | undefined;
  /** Of the replica when it was opened. */
  readonly epoch: number;
}

export interface Kept extends Opened {
  readonly name: string;
  cancelTimer: () => void;
}

export interface KeptSessionsDependencies {
  readonly clock: Clock;
  readonly random: Random;
  readonly sessionTimeoutMs: number;
  /** Closing them is under way, too. */
  readonly underWay: UnderWay;
}

export class KeptSessions {
  readonly #dependencies: KeptSessionsDependencies;
  /** The least lately used one first. */
  readonly #byName = new Map<string, Kept>();
  /** Entries that were sent in sessions that are gone. */
  readonly #sentByPeer = new Map<NodeId, number>();

  constructor(dependencies: KeptSessionsDependencies) {
    this.#dependencies = dependencies;
  }

  get(name: string): Kept | undefined {
    return this.#byName.get(name);
  }

  /** Makes room for one, and names it; it is kept once it is used. */
  add(opened: Opened): Kept {
    for (const surplus of inTheWayOf(opened, [...this.#byName.values()])) this.drop(surplus);
    return { ...opened, name: this.#newName(), cancelTimer: () => {} };
  }

  /** Reads from a session, which is kept for a while longer, unless reading fails. */
  async use<T>(kept: Kept, read: () => Promise<T>): Promise<T> {
    kept.cancelTimer();
    this.#byName.delete(kept.name);
    this.#byName.set(kept.name, kept);
    try {
      const result = await read();
      this.keepForAWhile(kept);
      return result;
    } catch (error) {
      this.drop(kept);
      throw error;
    }
  }

  /** Unless it was dropped while it was read. */
  keepForAWhile(kept: Kept): void {
    if (this.#byName.get(kept.name) !== kept) return;
    const { clock, sessionTimeoutMs } = this.#dependencies;
    kept.cancelTimer();
    kept.cancelTimer = clock.after(sessionTimeoutMs, () => this.drop(kept));
  }

  drop(kept: Kept): void {
    kept.cancelTimer();
    if (this.#byName.delete(kept.name)) this.#countSent(kept);
    // A snapshot that cannot be closed is gone with its store.
    void this.#dependencies.underWay.track(closeBoth(kept).catch(() => undefined));
  }

  dropAll(): void {
    for (const kept of this.#byName.values()) this.drop(kept);
  }

  /** How many entries a peer was sent so far. */
  sentTo(peer: NodeId): number {
    return this.#of(peer).reduce((sum, kept) => sum + sentIn(kept), this.#sentByPeer.get(peer) ?? 0);
  }

  isServing(peer: NodeId): boolean {
    return this.#of(peer).length > 0;
  }

  /** The peer has begun a comparison, and not ended it. */
  isComparing(peer: NodeId): boolean {
    return this.#of(peer).some(({ comparison }) => comparison.hasBegun);
  }

  status(): ServedStatus[] {
    return [...this.#byName.values()].map(({ peer, session }) => {
      const { order, entries, bytes } = session;
      return { peer, order, entries, bytes };
    });
  }

  #of(peer: NodeId): Kept[] {
    return [...this.#byName.values()].filter((kept) => kept.peer === peer);
  }

  #countSent(kept: Kept): void {
    const { peer } = kept;
    const sent = (this.#sentByPeer.get(peer) ?? 0) + sentIn(kept);
    this.#sentByPeer.delete(peer);
    this.#sentByPeer.set(peer, sent);
    const [oldest] = this.#sentByPeer.keys();
    if (this.#sentByPeer.size > COUNTED_PEERS_MAX && oldest !== undefined) this.#sentByPeer.delete(oldest);
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

async function closeBoth({ comparison, session }: Kept): Promise<void> {
  await comparison.close();
  await session.close();
}
