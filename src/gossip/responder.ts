/** Answers what other nodes ask. */

import { BoatoError } from '../core/errors.ts';
import type { Fingerprints } from '../core/fingerprint.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Replica } from '../ports/replica.ts';
import { answerDigest, answerRecent, recentActors } from './digest.ts';
import { answerChains, answerHeads } from './heads.ts';
import type { Link } from './link.ts';
import type { AggregateReply, AggregateRequest } from './aggregate-messages.ts';
import type { Request } from './messages.ts';
import type { Events, Rumours } from './mongering-messages.ts';
import type { Summary } from './round-messages.ts';
import type { Pacing } from './pacing.ts';
import type { NewReply } from './pending-requests.ts';
import { ServingFailure } from './serving-failure.ts';
import type { SessionServer } from './session-server.ts';

export interface ResponderDependencies {
  readonly replica: Replica;
  readonly clock: Clock;
  readonly log: Log;
  readonly fingerprints: Fingerprints;
  readonly server: SessionServer;
  readonly pacing: Pacing;
  /** What a message told of a peer's clock. */
  readonly onPeerClock: (link: Link, wallMs: number) => void;
  /** The feedback on each batch and mention. */
  readonly hearRumours: (link: Link, rumours: Rumours) => Promise<Uint8Array>;
  /** The feedback on each event. */
  readonly hearEvents: (link: Link, events: Events) => Uint8Array;
  /** A peer offers an exchange of an aggregate. */
  readonly exchangeAggregate: (
    link: Link,
    request: AggregateRequest,
  ) => Promise<Omit<AggregateReply, 'request'>>;
  /** A peer opened a round. */
  readonly onSummary: (link: Link, summary: Summary, isSame: boolean) => void;
}

export class Responder {
  readonly #dependencies: ResponderDependencies;

  constructor(dependencies: ResponderDependencies) {
    this.#dependencies = dependencies;
  }

  /** `link`: where the request came from; there is none before the hello. */
  async answer(link: Link | undefined, request: Request): Promise<NewReply> {
    if (link === undefined) throw new ServingFailure('invalid', 'no hello yet');
    const { pacing } = this.#dependencies;
    try {
      const turn = pacing.turn(link.nodeId, request, (session) => this.#tellAlive(link, session));
      if (turn !== undefined) await turn;
      const reply = await this.#answer(link, request);
      pacing.count(link.nodeId, reply);
      return reply;
    } catch (error) {
      // What is neither meant for the peer nor told elsewhere is a defect of this side.
      if (!(error instanceof ServingFailure) && !(error instanceof BoatoError)) {
        const { log } = this.#dependencies;
        log.error(
          { peer: link.nodeId, request: request.type, error: String(error) },
          'A request failed here.',
        );
      }
      throw error;
    }
  }

  /** To the peer, and to the own side of the session: it lasts while it waits for its turn. */
  #tellAlive(link: Link, session: string): void {
    const notice = { type: 'keep-alive', session } as const;
    link.channel.notify(notice);
    this.#dependencies.server.notice(link.nodeId, notice);
  }

  async #answer(link: Link, request: Request): Promise<NewReply> {
    const { replica, clock, fingerprints, server, onPeerClock, onSummary } = this.#dependencies;
    switch (request.type) {
      case 'summary': {
        const contextHash = replica.contextHash();
        const fingerprint = replica.fingerprint();
        onSummary(link, request, contextHash === request.contextHash);
        return { type: 'summary-reply', contextHash, fingerprint, wallMs: clock.wallMs() };
      }
      case 'recent': {
        const actors = [...request.rows.map(({ actor }) => actor), ...recentActors(replica, clock)];
        return { type: 'recent-reply', ...answerRecent(replica, actors, fingerprints) };
      }
      case 'digest':
        return {
          type: 'digest-reply',
          ...answerDigest(request, replica.rows(), new Set(recentActors(replica, clock)), fingerprints),
        };
      case 'heads':
        return {
          type: 'heads-reply',
          ...answerHeads(request, replica, new Set(recentActors(replica, clock))),
        };
      case 'chains': {
        const actors = request.rows.map(({ actor }) => actor);
        return { type: 'chains-reply', rows: answerChains(actors, request.steps, replica) };
      }
      case 'open':
        onPeerClock(link, request.wallMs);
        return server.open(link.nodeId, request);
      case 'next':
        return server.next(link.nodeId, request);
      case 'rumours':
        return { type: 'rumours-reply', feedback: await this.#dependencies.hearRumours(link, request) };
      case 'events':
        return { type: 'events-reply', feedback: this.#dependencies.hearEvents(link, request) };
      case 'aggregate':
        return this.#dependencies.exchangeAggregate(link, request);
      case 'compare':
      case 'sums':
      case 'list':
      case 'fetch':
        return server.compare(link.nodeId, request, (notice) => link.channel.notify(notice));
    }
  }
}
