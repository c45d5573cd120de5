/** R10: rumours that came before the ones ahead of them, kept for a moment; a few, since the next pull brings them, too. */

import type { Actor, NodeId } from '../core/actor.ts';
import type { Rumour } from '../ports/replica.ts';
import { openingOf } from './rumour-codec.ts';

/** In all. */
const HELD_MAX = 256;

export interface Held {
  readonly rumour: Rumour;
  readonly from: NodeId;
}

export class HeldRumours {
  readonly #heldByActor = new Map<Actor, Held[]>();
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /** `false`: there are too many. */
  add(held: Held): boolean {
    if (this.#count >= HELD_MAX) return false;
    const { actor } = openingOf(held.rumour);
    const others = this.#heldByActor.get(actor) ?? [];
    this.#heldByActor.set(actor, [...others, held]);
    this.#count++;
    return true;
  }

  /** Those of `actor`, ascending: what came ahead of them may be here now. */
  take(actor: Actor): readonly Held[] {
    const held = this.#heldByActor.get(actor) ?? [];
    this.#heldByActor.delete(actor);
    this.#count -= held.length;
    return held.toSorted((a, b) => openingOf(a.rumour).first - openingOf(b.rumour).first);
  }

  /** Who told what is held: none of it is any more. */
  clear(): ReadonlySet<NodeId> {
    const tellers = new Set([...this.#heldByActor.values()].flatMap((held) => held.map(({ from }) => from)));
    this.#heldByActor.clear();
    this.#count = 0;
    return tellers;
  }
}
