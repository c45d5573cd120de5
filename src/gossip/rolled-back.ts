/**
 * Notices that this node's own past is not all here: a peer has seen more of this node's own writes than it has. Its disk was
 * rolled back, restored from a backup, or wiped. No harm: an actor is never used again, so no dot can be used twice, and
 * what is missing comes back as sessions complete. What lies too far in the future proves nothing: a repair of the clock has
 * taken it out here (R11), and the peer has not repaired its own yet.
 */

import { type Actor, type NodeId, nodeIdOf } from '../core/actor.ts';
import { isTrivial, type Row } from '../core/context.ts';
import { receivedVersionMax } from '../core/drift.ts';
import type { Version } from '../core/version.ts';
import type { Clock } from '../ports/clock.ts';
import type { Replica } from '../ports/replica.ts';
import type { Link } from './link.ts';
import type { Warnings } from './warnings.ts';

const CODE = 'ROLLED_BACK';

export class RolledBack {
  readonly #replica: Replica;
  readonly #warnings: Warnings;
  readonly #clock: Clock;
  readonly #maxDriftMs: number;
  readonly #isTwins: (row: Row) => boolean;
  /** Up to which version each peer has received own actors, by its last word, as far as that is not covered here. */
  readonly #shownByPeer = new Map<NodeId, Map<Actor, Version>>();
  /** Under whose name the one warning is raised. */
  #raisedFor: NodeId | undefined;

  /** `isTwins`: whether a row is of another live node under this name, which is another matter. */
  constructor(
    replica: Replica,
    warnings: Warnings,
    clock: Clock,
    maxDriftMs: number,
    isTwins: (row: Row) => boolean,
  ) {
    this.#replica = replica;
    this.#warnings = warnings;
    this.#clock = clock;
    this.#maxDriftMs = maxDriftMs;
    this.#isTwins = isTwins;
  }

  /** `rows`: all of the peer's on which the two nodes differ. */
  look({ nodeId: peer }: Pick<Link, 'nodeId'>, rows: readonly Row[]): void {
    // A node that gave up its context knows less than it did, and says so by itself.
    if (this.#replica.isHealing()) return;
    const max = receivedVersionMax(this.#clock.wallMs(), this.#maxDriftMs);
    const shown = new Map<Actor, Version>();
    for (const row of rows) {
      const { actor, received } = row;
      if (nodeIdOf(actor) !== this.#replica.nodeId || isTrivial(row) || received > max) continue;
      if (!this.#isTwins(row)) shown.set(actor, received);
    }
    // What it showed before, and shows no more, it has no more: a repair of its clock took it out there, too.
    this.#shownByPeer.set(peer, shown);
    this.clearCovered();
  }

  /** The warning is gone as soon as all that was shown is covered. */
  clearCovered(): void {
    for (const [peer, shown] of this.#shownByPeer) {
      for (const [actor, received] of shown) if (this.#covers(actor, received)) shown.delete(actor);
      if (shown.size === 0) this.#shownByPeer.delete(peer);
    }
    const [peer] = this.#shownByPeer.keys();
    if (this.#raisedFor !== undefined) {
      if (this.#shownByPeer.has(this.#raisedFor)) return;
      this.#warnings.clear(CODE, this.#raisedFor);
    }
    this.#raisedFor = peer;
    if (peer === undefined) return;
    this.#warnings.raise(
      CODE,
      peer,
      `Node ${peer} has seen writes of this node that it does not know itself: its disk was rolled back, restored from a backup, or emptied, or a repair of its clock took them out. That is harmless: what is missing comes back from the peers by itself.`,
    );
  }

  /** Loose dots and clouds of an actor that is known say nothing for certain: only their sums travel. */
  #covers(actor: Actor, received: Version): boolean {
    const own = this.#replica.row(actor);
    return own !== undefined && !isTrivial(own) && own.received >= received;
  }
}
