/** Both sides of a session compare all that they hold (R9; `docs/PROTOCOL.md`, "A comparison"). */

import type { Travelling } from './compressed.ts';

/** R9: asks the server to fold the snapshot of the session. */
export interface Compare {
  readonly type: 'compare';
  readonly request: number;
  readonly session: string;
  readonly depth: number;
}

export interface Compared {
  readonly type: 'compared';
  readonly request: number;
}

/** Asks for the sums below these nodes of a level, ascending. */
export interface Sums {
  readonly type: 'sums';
  readonly request: number;
  readonly session: string;
  readonly level: number;
  readonly nodes: readonly number[];
}

/** Sixteen for each node. */
export interface SumsReply {
  readonly type: 'sums-reply';
  readonly request: number;
  readonly sums: readonly bigint[];
}

/** Asks for the dots of these buckets, ascending; none: those of the list before. */
export interface List {
  readonly type: 'list';
  readonly request: number;
  readonly session: string;
  readonly buckets: readonly number[];
  /** The key after which the list goes on; empty at its begin. */
  readonly after: Uint8Array;
}

export interface ListReply {
  readonly type: 'list-reply';
  readonly request: number;
  /** A chunk of entries without values: each counts as a tombstone. */
  readonly dots: Uint8Array;
  readonly last: boolean;
}

/** Asks for the entries of these keys, with what is left of their batches. */
export interface Fetch {
  readonly type: 'fetch';
  readonly request: number;
  readonly session: string;
  readonly keys: readonly Uint8Array[];
}

/** A chunk; of the first `count` of the keys, at least one. */
export interface FetchReply extends Travelling {
  readonly type: 'fetch-reply';
  readonly request: number;
  readonly count: number;
}

/** R9: the puller holds these, the server has seen them, and does not hold them; not answered. */
export interface Lost {
  readonly type: 'lost';
  readonly session: string;
  /** As in `ListReply`. */
  readonly dots: Uint8Array;
}

export type ComparisonRequest = Compare | Sums | List | Fetch;
export type ComparisonReply = Compared | SumsReply | ListReply | FetchReply;
