/** Writes or reads, so many at once, made ready before they are timed. */

import { keyAt, randomBelow, type SetName, valueAt } from '../harness/records.ts';
import type { Put, Subject } from './subject.ts';

/** Of a batch, and of `getMany`. */
export const OPERATIONS_A_BATCH = 1000;

/** Each round has random records of its own. */
const RANDOM_NUMBERS_A_ROUND = 10_000_000;

export interface Workload {
  readonly kind: 'put' | 'batch' | 'get' | 'getMany';
  /** Random ones of the first `records` of the set are read or overwritten. */
  readonly set: SetName;
  readonly records: number;
  /** Keys read or written. */
  readonly operations: number;
  /** Calls under way at once. */
  readonly inFlight: number;
  /** From 1 on; the same one reads or writes the same. */
  readonly round: number;
}

/** Resolves when all is done. */
export type Run = (subject: Subject) => Promise<void>;

export function makeReady({ kind, set, records, operations, inFlight, round }: Workload): Run {
  const random = randomOf(round, records);
  const key = (index: number): string => flat(keyAt(set, index));
  const put = (index: number): Put => ({ type: 'put', key: key(index), value: valueAt(index, round) });
  const batches = Math.ceil(operations / OPERATIONS_A_BATCH);
  switch (kind) {
    case 'put': {
      const puts = Array.from({ length: operations }, () => put(random()));
      return (subject) => together(puts, inFlight, (one) => subject.put(one.key, one.value));
    }
    case 'batch': {
      const lists = Array.from({ length: batches }, () => differing(random, OPERATIONS_A_BATCH).map(put));
      return (subject) => together(lists, inFlight, (puts) => subject.batch(puts));
    }
    case 'get': {
      const keys = Array.from({ length: operations }, () => key(random()));
      return (subject) =>
        together(keys, inFlight, async (one) => {
          if ((await subject.get(one)) === undefined) throw new Error('a record is missing');
        });
    }
    case 'getMany': {
      const lists = Array.from({ length: batches }, () => differing(random, OPERATIONS_A_BATCH).map(key));
      return (subject) =>
        together(lists, inFlight, async (keys) => {
          if ((await subject.getMany(keys)).includes(undefined)) throw new Error('a record is missing');
        });
    }
  }
}

/** Random ones of `records` that differ, as the keys of a batch must; the same ones for the same round. */
export function distinct(round: number, records: number, length: number): number[] {
  return differing(randomOf(round, records), length);
}

function differing(random: () => number, length: number): number[] {
  const indices = new Set<number>();
  while (indices.size < length) indices.add(random());
  return [...indices];
}

function randomOf(round: number, records: number): () => number {
  return randomBelow(round * RANDOM_NUMBERS_A_ROUND, records);
}

async function together<T>(
  items: readonly T[],
  inFlight: number,
  call: (item: T) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) await call(items[next++] as T);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
}

/** What is joined from strings is a tree of them until someone looks: not while it is timed. */
function flat(key: string): string {
  return Buffer.from(key).toString('latin1');
}
