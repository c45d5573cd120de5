/**
 * The disk of a simulated machine: an ordered store whose writes take time, and of which a loss of power takes what was
 * not synced. What LevelDB does, seen by experiment, it does: batches are atomic; after a failed write it acknowledges
 * what a reopening does not find; with no space left it cannot be opened.
 */

import { MemoryDisk } from '../adapters/memory-store.ts';
import { BoatoError } from '../core/errors.ts';
import type { StoreHome } from '../node/store-home.ts';
import type {
  OrderedStore,
  Reader,
  StoredRecord,
  WriteOperation,
  WriteOptions,
} from '../ports/ordered-store.ts';
import type { Random } from '../ports/random.ts';
import type { ProcessLife } from './process-life.ts';
import { exponential, isChosen } from './streams.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What is not synced is written by the system by itself after so long. */
const WRITE_BACK_MS = 30_000;

const SYNC_MEAN_MS = 2;
const WRITE_MEAN_MS = 0.05;

interface Batch {
  readonly operations: readonly WriteOperation[];
  readonly sync: boolean;
  readonly atMs: number;
}

function failure(code: 'ENOSPC' | 'EIO'): Error {
  const message = code === 'ENOSPC' ? 'no space left on device' : 'input/output error';
  return Object.assign(new Error(message), { code });
}

export class SimulatedDisk {
  readonly #time: VirtualTime;
  readonly #random: Random;
  /** What processes see. */
  #seen = new MemoryDisk();
  /** What is there after a loss of power, before `#batches`. */
  #durable: MemoryDisk = new MemoryDisk();
  #durableStore: OrderedStore | undefined;
  /** Since then, in order. The first of them is not synced. */
  #batches: Batch[] = [];
  /** Being written. */
  #inFlight: Batch | undefined;
  #isInitialized = false;
  #store: OrderedStore | undefined;
  /** No write, and no opening, succeeds. */
  isFull = false;
  /** The next write fails so. */
  nextFailure: 'ENOSPC' | 'EIO' | undefined;
  /** Times as long as usual. */
  slowness = 1;
  /** Batches written so far: while it stands still, nothing changes. */
  writes = 0;

  constructor(time: VirtualTime, random: Random) {
    this.#time = time;
    this.#random = random;
  }

  /** For a process; one at a time, as with the lock of a folder. */
  async home(name: string, life: ProcessLife): Promise<StoreHome> {
    const store = await this.#open(life);
    const check = (): Promise<void> => (this.isFull ? Promise.reject(failure('ENOSPC')) : Promise.resolve());
    const isInitialized = this.#isInitialized;
    return {
      dir: name,
      store,
      isInitialized,
      markInitialized: () => {
        this.#isInitialized = true;
        return Promise.resolve();
      },
      checkReopening: () => Promise.resolve(),
      reopen: async (read) => {
        const reopened = await this.#open(life);
        try {
          return await read(reopened);
        } catch (error) {
          await reopened.close();
          throw error;
        }
      },
      setRoomAside: check,
      checkRoom: check,
      release: () => Promise.resolve(),
    };
  }

  /** The process was killed. The system lives, and writes what it was given. */
  async kill(): Promise<void> {
    await this.#abandon(() => true);
  }

  /** Of what was not synced, any part may be gone. */
  async losePower(): Promise<void> {
    await this.#abandon(() => isChosen(this.#random, 0.5));
    const durable = await this.#durableOpen();
    for (const { operations, sync } of this.#batches)
      if (sync || isChosen(this.#random, 0.5)) await durable.write(operations, { sync: true });
    this.#batches = [];
    this.#seen = await this.#durable.copy();
  }

  /** All that a process sees on it, while one has it open; no fault of reading meets whoever checks. */
  async records(): Promise<readonly StoredRecord[] | undefined> {
    const scan = this.#store?.scan({});
    if (scan === undefined) return undefined;
    try {
      return await scan.next(Number.MAX_SAFE_INTEGER);
    } finally {
      await scan.close();
    }
  }

  /** What is on it now, as one would copy it: a backup or a clone. */
  async copy(): Promise<MemoryDisk> {
    return this.#seen.copy();
  }

  /** Another content takes the place of this one; the process must be gone. */
  async replaceBy(disk: MemoryDisk, isInitialized: boolean): Promise<void> {
    await this.#durableStore?.close();
    this.#durableStore = undefined;
    this.#seen = disk;
    this.#durable = await disk.copy();
    this.#batches = [];
    this.#isInitialized = isInitialized;
  }

  async #open(life: ProcessLife): Promise<OrderedStore> {
    if (this.isFull) throw failure('ENOSPC');
    const inner = await this.#seen.open();
    this.#store = inner;
    const state = { hasFailed: false, isClosed: false };
    // One after another, as into a log.
    let last: Promise<void> = Promise.resolve();
    const write = (operations: readonly WriteOperation[], { sync }: WriteOptions): Promise<void> => {
      const batch = { operations: operations.map(copied), sync, atMs: this.#time.nowMs };
      const written = last.then(() => this.#write(inner, batch, life, state));
      last = written.catch(() => undefined);
      return written;
    };
    return {
      ...whileAlive(inner, life),
      write,
      snapshot: () => {
        const snapshot = inner.snapshot();
        return { ...whileAlive(snapshot, life), close: () => snapshot.close() };
      },
      compact: () => last,
      close: async () => {
        await last;
        state.isClosed = true;
        this.#store = undefined;
        await inner.close();
      },
    };
  }

  async #write(
    inner: OrderedStore,
    batch: Batch,
    life: ProcessLife,
    state: { hasFailed: boolean; readonly isClosed: boolean },
  ): Promise<void> {
    const takes = (meanMs: number): Promise<void> =>
      new Promise((resolve) => void life.after(exponential(this.#random, meanMs * this.slowness), resolve));
    if (state.isClosed) throw new BoatoError('STORE_CLOSED', 'The store is closed.');
    // What LevelDB does after its log could not be written.
    if (state.hasFailed) return takes(WRITE_MEAN_MS);
    const code = this.isFull ? 'ENOSPC' : this.nextFailure;
    this.nextFailure = undefined;
    if (code !== undefined) {
      state.hasFailed = true;
      await takes(WRITE_MEAN_MS);
      throw failure(code);
    }
    this.#inFlight = batch;
    await takes(batch.sync ? SYNC_MEAN_MS : WRITE_MEAN_MS);
    this.#inFlight = undefined;
    await inner.write(batch.operations, { sync: batch.sync });
    await this.#written(batch);
  }

  async #written(batch: Batch): Promise<void> {
    this.writes++;
    this.#batches.push(batch);
    const durable = await this.#durableOpen();
    for (let first = this.#batches[0]; first !== undefined; first = this.#batches[0]) {
      if (!first.sync && first.atMs + WRITE_BACK_MS > this.#time.nowMs) break;
      this.#batches.shift();
      await durable.write(first.operations, { sync: true });
    }
  }

  async #abandon(survives: () => boolean): Promise<void> {
    const batch = this.#inFlight;
    const store = this.#store;
    this.#inFlight = undefined;
    this.#store = undefined;
    if (store === undefined) return;
    // Nobody was told that it is there; it may be.
    if (batch !== undefined && survives()) {
      await store.write(batch.operations, { sync: batch.sync });
      await this.#written(batch);
    }
    await store.close();
  }

  async #durableOpen(): Promise<OrderedStore> {
    this.#durableStore ??= await this.#durable.open();
    return this.#durableStore;
  }
}

function copied(operation: WriteOperation): WriteOperation {
  const key = operation.key.slice();
  return operation.type === 'del'
    ? { type: 'del', key }
    : { type: 'put', key, value: operation.value.slice() };
}

/** What a process that is over has asked for never comes. */
function whileAlive(reader: Reader, life: ProcessLife): Reader {
  const answer = <T>(asked: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      asked.then(
        (value) => void (life.isOver || resolve(value)),
        (error: unknown) => void (life.isOver || reject(error as Error)),
      );
    });
  return {
    get: (key) => answer(reader.get(key)),
    getMany: (keys) => answer(reader.getMany(keys)),
    scan: (range) => {
      const scan = reader.scan(range);
      return { next: (count) => answer(scan.next(count)), close: () => answer(scan.close()) };
    },
  };
}
