/**
 * The disk of a simulated machine: an ordered store whose writes take time, and of which a loss of power takes what was
 * not synced. What LevelDB does, seen by experiment, it does: batches are atomic; after a failed write it acknowledges
 * what a reopening does not find; with no space left it cannot be opened.
 */

import { MemoryDisk } from '../adapters/memory-store.ts';
import { equalBytes } from '../core/bytes.ts';
import { BoatoError } from '../core/errors.ts';
import type { StoreHome } from '../node/store-home.ts';
import type { OrderedStore, StoredRecord, WriteOperation, WriteOptions } from '../ports/ordered-store.ts';
import type { Random } from '../ports/random.ts';
import {
  type Batch,
  copied,
  failure,
  type ReadFailure,
  type Tear,
  type WriteFailure,
} from './disk-failure.ts';
import { type Folder, openHome } from './disk-home.ts';
import type { ProcessLife } from './process-life.ts';
import { whileAlive } from './reader-while-alive.ts';
import { exponential, isChosen } from './streams.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What is not synced is written by the system by itself after so long. */
const WRITE_BACK_MS = 30_000;

const SYNC_MEAN_MS = 2;
const WRITE_MEAN_MS = 0.05;
/** Only of a slow disk: others have what is read in their cache. */
const READ_MEAN_MS = 0.05;

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
  readonly #folder: Folder = { isInitialized: false, hasRoomAside: false, members: undefined };
  #store: OrderedStore | undefined;
  #openingsToFail = 0;
  /** No write succeeds, and no opening without room set aside. */
  isFull = false;
  /** Of a write to come. */
  failure: WriteFailure | undefined;
  readFailure: ReadFailure | undefined;
  /** In the middle of a write to come. */
  tear: Tear | undefined;
  /** Times as long as usual. */
  slowness = 1;
  /** Batches written so far: while it stands still, nothing changes. */
  writes = 0;

  constructor(time: VirtualTime, random: Random) {
    this.#time = time;
    this.#random = random;
  }

  /** Nothing is wrong with it any more. */
  mend(): void {
    this.isFull = false;
    this.failure = undefined;
    this.readFailure = undefined;
    this.tear = undefined;
    this.slowness = 1;
    this.#openingsToFail = 0;
  }

  /** For a process; one at a time, as with the lock of a folder. */
  home(dir: string, life: ProcessLife): Promise<StoreHome> {
    return openHome(
      dir,
      this.#folder,
      () => this.#open(life),
      () => this.isFull,
    );
  }

  /** The process was killed. The system lives, and writes what it was given. */
  async kill(): Promise<void> {
    await this.#abandon();
  }

  /** Of what was not synced, any part may be gone. */
  async losePower(): Promise<void> {
    await this.#abandon();
    const durable = await this.#durableOpen();
    for (const { operations, sync } of this.#batches)
      if (sync || isChosen(this.#random, 0.5)) await durable.write(operations, { sync: true });
    this.#batches = [];
    this.#seen = await this.#durable.copy();
  }

  /** What a process sees may be ahead of what is there. */
  get isWriting(): boolean {
    return this.#inFlight !== undefined;
  }

  /** A write that failed is there, and may be gone again. */
  get holdsFailedWrite(): boolean {
    return this.#batches.some(({ hasFailed }) => hasFailed);
  }

  /** The members that its node knows, as it keeps them beside the store. */
  get members(): Uint8Array | undefined {
    return this.#folder.members;
  }

  /** What is in the store now, as one would copy it: a backup or a clone. */
  async copy(): Promise<MemoryDisk> {
    return this.#seen.copy();
  }

  /** Another content takes the place of this one; the process must be gone. */
  async replaceBy(disk: MemoryDisk, isInitialized: boolean, members?: Uint8Array): Promise<void> {
    await this.#durableStore?.close();
    this.#durableStore = undefined;
    this.#seen = disk;
    this.#durable = await disk.copy();
    this.#batches = [];
    this.#folder.isInitialized = isInitialized;
    this.#folder.hasRoomAside = false;
    this.#folder.members = members;
  }

  /** What is on it now, of these keys. */
  async recordsThat(isWanted: (key: Uint8Array) => boolean): Promise<StoredRecord[]> {
    return this.#onSeen(async (store) => {
      const scan = store.scan({});
      const records = await scan.next(Number.MAX_SAFE_INTEGER);
      await scan.close();
      return records.filter(([key]) => isWanted(key));
    });
  }

  /** What is on it after a loss of power, whatever that takes. */
  async recordsThatStay(): Promise<readonly StoredRecord[]> {
    const stays = await this.#durable.copy();
    const store = await stays.open();
    for (const { operations, sync } of this.#batches) if (sync) await store.write(operations, { sync });
    const scan = store.scan({});
    return scan.next(Number.MAX_SAFE_INTEGER);
  }

  /** A record has this value from now on, or is gone, and nobody is told. What power is lost of is damaged, too. */
  async damage(key: Uint8Array, value: Uint8Array | undefined): Promise<void> {
    const operation: WriteOperation =
      value === undefined ? { type: 'del', key } : { type: 'put', key, value };
    const durable = await this.#durableOpen();
    if ((await durable.get(key)) !== undefined) await durable.write([operation], { sync: true });
    // Else it would be whole again once these have come.
    this.#batches = this.#batches.map((batch) => ({
      ...batch,
      operations: batch.operations.map((written) => (equalBytes(written.key, key) ? operation : written)),
    }));
    await this.#onSeen((store) => store.write([operation], { sync: true }));
    this.writes++;
  }

  async #onSeen<T>(work: (store: OrderedStore) => Promise<T>): Promise<T> {
    if (this.#store !== undefined) return work(this.#store);
    const store = await this.#seen.open();
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }

  async #open(life: ProcessLife): Promise<OrderedStore> {
    if (this.isFull) {
      if (!this.#folder.hasRoomAside) throw failure('ENOSPC');
      this.#folder.hasRoomAside = false;
    }
    if (this.#openingsToFail > 0) {
      this.#openingsToFail--;
      throw failure('EIO');
    }
    const inner = await this.#seen.open();
    this.#store = inner;
    await this.#settle();
    const state = { hasFailed: false, isClosed: false };
    // One after another, as into a log.
    let last: Promise<void> = Promise.resolve();
    const write = (operations: readonly WriteOperation[], { sync }: WriteOptions): Promise<void> => {
      const batch = { operations: operations.map(copied), sync, atMs: this.#time.nowMs };
      const written = last.then(() => this.#write(inner, batch, life, state));
      last = written.catch(() => undefined);
      return written;
    };
    const takeRead = (): Promise<void> | undefined => this.#takeRead(life);
    return {
      ...whileAlive(inner, life, takeRead),
      write,
      snapshot: () => {
        const snapshot = inner.snapshot();
        return { ...whileAlive(snapshot, life, takeRead), close: () => snapshot.close() };
      },
      compact: () => last,
      close: async () => {
        await last;
        if (state.isClosed || life.isOver) return;
        state.isClosed = true;
        this.#store = undefined;
        await inner.close();
      },
    };
  }

  /** What a read waits for; it fails if it is to. */
  #takeRead(life: ProcessLife): Promise<void> | undefined {
    const { readFailure } = this;
    if (readFailure !== undefined && readFailure.after-- <= 0) {
      if (--readFailure.times <= 0) this.readFailure = undefined;
      return Promise.reject(new BoatoError('RECORD_DAMAGED', 'The disk could not be read.'));
    }
    return this.slowness === 1 ? undefined : this.#takes(READ_MEAN_MS, life);
  }

  #takes(meanMs: number, life: ProcessLife): Promise<void> {
    return new Promise(
      (resolve) => void life.after(exponential(this.#random, meanMs * this.slowness), resolve),
    );
  }

  async #write(
    inner: OrderedStore,
    batch: Batch,
    life: ProcessLife,
    state: { hasFailed: boolean; readonly isClosed: boolean },
  ): Promise<void> {
    if (state.isClosed) throw new BoatoError('STORE_CLOSED', 'The store is closed.');
    // What LevelDB does after its log could not be written.
    if (state.hasFailed) return this.#takes(WRITE_MEAN_MS, life);
    const failing = this.#failing();
    if (failing !== undefined) {
      state.hasFailed = true;
      await this.#takes(WRITE_MEAN_MS, life);
      // Written, and not synced.
      if (failing.isKept) await this.#written(inner, { ...batch, sync: false, hasFailed: true });
      throw failure(failing.code);
    }
    this.#inFlight = batch;
    if (this.tear !== undefined && this.tear.after-- <= 0) {
      this.#time.after(0, this.tear.happen);
      this.tear = undefined;
    }
    await this.#takes(batch.sync ? SYNC_MEAN_MS : WRITE_MEAN_MS, life);
    this.#inFlight = undefined;
    await this.#written(inner, batch);
  }

  /** How the write that begins now fails, if it does. */
  #failing(): Pick<WriteFailure, 'code' | 'isKept'> | undefined {
    if (this.isFull) return { code: 'ENOSPC', isKept: false };
    const { failure: planned } = this;
    if (planned === undefined) return undefined;
    if (planned.after > 0) {
      this.failure = { ...planned, after: planned.after - 1 };
      return undefined;
    }
    this.failure = undefined;
    this.#openingsToFail = planned.openings;
    return planned;
  }

  async #written(store: OrderedStore, batch: Batch): Promise<void> {
    await store.write(batch.operations, { sync: batch.sync });
    this.writes++;
    this.#batches.push(batch);
    const durable = await this.#durableOpen();
    for (let first = this.#batches[0]; first !== undefined; first = this.#batches[0]) {
      if (!first.sync && first.atMs + WRITE_BACK_MS > this.#time.nowMs) break;
      this.#batches.shift();
      await durable.write(first.operations, { sync: true });
    }
  }

  /** LevelDB makes tables of what its logs hold as it opens, and syncs these. */
  async #settle(): Promise<void> {
    const durable = await this.#durableOpen();
    for (const { operations } of this.#batches.splice(0)) await durable.write(operations, { sync: true });
  }

  async #abandon(): Promise<void> {
    const batch = this.#inFlight;
    const store = this.#store;
    this.#inFlight = undefined;
    this.#store = undefined;
    if (store === undefined) return;
    // Nobody was told that it is there; it may be.
    if (batch !== undefined && isChosen(this.#random, 0.5)) await this.#written(store, batch);
    await store.close();
  }

  async #durableOpen(): Promise<OrderedStore> {
    this.#durableStore ??= await this.#durable.open();
    return this.#durableStore;
  }
}
