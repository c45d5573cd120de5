/**
 * Counters that merge (PN-Counter: Shapiro et al. 2011, "A comprehensive study of convergent and commutative replicated data
 * types", section 3.1.3): one register for each run of a program that counts, `NAME/RUN`, and the sum of all is the value.
 */

import { systemRandom } from '../adapters/system-random.ts';
import type { ReadOptions, Store } from '../node/api.ts';
import { RegisterCounter } from './register-counter.ts';
import { prefixOf } from './registers.ts';

export interface Counter {
  /**
   * Adds `amount`, a whole number, negative or not; resolves when that is on disk. The token is for reads `after` it, on any
   * node. Fails with `INVALID_VALUE`.
   */
  add(amount?: number): Promise<{ readonly token: string }>;
  /** What this node knows to have been added, by all. Fails with `SCHEMA_MISMATCH` if other things are stored under its name. */
  value(options?: ReadOptions): Promise<number>;
}

/**
 * The counter `name` of `store`, which may be a node. Additions of different nodes add up, whatever the order in which they
 * arrive. It has an entry, `NAME/RUN`, for each opening of a store that ever added to it. Fails with `INVALID_KEY`.
 */
export function counterOf(store: Store, name: string): Counter {
  return new RegisterCounter(store, prefixOf(name), systemRandom);
}
