/**
 * A cluster that was split finds together: whoever is down may live in another part of it. So now and then, after pauses that
 * grow until somebody else is down, a node with a partial view dials one of those, and one of the seeds that are not known to
 * be up. Who turns out to live is joined, as by a newcomer, so that the views of both parts mix. (In a cluster of more members
 * than a node may know, a seed may be up unknown to it, and seeds would have much to do: those that are down must do.)
 */

import type { NodeId } from '../core/actor.ts';
import { someOf } from '../membership/shuffled.ts';
import type { Random } from '../ports/random.ts';
import type { Link } from './link.ts';

/** Between two attempts, about. */
const PAUSE_MS_MIN = 15_000;
const PAUSE_MS_MAX = 300_000;

export interface PartSearchDependencies {
  readonly random: Random;
  readonly linkTo: (member: NodeId) => Link | undefined;
  /** Dials one of the seeds whose node is not linked, and none of these; none at all where not all members can be known. */
  readonly dialSeedBut: (present: ReadonlySet<NodeId>) => void;
  /** It lives, and is linked. */
  readonly join: (member: NodeId) => void;
}

/** What membership tells, at one moment. */
export interface Known {
  /** Members that count as down, */
  readonly down: ReadonlySet<NodeId>;
  /** and the others. */
  readonly present: ReadonlySet<NodeId>;
}

export class PartSearch {
  readonly #dependencies: PartSearchDependencies;
  #down: ReadonlySet<NodeId> = new Set();
  #sought: NodeId | undefined;
  #pauseMs = PAUSE_MS_MIN;
  #nextAtMs: number;
  /** Reached by this node while they were none of those that are present. */
  readonly #found = new Set<NodeId>();

  /** `nowMs`: monotonic time, here as elsewhere. */
  constructor(dependencies: PartSearchDependencies, nowMs: number) {
    this.#dependencies = dependencies;
    this.#nextAtMs = nowMs + PAUSE_MS_MIN;
  }

  /** One that is down, and is to be dialled. */
  get sought(): NodeId | undefined {
    return this.#sought;
  }

  linked({ nodeId, direction }: Link, { present }: Known): void {
    if (direction === 'outbound' && !present.has(nodeId)) this.#found.add(nodeId);
  }

  /** Now and again. Who has nobody in its view dials its seeds anyway. */
  look(known: Known, isAlone: boolean, nowMs: number): void {
    const { random, dialSeedBut } = this.#dependencies;
    this.#joinFound(known);
    if ([...known.down].some((member) => !this.#down.has(member))) {
      this.#pauseMs = PAUSE_MS_MIN;
      this.#nextAtMs = Math.min(this.#nextAtMs, nowMs + PAUSE_MS_MIN);
    }
    this.#down = known.down;
    // Whoever is up needs no link for that any more.
    if (this.#sought !== undefined && !known.down.has(this.#sought)) this.#sought = undefined;
    if (nowMs < this.#nextAtMs) return;
    this.#nextAtMs = nowMs + this.#pauseMs * (0.5 + random.fraction());
    this.#pauseMs = Math.min(2 * this.#pauseMs, PAUSE_MS_MAX);
    [this.#sought] = someOf([...known.down], 1, random);
    if (!isAlone) dialSeedBut(known.present);
  }

  /** Once membership has heard that they are up: a process that is stopped has links, too. */
  #joinFound({ present }: Known): void {
    for (const member of this.#found) {
      const isLinked = this.#dependencies.linkTo(member) !== undefined;
      if (isLinked && !present.has(member)) continue;
      this.#found.delete(member);
      if (isLinked) this.#dependencies.join(member);
    }
  }
}
