/** What a workload is run on: a store of Boato or classic-level, behind the same few calls. */

import type { BatchOperation, Store } from 'boato';
import type { ClassicLevel } from 'classic-level';

export interface Put {
  readonly type: 'put';
  readonly key: string;
  readonly value: Uint8Array;
}

export interface Subject {
  put(key: string, value: Uint8Array): Promise<unknown>;
  batch(puts: Put[]): Promise<unknown>;
  get(key: string): Promise<unknown>;
  getMany(keys: string[]): Promise<readonly unknown[]>;
}

/** Strings as keys, as a store of Boato takes them. */
export type Raw = ClassicLevel<string, Uint8Array>;

export function storeSubject(store: Store): Subject {
  return {
    put: (key, value) => store.put(key, value),
    batch: (puts: readonly BatchOperation[]) => store.batch(puts),
    get: (key) => store.get(key),
    getMany: (keys) => store.getMany(keys),
  };
}

/** `sync`: each write is on disk when it returns. */
export function rawSubject(raw: Raw, sync: boolean): Subject {
  const options = { sync };
  return {
    put: (key, value) => raw.put(key, value, options),
    batch: (puts) => raw.batch(puts, options),
    get: (key) => raw.get(key),
    getMany: (keys) => raw.getMany(keys),
  };
}
