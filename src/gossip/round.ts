/** The initiator's side of a round: one summary each way, and a comparison of rows only if the summaries differ. */

import { MalformedBytes } from '../core/byte-reader.ts';
import { equalSums } from '../core/context.ts';
import { BoatoError } from '../core/errors.ts';
import type { Fingerprints } from '../core/fingerprint.ts';
import type { Clock } from '../ports/clock.ts';
import type { Replica } from '../ports/replica.ts';
import { compareRows, type Comparison, digestPages, recentActors } from './digest.ts';
import type { Link } from './link.ts';
import type { DigestReply, Summary, SummaryReply } from './messages.ts';

type Said = Pick<Summary, 'contextHash' | 'fingerprint'>;

export interface SummaryOutcome {
  readonly isSame: boolean;
  /**
   * Same contexts over different entries, in two rounds with the same context: one of the two is damaged (R8). Once
   * could be a commit between the two sums of one side.
   */
  readonly isSuspect: boolean;
  readonly peerWallMs: number;
}

export class Rounds {
  readonly #replica: Replica;
  readonly #clock: Clock;
  readonly #fingerprints: Fingerprints;
  /** Context hash under which a peer's sum differed last. */
  readonly #suspectHashByPeer = new Map<string, bigint>();

  constructor(replica: Replica, clock: Clock, fingerprints: Fingerprints) {
    this.#replica = replica;
    this.#clock = clock;
    this.#fingerprints = fingerprints;
  }

  /** Fails as `Channel.request` does, with `PEER_REFUSED`, and with `MalformedBytes`. */
  async summary(link: Link): Promise<SummaryOutcome> {
    const own: Said = {
      contextHash: this.#replica.contextHash(),
      fingerprint: this.#replica.fingerprint(),
    };
    const reply = await link.channel.request({ type: 'summary', ...own, wallMs: this.#clock.wallMs() });
    if (reply.type === 'failure') throw refused(link, reply.reason);
    if (reply.type !== 'summary-reply') throw new MalformedBytes('not the reply to a summary');
    return {
      isSame: reply.contextHash === own.contextHash,
      isSuspect: this.#isSuspect(link, own, reply),
      peerWallMs: reply.wallMs,
    };
  }

  /** Which rows differ. Fails as `summary` does. */
  async compare(link: Link): Promise<Comparison> {
    const answers: DigestReply[] = [];
    for (const page of digestPages(this.#replica.rows(), this.#fingerprints)) {
      const reply = await link.channel.request({ type: 'digest', ...page });
      if (reply.type === 'failure') throw refused(link, reply.reason);
      if (reply.type !== 'digest-reply') throw new MalformedBytes('not the reply to a digest');
      answers.push(reply);
    }
    const recent = recentActors(this.#replica, this.#clock);
    return compareRows(this.#replica.rows(), answers, recent, this.#fingerprints);
  }

  #isSuspect(link: Link, own: Said, reply: SummaryReply): boolean {
    const differs =
      reply.contextHash === own.contextHash && !equalSums(reply.fingerprint, own.fingerprint);
    const before = this.#suspectHashByPeer.get(link.nodeId);
    if (differs) this.#suspectHashByPeer.set(link.nodeId, own.contextHash);
    else this.#suspectHashByPeer.delete(link.nodeId);
    return differs && before === own.contextHash;
  }
}

function refused(link: Link, reason: string): BoatoError {
  return new BoatoError('PEER_REFUSED', `Node ${link.nodeId} does not answer: ${reason}.`);
}
