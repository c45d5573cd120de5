/** The map for its users, on one replica. */

import { ClockDoubt, type Doubt } from '../core/clock-doubt.ts';
import { BoatoError } from '../core/errors.ts';
import { DEFAULT_LIMITS, type Limits } from '../core/limits.ts';
import type { Entry as CoreEntry } from '../core/entry.ts';
import { youngList } from '../core/young.ts';
import type { Clock } from '../ports/clock.ts';
import type { StoredReplica } from '../storage/stored-replica.ts';
import { checkSignal, throwIfAborted, unlessAborted } from './abort.ts';
import type {
  BackupResult,
  BatchOperation,
  BatchResult,
  Changes,
  ClockRepairOptions,
  ClockRepairResult,
  CollectResult,
  CountOptions,
  DeleteOptions,
  DeleteResult,
  EntriesOptions,
  Entry,
  PutOptions,
  PutResult,
  ReadOptions,
  SignalOptions,
  Store,
  StoreStatus,
  Value,
  VerifyOptions,
  VerifyResult,
  WatchOptions,
  WriteConcern,
} from './api.ts';
import { writeBackupFile } from './backup-file.ts';
import { CausalReads, READ_FIELDS } from './causal-reads.ts';
import { repairRefused } from './clock-sentences.ts';
import { countLive } from './count-live.ts';
import { encodeKey } from './key.ts';
import type { LiveReplica } from './live-replica.ts';
import { type CheckedStoreOptions, checkKnown } from './options.ts';
import { checkRange, liveValue, readLive, toPublic } from './reads.ts';
import { ReplicaCalls } from './replica-calls.ts';
import { statusOf } from './store-status.ts';
import { checkVerify, toVerifyResult } from './verify-result.ts';
import { WriteConcerns } from './write-concern.ts';
import { batchResult, deleteResult, putResult } from './write-results.ts';
import { Watches } from './watches.ts';
import { batchWrites, deleteWrite, putWrite } from './writes.ts';

export class MapStore implements Store {
  readonly clockDoubt: ClockDoubt;
  readonly causalReads: CausalReads;
  readonly writeConcerns: WriteConcerns = new WriteConcerns();
  readonly #live: LiveReplica;
  readonly #calls: ReplicaCalls;
  readonly #clock: Clock;
  readonly #options: CheckedStoreOptions;
  readonly #limits: Limits;
  readonly #dir: string;
  readonly #release: () => Promise<void>;
  readonly #watches: Watches;
  #isRefusing = false;
  #closing: Promise<void> | undefined;

  constructor(
    live: LiveReplica,
    clock: Clock,
    options: CheckedStoreOptions,
    folder: { readonly dir: string; readonly release: () => Promise<void> },
  ) {
    this.#live = live;
    this.#calls = new ReplicaCalls(live);
    this.#watches = new Watches(live);
    this.#clock = clock;
    this.#options = options;
    this.#limits = options.limits;
    this.#dir = folder.dir;
    this.#release = folder.release;
    this.causalReads = new CausalReads(live, clock);
    this.clockDoubt = new ClockDoubt(options.maxDriftMs, clock.wallMs(), clock.monotonicMs());
  }

  get #replica(): StoredReplica {
    return this.#live.current;
  }

  get nodeId(): string {
    return this.#replica.nodeId;
  }

  async put(key: string, value: Value, options: PutOptions = {}): Promise<PutResult> {
    this.#assertWritable();
    const { concern, rest } = this.writeConcerns.take(options);
    const write = putWrite(key, value, rest, this.#limits, this.#clock.wallMs());
    const written = await this.#replica.write(youngList(write));
    return this.writeConcerns.met(concern, written, (acks) => putResult(written, acks));
  }

  async get(key: string, options?: ReadOptions): Promise<Value | undefined> {
    return liveValue(await this.#read(key, options), this.#clock.wallMs());
  }

  async getEntry(key: string, options?: ReadOptions): Promise<Entry | undefined> {
    return toPublic(await this.#read(key, options), this.#clock.wallMs());
  }

  async getMany(keys: readonly string[], options?: ReadOptions): Promise<readonly (Value | undefined)[]> {
    this.#assertOpen();
    if (!Array.isArray(keys)) throw new BoatoError('INVALID_KEY', 'getMany takes a list of keys.');
    // Others may have written longer keys than this node may. (`Array.from` shows holes, which `map` would skip.)
    const encoded = Array.from(keys, (key) => encodeKey(key, DEFAULT_LIMITS.keyBytesMax));
    const entries = await this.#readingAfter(options, (replica) => replica.getMany(encoded));
    const wallMs = this.#clock.wallMs();
    return entries.map((entry) => liveValue(entry, wallMs));
  }

  async del(key: string, options: DeleteOptions = {}): Promise<DeleteResult> {
    this.#assertWritable();
    const { concern, rest } = this.writeConcerns.take(options);
    const written = await this.#replica.write(youngList(deleteWrite(key, rest, this.#limits)));
    return this.writeConcerns.met(concern, written, (acks) => deleteResult(written, acks));
  }

  async batch(operations: readonly BatchOperation[], options: WriteConcern = {}): Promise<BatchResult> {
    this.#assertWritable();
    const { concern, rest } = this.writeConcerns.take(options);
    checkKnown(rest, []);
    const writes = batchWrites(operations, this.#limits, this.#clock.wallMs());
    // Nothing is held wherever one looks.
    if (writes.length === 0) return batchResult(undefined, concern.acks);
    const written = await this.#replica.write(writes);
    return this.writeConcerns.met(concern, written, (acks) => batchResult(written, acks));
  }

  async *entries(options: EntriesOptions = {}): AsyncGenerator<Entry, void, undefined> {
    this.#assertOpen();
    const { bounds, limit } = checkRange(options);
    const waiting = this.#after(options);
    if (waiting !== undefined) await waiting;
    if (bounds === undefined) return;
    const scan = await this.#calls.run(async (replica) => replica.scan(bounds));
    try {
      yield* readLive(scan, limit, () => this.#clock.wallMs(), options.signal);
    } catch (error) {
      throw this.#live.explained(error);
    }
  }

  async count(options: CountOptions = {}): Promise<number> {
    this.#assertOpen();
    checkKnown(options, ['prefix', ...READ_FIELDS]);
    const { prefix = '', ...after } = options;
    const wallMs = (): number => this.#clock.wallMs();
    return this.#readingAfter(after, (replica) => countLive(replica, prefix, wallMs, after.signal));
  }

  watch(options: WatchOptions = {}): Changes {
    this.#assertOpen();
    return this.#watches.begin(options);
  }

  async status(): Promise<StoreStatus> {
    this.#assertOpen();
    return Promise.resolve(this.storeStatus());
  }

  storeStatus(): StoreStatus {
    const { outage } = this.#live;
    return statusOf({
      replica: this.#replica,
      outage,
      options: this.#options,
      dir: this.#dir,
      doubt: this.#clockDoubt(),
      wallMs: this.#clock.wallMs(),
    });
  }

  async collect(): Promise<CollectResult> {
    this.#assertWritable();
    const reason = this.#whyNotCollect();
    if (reason !== undefined) return { collected: 0, kept: 0, reason };
    return this.#calls.run((replica) => replica.collect());
  }

  async repairClock(options: ClockRepairOptions = {}): Promise<ClockRepairResult> {
    this.#assertWritable();
    checkKnown(options, ['all']);
    const { all = false } = options;
    if (typeof all !== 'boolean')
      throw new BoatoError('INVALID_OPTION', 'The option `all` must be true or false.');
    const doubt = this.#clockDoubt();
    if (doubt !== undefined) throw repairRefused(doubt, this.#options.maxDriftMs);
    const { removed, rewritten, others } = await this.#calls.run((replica) =>
      replica.repairClock(all, () => this.#isRefusing),
    );
    return { removed, rewritten, others };
  }

  async compact(): Promise<void> {
    this.#assertWritable();
    await this.#calls.run((replica) => replica.compact());
  }

  async backup(path: string, options?: SignalOptions): Promise<BackupResult> {
    this.#assertOpen();
    return this.#calls.run(() => writeBackupFile(path, this.backupStream(options)));
  }

  async *backupStream(options: SignalOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    this.#assertOpen();
    checkKnown(options, ['signal']);
    const signal = checkSignal(options.signal);
    await this.#live.reopened;
    try {
      yield* unlessAborted(this.#replica.backup(), signal);
    } catch (error) {
      throw this.#live.explained(error);
    }
  }

  async verify(options: VerifyOptions = {}): Promise<VerifyResult> {
    this.#assertOpen();
    const { repair, signal } = checkVerify(options);
    if (repair) this.#live.assertWritable();
    const isCalledOff = (): boolean => this.#isRefusing || signal?.aborted === true;
    try {
      return toVerifyResult(await this.#calls.run((replica) => replica.verify(repair, isCalledOff)));
    } catch (error) {
      throwIfAborted(signal);
      throw error;
    }
  }

  /** New calls fail from now on; what was begun goes on. */
  refuse(): void {
    this.#isRefusing = true;
    this.causalReads.stop();
    void this.#watches.end();
    this.#live.stop();
  }

  close(): Promise<void> {
    this.refuse();
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  isClockInDoubt(): boolean {
    return this.#clockDoubt() !== undefined;
  }

  #clockDoubt(): Doubt | undefined {
    return this.clockDoubt.doubt(this.#clock.wallMs(), this.#clock.monotonicMs());
  }

  async #close(): Promise<void> {
    await this.#watches.end();
    await this.#calls.idle();
    try {
      await this.#live.close();
    } finally {
      await this.#release();
    }
  }

  /** Others may have written longer keys than this node may. */
  #read(key: unknown, options: ReadOptions | undefined): Promise<CoreEntry | undefined> {
    this.#assertOpen();
    const bytes = encodeKey(key, DEFAULT_LIMITS.keyBytesMax);
    return this.#readingAfter(options, (replica) => replica.get(bytes));
  }

  /** `read`, once it may begin: at once, if there is nothing to wait for. */
  #readingAfter<T>(
    options: ReadOptions | undefined,
    read: (replica: StoredReplica) => Promise<T>,
  ): Promise<T> {
    if (options === undefined) return this.#calls.run(read);
    checkKnown(options, READ_FIELDS);
    const waiting = this.#after(options);
    return waiting === undefined ? this.#calls.run(read) : waiting.then(() => this.#calls.run(read));
  }

  /** What a read waits for; it fails if the store is closed meanwhile. */
  #after(options: ReadOptions): Promise<void> | undefined {
    return this.causalReads.before(options)?.then(() => this.#assertOpen());
  }

  #assertOpen(): void {
    if (this.#isRefusing) throw new BoatoError('STORE_CLOSED', 'The store is closed.');
  }

  #assertWritable(): void {
    this.#assertOpen();
    this.#live.assertWritable();
  }

  #whyNotCollect(): string | undefined {
    if (this.#replica.state.bootstrapping) return 'the first copy of the data is not complete yet';
    if (this.#replica.state.healing)
      return 'what was seen is forgotten, and not every peer was asked for all of it yet';
    if (this.isClockInDoubt()) return "this machine's clock is in doubt";
    return undefined;
  }
}
