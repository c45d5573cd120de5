/**
 * A peer's rows of some nodes, all of them, from those that it told: what these imply was not told.
 *
 * 1. What a row implies is known as soon as its actor's link is: links never change, so one that is known here will do.
 * 2. Where the link is not known here, its actor is `missing`: the peer is asked for the chain that begins there.
 * 3. A chain ends: each actor was born before its successor. (The codec refuses others.)
 */

import { type Actor, birthOf } from '../core/actor.ts';
import { type Predecessor, type Row, unknownRow } from '../core/context.ts';
import { impliedBy } from '../core/heads.ts';
import { isRetiredIn } from '../core/retirement.ts';
import type { Version } from '../core/version.ts';

export class PeerContext {
  /** As the peer has them. */
  readonly #toldByActor = new Map<Actor, Row>();
  /** Up to where what was told implies the others. */
  readonly #impliedByActor = new Map<Actor, Version>();
  /** Implied ones of which nobody knows yet what they imply. */
  readonly missing: Set<Actor> = new Set();
  readonly #ownRow: (actor: Actor) => Row | undefined;

  constructor(ownRow: (actor: Actor) => Row | undefined) {
    this.#ownRow = ownRow;
  }

  /** The peer's row of this actor, whatever was implied of it. */
  tell(row: Row): void {
    this.missing.delete(row.actor);
    this.#impliedByActor.delete(row.actor);
    this.#toldByActor.set(row.actor, row);
    this.#imply(row);
  }

  /** All of them, if nothing is missing. */
  rows(): readonly Row[] {
    const implied = [...this.#impliedByActor].map(([actor, version]): Row => {
      const predecessor = this.#ownRow(actor)?.predecessor;
      return { ...unknownRow(actor), received: version, closed: version, predecessor };
    });
    const rows = [...this.#toldByActor.values(), ...implied];
    // Of a node that is gone for ever, later runs may be told that name one which has no row any more.
    return rows.filter((row) => !isRetiredIn(row, (actor) => this.#toldByActor.get(actor)));
  }

  #imply(row: Row): void {
    let implied = impliedBy(row);
    while (implied !== undefined) {
      const { actor, closed } = implied;
      // It says itself what it implies.
      if (this.#toldByActor.has(actor)) return;
      const before = this.#impliedByActor.get(actor);
      if (before === undefined || before < closed) this.#impliedByActor.set(actor, closed);
      if (before !== undefined) return;
      implied = this.#linkOf(actor, closed);
    }
  }

  /** What the actor's row implies, if it is closed above its birth; it may be `missing`. */
  #linkOf(actor: Actor, closed: Version): Predecessor | undefined {
    const own = this.#ownRow(actor);
    if (own === undefined || (own.predecessor === undefined && own.received === birthOf(actor))) {
      this.missing.add(actor);
      return undefined;
    }
    return impliedBy({ ...own, closed });
  }
}
