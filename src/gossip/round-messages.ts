/** In a round two nodes find out what differs (`docs/PROTOCOL.md`, "A round"). */

import type { Row, Sum } from '../core/context.ts';

/** Opens a round. */
export interface Summary {
  readonly type: 'summary';
  readonly request: number;
  readonly contextHash: bigint;
  readonly fingerprint: Sum;
  /** Milliseconds since 1970. */
  readonly wallMs: number;
}

export interface SummaryReply {
  readonly type: 'summary-reply';
  readonly request: number;
  readonly contextHash: bigint;
  readonly fingerprint: Sum;
  readonly wallMs: number;
}

export interface DigestPair {
  readonly actorHash: bigint;
  readonly rowHash: bigint;
}

/** Rows that moved lately (Demers et al. 1987, 1.3: recent update lists): most often they are all that differs. */
export interface Recent {
  readonly type: 'recent';
  readonly request: number;
  /** The puller's, ascending by actor. */
  readonly rows: readonly Row[];
}

export interface RecentReply {
  readonly type: 'recent-reply';
  readonly request: number;
  /** The responder's rows of those actors, as far as it has them, and of those that moved lately here. */
  readonly rows: readonly Row[];
  /** Its context hash without these rows: where the puller's without its own of the same actors is another, digests follow. */
  readonly restHash: bigint;
}

/** All non-trivial rows of the puller whose actor hashes lie in `from` to `to`, both inclusive, ascending. */
export interface Digest {
  readonly type: 'digest';
  readonly request: number;
  readonly from: bigint;
  readonly to: bigint;
  readonly pairs: readonly DigestPair[];
}

export interface DigestReply {
  readonly type: 'digest-reply';
  readonly request: number;
  /** Of the responder: those in the range that differ, that the puller lacks, or that moved lately. */
  readonly rows: readonly Row[];
  /** Actor hashes of the puller's that the responder lacks. */
  readonly lacking: readonly bigint[];
}

/** Heads of the puller (`core/heads.ts`), instead of a digest; since version 2. */
export interface Heads {
  readonly type: 'heads';
  readonly request: number;
  /** Ascending by actor; of a node all or none. Without their predecessors. */
  readonly rows: readonly Row[];
  /** There are no others, and none are to be left out of the reply. */
  readonly all: boolean;
}

export interface HeadsReply {
  readonly type: 'heads-reply';
  readonly request: number;
  /** Of the responder: those that differ from what it was told, its heads that it was not told, those that moved lately. */
  readonly rows: readonly Row[];
  readonly contextHash: bigint;
}

/** Asks for the rows of these actors and of those before them, which heads imply; since version 2. */
export interface Chains {
  readonly type: 'chains';
  readonly request: number;
  /** Rows that say nothing but their actors, ascending. */
  readonly rows: readonly Row[];
  /** How many of each chain at most. */
  readonly steps: number;
}

export interface ChainsReply {
  readonly type: 'chains-reply';
  readonly request: number;
  readonly rows: readonly Row[];
}

export type RoundRequest = Summary | Recent | Digest | Heads | Chains;
export type RoundReply = SummaryReply | RecentReply | DigestReply | HeadsReply | ChainsReply;
