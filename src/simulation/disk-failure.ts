/** How the disk of a simulated machine fails: what is to go wrong with a write or a read to come. */

import type { WriteOperation } from '../ports/ordered-store.ts';

export interface WriteFailure {
  readonly code: 'ENOSPC' | 'EIO';
  /** So many writes succeed before. */
  readonly after: number;
  /** It is there all the same, as far as nobody loses power: it could not be synced. */
  readonly isKept: boolean;
  /** So many openings of the store fail after it. */
  readonly openings: number;
}

export interface ReadFailure {
  /** So many reads succeed before. */
  after: number;
  times: number;
}

/** What happens in the middle of a write. */
export interface Tear {
  /** So many writes are whole before. */
  after: number;
  readonly happen: () => void;
}

/** What is written at once, and whole or not at all. */
export interface Batch {
  readonly operations: readonly WriteOperation[];
  readonly sync: boolean;
  readonly atMs: number;
  /** Its writer was told that it is not there. */
  readonly hasFailed?: boolean;
}

export function failure(code: WriteFailure['code']): Error {
  const message = code === 'ENOSPC' ? 'no space left on device' : 'input/output error';
  return Object.assign(new Error(message), { code });
}

/** What the caller does with its bytes afterwards is its own business. */
export function copied(operation: WriteOperation): WriteOperation {
  const key = operation.key.slice();
  return operation.type === 'del'
    ? { type: 'del', key }
    : { type: 'put', key, value: operation.value.slice() };
}
