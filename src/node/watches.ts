/** The watches of a store: they outlive failed writes, each going on at the replica that takes the place of its own. */

import { BoatoError } from '../core/errors.ts';
import type { WatchOptions } from './api.ts';
import type { LiveReplica } from './live-replica.ts';
import { MapChanges, watchOptions } from './watch.ts';

export class Watches {
  readonly #live: LiveReplica;
  readonly #open = new Set<MapChanges>();

  constructor(live: LiveReplica) {
    this.#live = live;
  }

  /** Fails with `INVALID_OPTION`, `INVALID_KEY`, or `TOKEN_INVALID`. */
  begin(options: WatchOptions): MapChanges {
    const { prefix, since, signal } = watchOptions(options);
    let replica = this.#live.current;
    const changes = new MapChanges({
      nodeId: replica.nodeId,
      since,
      signal,
      watch: (from) => {
        replica = this.#live.current;
        return replica.watch(prefix, from);
      },
      afterFailure: async (error) => {
        const told = this.#live.explained(error);
        if (!(told instanceof BoatoError) || told.code !== 'STORE_FENCED') throw error;
        return (await this.#live.after(replica)) !== undefined;
      },
      onEnd: () => void this.#open.delete(changes),
    });
    this.#open.add(changes);
    return changes;
  }

  /** All of them. */
  async end(): Promise<void> {
    await Promise.all([...this.#open].map((changes) => changes.end()));
  }
}
