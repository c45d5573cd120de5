/** The public face of watching: what `watch` takes, and what it tells. */

import type { Value } from './api.ts';

export interface WatchOptions {
  /** Of keys that begin so. Default: all. */
  readonly prefix?: string;
  /** A token: what changed since it was given. Default: from now on. */
  readonly since?: string;
  /** Ends the watch. */
  readonly signal?: AbortSignal;
}

/** What became of a key. Whoever keeps a copy applies it over a smaller `(version, actor)`, and `expired` over an equal one. */
export type Change = (
  | { readonly type: 'put'; readonly value: Value; readonly expiresAt?: number }
  | { readonly type: 'del' | 'expired' }
) & {
  readonly key: string;
  readonly version: number;
  readonly actor: string;
  /** `local`: this node wrote it, or saw it expire. */
  readonly origin: 'local' | 'peer';
  /** The node that it came from; absent where that is not known any more. */
  readonly peer?: string;
  /** Where to go on once this change was taken; on the last of those that were told at once. */
  readonly token?: string;
};

/**
 * Changes, until the watch or the store is closed. Fails with `CHANGES_GONE`. A failed write ends no watch that has begun: it
 * goes on once the store was opened again, from `token`.
 */
export interface Changes extends AsyncIterableIterator<Change> {
  /** Resolves once the watch has begun, or was ended: what is read from then on misses nothing that the watch does not tell. */
  readonly begun: Promise<void>;
  /**
   * Where to go on after the last change that was taken; absent before `begun`. Between changes that are told at once: it
   * tells all of them again, and is to be kept nevertheless, since it says that some of them were told.
   */
  readonly token: string | undefined;
  return(): Promise<IteratorResult<Change, undefined>>;
}
