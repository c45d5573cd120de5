/** Calls on the replica of a store, which may be exchanged for another one under them; closing waits for them. */

import type { StoredReplica } from '../storage/stored-replica.ts';
import type { LiveReplica } from './live-replica.ts';

export class ReplicaCalls {
  readonly #live: LiveReplica;
  #underWay = 0;
  /** Called when nothing is under way any more. */
  #onIdle: () => void = () => {};

  constructor(live: LiveReplica) {
    this.#live = live;
  }

  /**
   * Begins `work` anew if the store was closed under it to be opened again. (Not for an iterator: nobody may read it on, and
   * closing would wait for ever.)
   */
  async run<T>(work: (replica: StoredReplica) => Promise<T>): Promise<T> {
    this.#underWay++;
    const replica = this.#live.current;
    try {
      return await work(replica);
    } catch (error) {
      return await work(await this.#live.afterClosing(error, replica));
    } finally {
      if (--this.#underWay === 0) this.#onIdle();
    }
  }

  /** Resolves when none is under way. */
  async idle(): Promise<void> {
    while (this.#underWay > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
  }
}
