/** Answers what other nodes ask. */

import type { Fingerprints } from '../core/fingerprint.ts';
import type { Clock } from '../ports/clock.ts';
import type { Replica } from '../ports/replica.ts';
import type { NewReply } from './channel.ts';
import { answerDigest, RECENT_MS, RECENT_ROWS_MAX } from './digest.ts';
import type { Link } from './link.ts';
import type { Request } from './messages.ts';
import type { SessionServer } from './session-server.ts';

export interface ResponderEvents {
  /** A peer's clock, as of its message. */
  readonly onPeerClock: (link: Link, wallMs: number) => void;
  /** A peer opened a round: whether both hold the same. */
  readonly onSummary: (link: Link, isSame: boolean) => void;
}

export class Responder {
  readonly #replica: Replica;
  readonly #clock: Clock;
  readonly #fingerprints: Fingerprints;
  readonly #sessions: SessionServer;
  readonly #events: ResponderEvents;

  constructor(
    replica: Replica,
    clock: Clock,
    fingerprints: Fingerprints,
    sessions: SessionServer,
    events: ResponderEvents,
  ) {
    this.#replica = replica;
    this.#clock = clock;
    this.#fingerprints = fingerprints;
    this.#sessions = sessions;
    this.#events = events;
  }

  async answer(link: Link, request: Request): Promise<NewReply> {
    switch (request.type) {
      case 'summary': {
        const contextHash = this.#replica.contextHash();
        this.#events.onPeerClock(link, request.wallMs);
        this.#events.onSummary(link, contextHash === request.contextHash);
        const fingerprint = this.#replica.fingerprint();
        return { type: 'summary-reply', contextHash, fingerprint, wallMs: this.#clock.wallMs() };
      }
      case 'digest': {
        const recent = this.#replica.movedSince(this.#clock.monotonicMs() - RECENT_MS, RECENT_ROWS_MAX);
        const answer = answerDigest(request, this.#replica.rows(), new Set(recent), this.#fingerprints);
        return { type: 'digest-reply', ...answer };
      }
      case 'open':
        this.#events.onPeerClock(link, request.wallMs);
        return this.#sessions.open(link.nodeId, request);
      case 'next':
        return this.#sessions.next(link.nodeId, request);
    }
  }
}
