/** How fast one peer is served: what it is sent of sessions and comparisons counts, by whichever connection it asks. */

import type { NodeId } from '../core/actor.ts';
import type { Clock } from '../ports/clock.ts';
import { keepingAlive } from './keep-alive.ts';
import type { Request } from './messages.ts';
import type { NewReply } from './pending-requests.ts';
import { TokenBucket } from './token-bucket.ts';

/** Below it the longest message would take longer than a peer waits for a reply. */
export const SERVED_BYTES_PER_SECOND_MIN: number = 64 * 1024;

/** No session has this name: whoever is told that it is alive hears a sign of life, and nothing else. */
const UNNAMED: string = '0'.repeat(32);

/** Beyond it the peer that is known for longest begins anew. */
const PEERS_MAX = 1024;

export class Pacing {
  readonly #clock: Clock;
  readonly #bytesPerSecond: number | undefined;
  readonly #bucketByPeer = new Map<NodeId, TokenBucket>();

  /** `bytesPerSecond`: for each peer; `undefined` for no limit. */
  constructor(clock: Clock, bytesPerSecond: number | undefined) {
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Resolves when `peer` may be served again; `undefined`: at once. `tellAlive`: called once a second until then. */
  turn(peer: NodeId, request: Request, tellAlive: (session: string) => void): Promise<void> | undefined {
    const session = sessionOf(request);
    if (session === undefined) return undefined;
    const waitMs = this.#bucketByPeer.get(peer)?.waitMs() ?? 0;
    if (waitMs === 0) return undefined;
    return keepingAlive(
      this.#clock,
      () => tellAlive(session),
      () => new Promise<void>((resolve) => void this.#clock.after(waitMs, resolve)),
    );
  }

  /** Counts what a reply brings. */
  count(peer: NodeId, reply: NewReply): void {
    if (this.#bytesPerSecond === undefined) return;
    const bytes = bytesOf(reply);
    if (bytes === 0) return;
    const bucket = this.#bucketByPeer.get(peer) ?? new TokenBucket(this.#clock, this.#bytesPerSecond);
    this.#bucketByPeer.set(peer, bucket);
    bucket.take(bytes);
    const [oldest] = this.#bucketByPeer.keys();
    if (this.#bucketByPeer.size > PEERS_MAX && oldest !== undefined) this.#bucketByPeer.delete(oldest);
  }
}

/** What is paced; a session that is asked for has no name yet. */
function sessionOf(request: Request): string | undefined {
  if (request.type === 'open') return UNNAMED;
  return 'session' in request ? request.session : undefined;
}

function bytesOf(reply: NewReply): number {
  switch (reply.type) {
    case 'opened':
    case 'next-reply':
      return reply.chunk.entries.length;
    case 'fetch-reply':
      return reply.entries.length;
    case 'list-reply':
      return reply.dots.length;
    default:
      return 0;
  }
}
