/**
 * The other members, as far as this node knows them: merges what it hears. Of more than it may know a random choice stays, as
 * in a peer sampler: whoever is heard of takes the place of another.
 */

import type { NodeId } from '../core/actor.ts';
import type { Random } from '../ports/random.ts';
import { compareRecords, isLive, type MemberRecord, type Status, supersedes, type Update } from './member.ts';
import { RoundTrip } from './round-trip.ts';
import { someOf } from './shuffled.ts';

export interface KnownMember {
  record: MemberRecord;
  /** Monotonic time since which it has its status. */
  sinceMs: number;
  /** Monotonic time since which it is known here. */
  readonly knownSinceMs: number;
  /** Monotonic time of its last message to this node. */
  heardAtMs: number | undefined;
  readonly roundTrip: RoundTrip;
}

/** How long members that do not take part any more are kept, by status. */
export interface Retention {
  readonly memberRetentionMs: number;
  readonly forgottenRetentionMs: number;
}

export interface Change {
  readonly member: KnownMember;
  /** `undefined` if it was not known. */
  readonly before: MemberRecord | undefined;
}

export interface MemberTableOptions extends Retention {
  readonly membersMax: number;
}

export interface MemberTableDependencies {
  readonly random: Random;
  /** Whether it stays, however many there are. */
  readonly isKept: (member: NodeId) => boolean;
}

export class MemberTable {
  readonly #dependencies: MemberTableDependencies;
  readonly #options: MemberTableOptions;
  readonly #memberById = new Map<NodeId, KnownMember>();
  #live = 0;

  constructor(dependencies: MemberTableDependencies, options: MemberTableOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  /** Nobody new is known without another one's being dropped. */
  get isFull(): boolean {
    return this.#memberById.size >= this.#options.membersMax;
  }

  /** Members that are up or suspect. */
  get live(): number {
    return this.#live;
  }

  get(nodeId: NodeId): KnownMember | undefined {
    return this.#memberById.get(nodeId);
  }

  /** All, forgotten ones included, in no order. */
  all(): Iterable<KnownMember> {
    return this.#memberById.values();
  }

  /** What changed; `undefined` if what is known holds against it. */
  merge(update: Update, nowMs: number): Change | undefined {
    const known = this.#memberById.get(update.nodeId);
    if (known === undefined) return this.#add(update, nowMs);
    // One that is older is about to be dropped, all the same; and what a liar tells must not grow beyond what may be told on.
    const sinceMs = nowMs - Math.min(update.ageMs, this.#keptMs(update.status));
    if (compareRecords(update, known.record) === 0 && !isLive(update))
      known.sinceMs = Math.min(known.sinceMs, sinceMs);
    if (!supersedes(update, known.record)) return undefined;
    const before = known.record;
    this.#live += Number(isLive(update)) - Number(isLive(before));
    known.record = recordOf(update);
    if (update.status !== before.status || !isLive(update)) known.sinceMs = sinceMs;
    return { member: known, before };
  }

  /** Drops those that have been gone for long; returns how many. */
  prune(nowMs: number): number {
    let dropped = 0;
    for (const [nodeId, { record, sinceMs }] of this.#memberById) {
      if (nowMs - sinceMs < this.#keptMs(record.status)) continue;
      this.#memberById.delete(nodeId);
      dropped++;
    }
    return dropped;
  }

  #add(update: Update, nowMs: number): Change | undefined {
    // Else it would come back again and again from those who drop it a little later.
    if (update.ageMs >= this.#keptMs(update.status) || (this.isFull && !this.#makeRoom())) return undefined;
    const member: KnownMember = {
      record: recordOf(update),
      sinceMs: nowMs - update.ageMs,
      knownSinceMs: nowMs,
      heardAtMs: undefined,
      roundTrip: new RoundTrip(),
    };
    this.#memberById.set(update.nodeId, member);
    this.#live += Number(isLive(update));
    return { member, before: undefined };
  }

  /** Those that were forgotten go last: whoever has not heard of it would bring them back. */
  #makeRoom(): boolean {
    const { random, isKept } = this.#dependencies;
    const loose = [...this.#memberById.values()].filter(({ record }) => !isKept(record.nodeId));
    const known = loose.filter(({ record }) => record.status !== 'forgotten');
    const [dropped] = someOf(known.length > 0 ? known : loose, 1, random);
    if (dropped === undefined) return false;
    this.#memberById.delete(dropped.record.nodeId);
    this.#live -= Number(isLive(dropped.record));
    return true;
  }

  #keptMs(status: Status): number {
    switch (status) {
      case 'up':
      case 'suspect':
        return Number.POSITIVE_INFINITY;
      case 'down':
      case 'left':
        return this.#options.memberRetentionMs;
      case 'forgotten':
        return this.#options.forgottenRetentionMs;
    }
  }
}

/** Without what its teller added. */
function recordOf({
  nodeId,
  incarnation,
  status,
  address,
  version,
  protocolVersion,
  metadata,
}: Update): MemberRecord {
  return { nodeId, incarnation, status, address, version, protocolVersion, metadata };
}
