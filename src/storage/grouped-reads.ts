/**
 * Point reads of one moment go to the database a few at a time: handing over a read costs more than the read itself where
 * its block is in memory. Not all at once, so that reads of a slow disk still run side by side.
 */

import type { Reader } from '../ports/ordered-store.ts';

/** `level` reads in four threads. */
const GROUP_KEYS_MAX = 8;

interface Waiting {
  readonly key: Uint8Array;
  readonly resolve: (record: Uint8Array | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** The same reader; what is asked for singly, within the same turn, is read in groups. */
export function groupedReads(reader: Reader): Reader {
  let waiting: Waiting[] = [];

  const read = async (group: readonly Waiting[]): Promise<void> => {
    try {
      const records = await reader.getMany(group.map(({ key }) => key));
      for (let at = 0; at < group.length; at++) (group[at] as Waiting).resolve(records[at]);
    } catch {
      // What cannot be read must not take others with it.
      for (const { key, resolve, reject } of group) reader.get(key).then(resolve, reject);
    }
  };

  const flush = (): void => {
    const all = waiting;
    waiting = [];
    const [first] = all;
    if (first !== undefined && all.length === 1) {
      reader.get(first.key).then(first.resolve, first.reject);
      return;
    }
    for (let at = 0; at < all.length; at += GROUP_KEYS_MAX) void read(all.slice(at, at + GROUP_KEYS_MAX));
  };

  return {
    ...reader,
    get: (key) =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0) queueMicrotask(flush);
        waiting.push({ key, resolve, reject });
      }),
  };
}
