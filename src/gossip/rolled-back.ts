/**
 * Notices that this node's own past is not all here: a peer has seen more of this node's own writes than it has. Its disk was
 * rolled back, restored from a backup, or wiped. No harm: an actor is never used again, so no dot can be used twice, and
 * what is missing comes back as sessions complete. What lies too far in the future proves nothing: a repair of the clock has
 * taken it out here (R11), and the peer has not repaired its own yet.
 */

import { type Actor, nodeIdOf } from '../core/actor.ts';
import { isTrivial, type Row } from '../core/context.ts';
import { receivedVersionMax } from '../core/drift.ts';
import { maxVersion, type Version, VERSION_ZERO } from '../core/version.ts';
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
  /** Up to which version a peer has received own actors, as far as that is not covered here. */
  readonly #shownByActor = new Map<Actor, Version>();
  /** Under whose name the one warning is raised. */
  #raisedFor: string | undefined;

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

  /** `rows`: the peer's, of actors on which the two nodes differ. */
  look({ nodeId: peer }: Pick<Link, 'nodeId'>, rows: readonly Row[]): void {
    // A node that gave up its context knows less than it did, and says so by itself.
    if (this.#replica.isHealing()) return;
    const max = receivedVersionMax(this.#clock.wallMs(), this.#maxDriftMs);
    for (const row of rows) {
      const { actor, received } = row;
      if (nodeIdOf(actor) !== this.#replica.nodeId || isTrivial(row) || received > max) continue;
      if (this.#isTwins(row)) continue;
      const before = this.#shownByActor.get(actor) ?? VERSION_ZERO;
      this.#shownByActor.set(actor, maxVersion(before, received));
    }
    this.clearCovered();
    if (this.#shownByActor.size === 0 || this.#raisedFor !== undefined) return;
    this.#raisedFor = peer;
    this.#warnings.raise(
      CODE,
      peer,
      `Node ${peer} has seen writes of this node that it does not know itself: its disk was rolled back, restored from a backup, or emptied, or a repair of its clock took them out. That is harmless: what is missing comes back from the peers by itself.`,
    );
  }

  /** The warning is gone as soon as all that was shown is covered. */
  clearCovered(): void {
    for (const [actor, received] of this.#shownByActor) {
      if (this.#covers(actor, received)) this.#shownByActor.delete(actor);
    }
    if (this.#shownByActor.size > 0 || this.#raisedFor === undefined) return;
    this.#warnings.clear(CODE, this.#raisedFor);
    this.#raisedFor = undefined;
  }

  /** Loose dots and clouds of an actor that is known say nothing for certain: only their sums travel. */
  #covers(actor: Actor, received: Version): boolean {
    const own = this.#replica.row(actor);
    return own !== undefined && !isTrivial(own) && own.received >= received;
  }
}
