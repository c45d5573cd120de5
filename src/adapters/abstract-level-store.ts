/** Any `abstract-level` database of bytes as an ordered store. */

import type { AbstractChainedBatch, AbstractLevel, AbstractSnapshot } from 'abstract-level';
import { BoatoError } from '../core/errors.ts';
import type {
  KeyRange,
  OrderedStore,
  Reader,
  Scan,
  Snapshot,
  StoredRecord,
  WriteOperation,
} from '../ports/ordered-store.ts';

export type BytesLevel = AbstractLevel<unknown, Uint8Array, Uint8Array>;
type ChainedBatch = AbstractChainedBatch<BytesLevel, Uint8Array, Uint8Array>;

const NO_BYTES = new Uint8Array(0);

/**
 * What one read takes at most, and a record more: with classic-level's 16 KiB an eighth of the time goes into changing
 * threads.
 */
const PAGE = { highWaterMarkBytes: 64 * 1024 } as const;

/** `db` is open, with `view` encodings; the ordered store closes it. */
export function wrapLevel(db: BytesLevel): OrderedStore {
  const present = readerOf(db, undefined);
  /** Operation by operation: an array of them costs seven times as much, for the objects made of each. */
  const filled = (operations: readonly WriteOperation[]): ChainedBatch => {
    const batch = opened(() => db.batch());
    for (const operation of operations) {
      if (operation.type === 'put') batch.put(operation.key, operation.value);
      else batch.del(operation.key);
    }
    return batch;
  };
  return {
    ...present,
    write(operations, options) {
      // Not `async`: that would keep the operations, which the batch holds copies of, until it is written.
      try {
        return filled(operations)
          .write(options as object)
          .catch(rethrow);
      } catch (error) {
        return Promise.reject(error);
      }
    },
    snapshot(): Snapshot {
      const snapshot = opened(() => db.snapshot());
      return { ...readerOf(db, snapshot), close: () => snapshot.close() };
    },
    async compact() {
      if ('compactRange' in db) {
        const compactRange = db.compactRange as (from: Uint8Array, to: Uint8Array) => Promise<void>;
        await compactRange.call(db, NO_BYTES, new Uint8Array(8).fill(0xff)).catch(rethrow);
      }
    },
    close: () => db.close(),
  };
}

function readerOf(db: BytesLevel, snapshot: AbstractSnapshot | undefined): Reader {
  const options = snapshot === undefined ? {} : { snapshot };
  return {
    get: (key) => db.get(key, options).catch(rethrowRead),
    getMany: (keys) => db.getMany([...keys], options).catch(rethrowRead),
    scan: (range) => new LevelScan(db, range, options),
  };
}

class LevelScan implements Scan {
  readonly #next: (count: number) => Promise<readonly StoredRecord[]>;
  readonly #close: () => Promise<void>;
  #ended = false;

  constructor(db: BytesLevel, { keysOnly, ...range }: KeyRange, options: { snapshot?: AbstractSnapshot }) {
    if (keysOnly === true) {
      const keys = opened(() => db.keys({ ...range, ...options }));
      this.#next = async (count) => (await keys.nextv(count)).map((key) => [key, NO_BYTES] as const);
      this.#close = () => keys.close();
    } else {
      const records = opened(() => db.iterator({ ...range, ...options, ...PAGE }));
      this.#next = (count) => records.nextv(count);
      this.#close = () => records.close();
    }
  }

  async next(count: number): Promise<readonly StoredRecord[]> {
    if (this.#ended) return [];
    const records = await this.#next(count).catch(rethrowRead);
    if (records.length === 0) this.#ended = true;
    return records;
  }

  async close(): Promise<void> {
    this.#ended = true;
    await this.#close();
  }
}

const CLOSED_CODES: ReadonlySet<unknown> = new Set([
  'LEVEL_DATABASE_NOT_OPEN',
  'LEVEL_ITERATOR_NOT_OPEN',
  'LEVEL_SNAPSHOT_NOT_OPEN',
]);

function opened<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw unlessClosed(error);
  }
}

function rethrow(error: unknown): never {
  throw unlessClosed(error);
}

function unlessClosed(cause: unknown): unknown {
  const isClosed = CLOSED_CODES.has((cause as { code?: unknown }).code);
  return isClosed ? new BoatoError('STORE_CLOSED', 'The store is closed.', { cause }) : cause;
}

/** LevelDB passes on the words of the system without its code. */
const OUT_OF_RESOURCES = /Too many open files|Cannot allocate memory/u;

/** What LevelDB cannot read is damaged, as a record is whose checksum fails. */
function rethrowRead(cause: unknown): never {
  const { code } = cause as { code?: unknown };
  if (CLOSED_CODES.has(code)) throw unlessClosed(cause);
  if (code !== 'LEVEL_CORRUPTION' && code !== 'LEVEL_IO_ERROR') throw cause;
  if (OUT_OF_RESOURCES.test((cause as Error).message)) {
    throw new BoatoError(
      'STORE_UNREADABLE',
      'The database could not open one of its files: the process has too many files open, or too little memory. Raise its limits (`ulimit -n`); nothing is damaged.',
      { cause },
    );
  }
  throw new BoatoError(
    'RECORD_DAMAGED',
    'The database could not read a part of its files: they are damaged.',
    {
      cause,
    },
  );
}
