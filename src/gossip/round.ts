/** The initiator's side of a round: one summary each way, and a comparison of rows only if the summaries differ. */

import { equalSums } from '../core/context.ts';
import { BoatoError } from '../core/errors.ts';
import type { Fingerprints } from '../core/fingerprint.ts';
import type { Clock } from '../ports/clock.ts';
import type { Replica } from '../ports/replica.ts';
import {
  answerRecent,
  compareRecent,
  compareRows,
  type Comparison,
  digestPages,
  recentActors,
} from './digest.ts';
import { compareHeads } from './compare-heads.ts';
import type { Link } from './link.ts';
import type { Failure, Reply } from './messages.ts';
import type { NewRequest } from './pending-requests.ts';
import { HEADS_SINCE } from './protocol-version.ts';
import type { DigestReply } from './round-messages.ts';

export interface SummaryOutcome {
  /** Both have seen the same. */
  readonly isSame: boolean;
  /** Both have seen the same, and hold the same entries. */
  readonly isWhole: boolean;
  /**
   * Same contexts over different entries, in two rounds with the same context: the two are to compare (R8). Once could be
   * a commit between the two sums of one side.
   */
  readonly isSuspect: boolean;
  /** It stays so, though both sides had the time to compare: what P5 excepts is settled by then, so one is damaged. */
  readonly isDamage: boolean;
  readonly peerWallMs: number;
}

/** Rounds with the same context over different entries, after which the two compare. */
const SUSPECT_ROUNDS = 2;

/** After so many it is damage. Each side compares in rounds of its own, which may be the later ones. */
const DAMAGE_ROUNDS: number = SUSPECT_ROUNDS + 3;

export class Rounds {
  readonly #replica: Replica;
  readonly #clock: Clock;
  readonly #fingerprints: Fingerprints;
  /** Context hash under which a peer's sum differed last, and in how many rounds in a row. */
  readonly #differingByPeer = new Map<string, { readonly contextHash: bigint; readonly rounds: number }>();

  constructor(replica: Replica, clock: Clock, fingerprints: Fingerprints) {
    this.#replica = replica;
    this.#clock = clock;
    this.#fingerprints = fingerprints;
  }

  /** Fails as `Channel.request` does, with `PEER_REFUSED` and `PROTOCOL`. */
  async summary(link: Link): Promise<SummaryOutcome> {
    const own = {
      contextHash: this.#replica.contextHash(),
      fingerprint: this.#replica.fingerprint(),
    };
    const reply = await ask(link, { type: 'summary', ...own, wallMs: this.#clock.wallMs() });
    if (reply.type !== 'summary-reply') throw brokeProtocol(link, 'not the reply to a summary');
    const isSame = reply.contextHash === own.contextHash;
    const isWhole = isSame && equalSums(reply.fingerprint, own.fingerprint);
    const rounds = this.#countDiffering(link, own.contextHash, isSame && !isWhole);
    const isSuspect = rounds >= SUSPECT_ROUNDS;
    return { isSame, isWhole, isSuspect, isDamage: rounds >= DAMAGE_ROUNDS, peerWallMs: reply.wallMs };
  }

  /** Which rows differ. Fails as `summary` does. */
  async compare(link: Link): Promise<Comparison> {
    return (await this.#compareRecent(link)) ?? (await this.#compareHeads(link)) ?? this.#compareAll(link);
  }

  /** Enough in a busy round, whatever the number of actors. */
  async #compareRecent(link: Link): Promise<Comparison | undefined> {
    const actors = recentActors(this.#replica, this.#clock);
    const { rows } = answerRecent(this.#replica, actors, this.#fingerprints);
    const reply = await ask(link, { type: 'recent', rows });
    if (reply.type !== 'recent-reply') throw brokeProtocol(link, 'not the reply to recent rows');
    return compareRecent(this.#replica, rows, reply, this.#fingerprints);
  }

  /** Enough wherever it adds up, whatever the number of runs that nodes had. */
  async #compareHeads(link: Link): Promise<Comparison | undefined> {
    if (link.protocolVersion < HEADS_SINCE) return undefined;
    return compareHeads(
      {
        replica: this.#replica,
        fingerprints: this.#fingerprints,
        recent: () => recentActors(this.#replica, this.#clock),
      },
      {
        heads: async (asked) => {
          const reply = await ask(link, { type: 'heads', ...asked });
          if (reply.type !== 'heads-reply') throw brokeProtocol(link, 'not the reply to heads');
          return reply;
        },
        chains: async (asked) => {
          const reply = await ask(link, { type: 'chains', ...asked });
          if (reply.type !== 'chains-reply') throw brokeProtocol(link, 'not the reply to chains');
          return reply;
        },
      },
    );
  }

  async #compareAll(link: Link): Promise<Comparison> {
    const answers: DigestReply[] = [];
    for (const page of digestPages(this.#replica.rows(), this.#fingerprints)) {
      const reply = await ask(link, { type: 'digest', ...page });
      if (reply.type !== 'digest-reply') throw brokeProtocol(link, 'not the reply to a digest');
      answers.push(reply);
    }
    const recent = recentActors(this.#replica, this.#clock);
    return compareRows(this.#replica.rows(), answers, recent, this.#fingerprints);
  }

  /** Rounds in a row, this one included, in which the entries differed under this context. */
  #countDiffering({ nodeId }: Link, contextHash: bigint, differs: boolean): number {
    const before = this.#differingByPeer.get(nodeId);
    if (!differs) {
      this.#differingByPeer.delete(nodeId);
      return 0;
    }
    const rounds = before?.contextHash === contextHash ? before.rounds + 1 : 1;
    this.#differingByPeer.set(nodeId, { contextHash, rounds });
    return rounds;
  }
}

async function ask(link: Link, request: NewRequest): Promise<Exclude<Reply, Failure>> {
  const reply = await link.channel.request(request);
  if (reply.type !== 'failure') return reply;
  throw new BoatoError('PEER_REFUSED', `Node ${link.nodeId} does not answer: ${reply.reason}.`);
}

function brokeProtocol(link: Link, reason: string): BoatoError {
  link.channel.closeMalformed(reason);
  return new BoatoError('PROTOCOL', `Node ${link.nodeId} broke the protocol: ${reason}.`);
}
