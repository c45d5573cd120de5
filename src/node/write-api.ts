/** The public face of writes: what they take, and what they answer. */

import type { Value } from './api.ts';

/** Names one entry of the whole cluster. */
export interface Dot {
  readonly version: number;
  readonly actor: string;
}

/**
 * How many nodes must hold a write before it is answered. A node counts once it has said that the write, or what replaced
 * it, is on its disk, as durably as it keeps its own; this node says so only of nodes that it is connected with, and counts
 * none twice. What a node loses later it did hold: a copy is no guard against a disk that is wiped.
 */
export interface WriteConcern {
  /**
   * Nodes, this one included: 1 (default) waits for no other. Up to 1,024. With fewer in time the call fails with
   * `TOO_FEW_ACKS` (a `TooFewAcksError`): the write stays all the same, and goes on spreading.
   */
  readonly acks?: number;
  /** How long to wait for the others. From 1 to 2,147,483,647 milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
}

/**
 * A condition is decided on this node alone, in the same step as the write: against what is live here, not against what
 * another node may have written meanwhile. One that does not hold fails with `CONDITION_FAILED`.
 */
export interface DeleteOptions extends WriteConcern {
  /**
   * Only if this very entry is live: an entry that was read, or what its `put` answered. A version alone is also taken;
   * two nodes that write in the same instant may come to the same one. Not `undefined`: for no entry there is `ifAbsent`.
   */
  readonly ifVersion?: number | Dot;
}

export interface PutOptions extends DeleteOptions {
  /** The entry reads as absent from now + `ttlMs` on. Positive integer, milliseconds. */
  readonly ttlMs?: number;
  /** The same as an instant: milliseconds since 1970-01-01T00:00Z. Not together with `ttlMs`. */
  readonly expiresAt?: number;
  /** Only if no entry is live. Not together with `ifVersion`. */
  readonly ifAbsent?: boolean;
}

export type BatchOperation =
  | ({ readonly type: 'put'; readonly key: string; readonly value: Value } & Omit<
      PutOptions,
      keyof WriteConcern
    >)
  | ({ readonly type: 'del'; readonly key: string } & Omit<DeleteOptions, keyof WriteConcern>);

/** What every write answers of the nodes that hold it. */
interface Acknowledged {
  /** Nodes that are known to hold it, this one included. */
  readonly acks: number;
}

/** The entry as it was written; `ifVersion` takes it. */
export interface PutResult extends Dot, Acknowledged {
  /** For `after`: a read on any node that waits until the write is seen there. */
  readonly token: string;
}

export interface DeleteResult extends Acknowledged {
  /** Whether there was a live entry. */
  readonly existed: boolean;
  readonly token: string;
}

export interface BatchResult extends Acknowledged {
  /** For each operation, in their order; a deletion has one, too. */
  readonly dots: readonly Dot[];
  /** Of the whole batch. */
  readonly token: string;
}
