/** The public face of writes: what they take, and what they answer. */

import type { Value } from './api.ts';

/** Names one entry of the whole cluster. */
export interface Dot {
  readonly version: number;
  readonly actor: string;
}

/**
 * A condition is decided on this node alone, in the same step as the write: against what is live here, not against what
 * another node may have written meanwhile. One that does not hold fails with `CONDITION_FAILED`.
 */
export interface DeleteOptions {
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
  | ({ readonly type: 'put'; readonly key: string; readonly value: Value } & PutOptions)
  | ({ readonly type: 'del'; readonly key: string } & DeleteOptions);

/** The entry as it was written; `ifVersion` takes it. */
export interface PutResult extends Dot {
  /** For `after`: a read on any node that waits until the write is seen there. */
  readonly token: string;
}

export interface DeleteResult {
  /** Whether there was a live entry. */
  readonly existed: boolean;
  readonly token: string;
}

export interface BatchResult {
  /** For each operation, in their order; a deletion has one, too. */
  readonly dots: readonly Dot[];
  /** Of the whole batch. */
  readonly token: string;
}
