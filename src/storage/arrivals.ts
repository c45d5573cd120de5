/** Who waits for a write of an actor is told when it may have come. */

import type { Actor } from '../core/actor.ts';
import type { LiveRow } from './context-table.ts';

export class Arrivals {
  readonly #looksByActor = new Map<Actor, Set<() => void>>();
  #wasBootstrapping: boolean;

  constructor(isBootstrapping: boolean) {
    this.#wasBootstrapping = isBootstrapping;
  }

  /** Calls `look` when a write of `actor` may have come, until the function returned is called. */
  watch(actor: Actor, look: () => void): () => void {
    const looks = this.#looksByActor.get(actor) ?? new Set();
    this.#looksByActor.set(actor, looks.add(look));
    return () => {
      looks.delete(look);
      if (looks.size === 0 && this.#looksByActor.get(actor) === looks) this.#looksByActor.delete(actor);
    };
  }

  /** After a commit, which wrote these rows. Whether single dots count changes with the end of a first copy, for all. */
  look(rows: readonly Pick<LiveRow, 'actor'>[], isBootstrapping: boolean): void {
    const isCopyOver = this.#wasBootstrapping && !isBootstrapping;
    this.#wasBootstrapping = isBootstrapping;
    if (this.#looksByActor.size === 0) return;
    const actors = isCopyOver ? [...this.#looksByActor.keys()] : rows.map(({ actor }) => actor);
    for (const actor of actors) for (const look of this.#looksByActor.get(actor) ?? []) look();
  }
}
