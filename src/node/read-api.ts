/** The public face of reads: what they take, and what they answer. */

import type { Value } from './api.ts';
import type { Dot } from './write-api.ts';

export interface ReadOptions {
  /**
   * The token of a write: reads only once this node has seen it, or what superseded it, and asks its peers for it at once.
   * Fails with `TIMEOUT` if it does not come; on a store without a node at once, since nothing arrives there.
   */
  readonly after?: string;
  /** How long to wait for it. From 1 to 2,147,483,647 milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
  /** Fails with `ABORTED`, whose `cause` is the reason of the signal. */
  readonly signal?: AbortSignal;
}

/** A live entry with its dot, which is unique to it in the whole cluster. */
export interface Entry<V = Value> extends Dot {
  readonly key: string;
  readonly value: V;
  /** Hybrid logical clock: milliseconds since 2020-01-01T00:00Z times 4096, plus a counter. */
  readonly version: number;
  /** The run of a node that wrote it. */
  readonly actor: string;
  /** Milliseconds since 1970-01-01T00:00Z; absent for an entry that does not expire. */
  readonly expiresAt?: number;
}

/** Keys in the order of their UTF-8 bytes. */
export interface EntriesOptions extends ReadOptions {
  readonly prefix?: string;
  readonly gt?: string;
  readonly lt?: string;
  readonly limit?: number;
  readonly reverse?: boolean;
}

export interface CountOptions extends ReadOptions {
  readonly prefix?: string;
}
