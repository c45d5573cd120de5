/**
 * Sessions that broke off and wait for their peer (R5). Its server keeps one for `sessionTimeoutMs` after the last message;
 * who waits much longer waits for nothing, and, if it is a first copy, hands on nothing of it meanwhile.
 */

import type { NodeId } from '../core/actor.ts';
import type { Clock } from '../ports/clock.ts';
import type { Replica } from '../ports/replica.ts';

/** The server's timeout is its own; this node's tells what is usual. */
const TIMEOUTS = 2;

export class SetAside {
  readonly #replica: Replica;
  readonly #clock: Clock;
  readonly #keptMs: number;
  /** When a session with the peer last went on, or was first found to be stored. */
  readonly #sinceMs = new Map<NodeId, number>();

  constructor(replica: Replica, clock: Clock, sessionTimeoutMs: number) {
    this.#replica = replica;
    this.#clock = clock;
    this.#keptMs = TIMEOUTS * sessionTimeoutMs;
  }

  /** A session with `peer` brought something until now. */
  wentOn(peer: NodeId): void {
    this.#sinceMs.set(peer, this.#clock.monotonicMs());
  }

  /** Drops what cannot be gone on with any more. `running`: the peer that is pulled from now. Fails as a commit does. */
  async drop(running: NodeId | undefined): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const stored = (await this.#replica.storedSessions()).map(({ peer }) => peer);
    // A later session with the same peer is another one.
    for (const peer of this.#sinceMs.keys()) if (!stored.includes(peer)) this.#sinceMs.delete(peer);
    for (const peer of stored) {
      const sinceMs = this.#sinceMs.get(peer);
      if (sinceMs === undefined) this.wentOn(peer);
      else if (peer !== running && nowMs - sinceMs > this.#keptMs) await this.#replica.dropSession(peer);
    }
  }
}
