/** The initiator's side of a round: one summary each way, and a comparison of rows only if the summaries differ. */

import { MalformedBytes } from '../core/byte-reader.ts';
import { equalSums, type Sum } from '../core/context.ts';
import { BoatoError } from '../core/errors.ts';
import type { Fingerprints } from '../core/fingerprint.ts';
import type { Clock } from '../ports/clock.ts';
import type { Replica } from '../ports/replica.ts';
import { compareRows, type Comparison, digestPages, RECENT_MS, RECENT_ROWS_MAX } from './digest.ts';
import type { Link } from './link.ts';
import type { DigestReply, SummaryReply } from './messages.ts';

export interface SummaryOutcome {
  readonly isSame: boolean;
  /** Same contexts over different entries: one of the two is damaged (R8). */
  readonly isSuspect: boolean;
  readonly peerWallMs: number;
}

export class Rounds {
  readonly #replica: Replica;
  readonly #clock: Clock;
  readonly #fingerprints: Fingerprints;
  /** Context hash under which a peer's sum differed last: only if it differs twice under one it means something. */
  readonly #suspectHashByPeer = new Map<string, bigint>();

  constructor(replica: Replica, clock: Clock, fingerprints: Fingerprints) {
    this.#replica = replica;
    this.#clock = clock;
    this.#fingerprints = fingerprints;
  }

  async summary(link: Link): Promise<SummaryOutcome> {
    const contextHash = this.#replica.contextHash();
    const fingerprint = this.#replica.fingerprint();
    const wallMs = this.#clock.wallMs();
    const reply = await link.channel.request({ type: 'summary', contextHash, fingerprint, wallMs });
    if (reply.type === 'failure') throw refused(link, reply.reason);
    if (reply.type !== 'summary-reply') throw new MalformedBytes('not the reply to a summary');
    return {
      isSame: reply.contextHash === contextHash,
      isSuspect: this.#isSuspect(link, contextHash, fingerprint, reply),
      peerWallMs: reply.wallMs,
    };
  }

  /** Which rows differ. */
  async compare(link: Link): Promise<Comparison> {
    const rows = this.#replica.rows();
    const answers: DigestReply[] = [];
    for (const page of digestPages(rows, this.#fingerprints)) {
      const reply = await link.channel.request({ type: 'digest', ...page });
      if (reply.type === 'failure') throw refused(link, reply.reason);
      if (reply.type !== 'digest-reply') throw new MalformedBytes('not the reply to a digest');
      answers.push(reply);
    }
    const recent = this.#replica.movedSince(this.#clock.monotonicMs() - RECENT_MS, RECENT_ROWS_MAX);
    return compareRows(this.#replica.rows(), answers, recent, this.#fingerprints);
  }

  #isSuspect(link: Link, contextHash: bigint, fingerprint: Sum, reply: SummaryReply): boolean {
    const differs = reply.contextHash === contextHash && !equalSums(reply.fingerprint, fingerprint);
    const before = this.#suspectHashByPeer.get(link.nodeId);
    if (differs) this.#suspectHashByPeer.set(link.nodeId, contextHash);
    else this.#suspectHashByPeer.delete(link.nodeId);
    return differs && before === contextHash;
  }
}

function refused(link: Link, reason: string): BoatoError {
  return new BoatoError('PEER_REFUSED', `Node ${link.nodeId} does not answer: ${reason}.`);
}
