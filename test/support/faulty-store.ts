/** An ordered store whose disk fails: one write is refused, and what is written later is acknowledged but lost. */

import type { OrderedStore } from '../../src/ports/ordered-store.ts';

export interface FaultyStore extends OrderedStore {
  /** Writes asked for so far. */
  readonly writes: number;
}

/**
 * The write numbered `failing`, counted from 0, fails with `error` and changes nothing. Later ones seem to succeed and
 * are not stored: what LevelDB does after its log could not be written (seen with classic-level 3).
 */
export function faultyStore(inner: OrderedStore, failing: number, error: Error): FaultyStore {
  let writes = 0;
  return {
    get: (key) => inner.get(key),
    getMany: (keys) => inner.getMany(keys),
    scan: (range) => inner.scan(range),
    snapshot: () => inner.snapshot(),
    compact: () => inner.compact(),
    close: () => inner.close(),
    get writes() {
      return writes;
    },
    async write(operations, options) {
      const number = writes++;
      if (number === failing) throw error;
      if (number < failing) await inner.write(operations, options);
    },
  };
}
