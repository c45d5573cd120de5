/**
 * R8: a node that gave up its context is healed once it has completed a session with each peer that can be reached. In
 * the same way a node whose first copy broke off learns that nobody has what its torn batches lack.
 */

import type { NodeId } from '../core/actor.ts';
import type { Log } from '../ports/log.ts';
import type { Replica } from '../ports/replica.ts';

export class Healing {
  readonly #replica: Replica;
  readonly #reachable: () => readonly NodeId[];
  readonly #log: Log;
  #epoch: number | undefined;
  #completed = new Set<NodeId>();

  /** `reachable`: the peers that are connected now. */
  constructor(replica: Replica, reachable: () => readonly NodeId[], log: Log) {
    this.#replica = replica;
    this.#reachable = reachable;
    this.#log = log;
  }

  /** A session with `peer` was adopted, or would bring nothing. */
  async completed(peer: NodeId): Promise<void> {
    const wasHealing = this.#replica.isHealing();
    if (!wasHealing && !this.#replica.isBootstrapping()) {
      this.#completed.clear();
      return;
    }
    const { epoch } = this.#replica;
    if (epoch !== this.#epoch) this.#completed = new Set();
    this.#epoch = epoch;
    this.#completed.add(peer);
    const isHealed = this.#reachable().every((reachable) => this.#completed.has(reachable));
    if (!isHealed) return;
    try {
      await this.#replica.endHealing();
      if (wasHealing)
        this.#log.info({ peers: [...this.#completed] }, 'Healed: every peer that can be reached was asked.');
    } catch (error) {
      this.#log.debug({ error: String(error) }, 'The end of healing could not be noted.');
    }
  }
}
