/**
 * Commits, one group after another: writers join the group that forms while the one before it is being written, and
 * are answered when theirs is on disk. Any failed write fences the store for good.
 */

import { BoatoError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { OrderedStore } from '../ports/ordered-store.ts';
import type { LiveRow } from './context-table.ts';
import type { OnDamage } from './damage.ts';
import { lookUpPresent } from './present.ts';
import type { State } from './state.ts';
import { Transaction } from './transaction.ts';

/**
 * A group holds at most so many keys and bytes (one job more): what is decided at once, without a pause for reads. One that
 * is not synced is smaller: the next is decided, and the one before it answered, while it is being written.
 */
const GROUP_KEYS_MAX = 1024;
const GROUP_KEYS_MAX_UNSYNCED = 256;
const GROUP_BYTES_MAX = 8 * 2 ** 20;

const FAILED_WRITE =
  'A write to disk failed, so nothing more is acknowledged: see the cause (disk full, I/O error), mend it, and start the node again; what was acknowledged is on disk.';
const BROKEN_INVARIANT =
  'An invariant of the store was broken, so nothing more is acknowledged: please report the cause, and start the node again; what was acknowledged is on disk.';

/** A change that is decided in one synchronous step over the state as all jobs before it left it. */
export interface Job<T> {
  /** Keys whose present entries `decide` asks for. */
  readonly keys: readonly Uint8Array[];
  /** What it writes, about; bounds the group. */
  readonly bytes: number;
  /** Answered only when it survives power loss (as far as the store is opened for that). */
  readonly sync: boolean;
  /** Throws a `BoatoError` only before it has changed anything. */
  decide(transaction: Transaction): T;
}

interface Queued {
  /** Absent for an exclusive task. */
  readonly job: Job<unknown> | undefined;
  readonly task: (() => Promise<unknown>) | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class Committer {
  readonly #store: OrderedStore;
  readonly #state: State;
  readonly #clock: Clock;
  readonly #sync: boolean;
  readonly #onFence: (error: BoatoError) => void;
  readonly #onDamage: OnDamage;
  readonly #onCommitted: (rows: readonly LiveRow[]) => void;
  #queue: Queued[] = [];
  #running: Promise<void> | undefined;
  #stopped: BoatoError | undefined;

  constructor(
    store: OrderedStore,
    state: State,
    clock: Clock,
    options: {
      readonly sync: boolean;
      readonly onFence: (error: BoatoError) => void;
      readonly onDamage: OnDamage;
      /** Told, after each commit, whose rows it wrote. */
      readonly onCommitted: (rows: readonly LiveRow[]) => void;
    },
  ) {
    this.#store = store;
    this.#state = state;
    this.#clock = clock;
    this.#sync = options.sync;
    this.#onFence = options.onFence;
    this.#onDamage = options.onDamage;
    this.#onCommitted = options.onCommitted;
  }

  /** Resolves with what `decide` returned, when it is on disk. */
  commit<T>(job: Job<T>): Promise<T> {
    return this.#enqueue({ job, task: undefined }) as Promise<T>;
  }

  /** Runs `task` between two commits, alone; inside it, changes are made by `commitNow`. */
  exclusive<T>(task: () => Promise<T>): Promise<T> {
    return this.#enqueue({ job: undefined, task }) as Promise<T>;
  }

  /** Only inside an exclusive task. */
  async commitNow<T>(job: Job<T>): Promise<T> {
    const outcomes = await this.#commitJobs([job]);
    const [outcome] = outcomes as [Outcome];
    if (outcome.error !== undefined) throw outcome.error;
    return outcome.value as T;
  }

  /** Refuses what comes from now on with `STORE_CLOSED`, and waits for what was begun. */
  async close(): Promise<void> {
    this.#stopped ??= new BoatoError('STORE_CLOSED', 'The store is closed.');
    await this.#running;
  }

  #enqueue(work: Pick<Queued, 'job' | 'task'>): Promise<unknown> {
    if (this.#stopped !== undefined) return Promise.reject(this.#stopped);
    const { job, task } = work;
    const answered = new Promise<unknown>((resolve, reject) => {
      this.#queue.push({ job, task, resolve, reject });
    });
    // Started a moment later, so that writers of the same moment share the first group.
    this.#running ??= Promise.resolve().then(() => this.#run());
    return answered;
  }

  async #run(): Promise<void> {
    let answer = NOTHING;
    while (this.#queue.length > 0) {
      const head = this.#queue[0] as Queued;
      if (head.task === undefined) {
        answer = await this.#commitGroup(this.#takeGroup(), answer);
        // What waits is begun first: it is written while those who are answered go on. Not where a disk's fsync makes them wait.
        if (!this.#sync && this.#queue[0]?.job !== undefined) continue;
      }
      answer();
      answer = NOTHING;
      if (head.task === undefined) continue;
      this.#queue.shift();
      await run(head.task).then(head.resolve, head.reject);
    }
    this.#running = undefined;
  }

  #takeGroup(): Queued[] {
    let keys = 0;
    let bytes = 0;
    let count = 0;
    const keysMax = this.#sync ? GROUP_KEYS_MAX : GROUP_KEYS_MAX_UNSYNCED;
    for (const { job } of this.#queue) {
      if (job === undefined || (count > 0 && (keys >= keysMax || bytes >= GROUP_BYTES_MAX))) break;
      keys += job.keys.length;
      bytes += job.bytes;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  /**
   * Resolves, when the group is on disk, to what answers it. `onBegun`: called when its write has begun, or it has failed;
   * may be called twice.
   */
  async #commitGroup(group: readonly Queued[], onBegun: () => void): Promise<() => void> {
    try {
      const outcomes = await this.#commitJobs(
        group.map(({ job }) => job as Job<unknown>),
        onBegun,
      );
      return () => answerGroup(group, outcomes);
    } catch (error) {
      // Perhaps once more, which does nothing to a promise.
      onBegun();
      return () => {
        for (const { reject } of group) reject(error);
      };
    }
  }

  async #commitJobs(
    jobs: readonly Job<unknown>[],
    onBegun: () => void = NOTHING,
  ): Promise<readonly Outcome[]> {
    if (this.#stopped?.code === 'STORE_FENCED') throw this.#stopped;
    const present = await lookUpPresent(this.#store, this.#state, jobs, this.#onDamage);
    const transaction = new Transaction(
      this.#state,
      present,
      this.#clock.wallMs(),
      this.#clock.monotonicMs(),
    );
    let why = BROKEN_INVARIANT;
    try {
      const outcomes = jobs.map((job) => decide(job, transaction));
      const operations = transaction.finish();
      const sync = this.#sync && jobs.some((job) => job.sync);
      why = FAILED_WRITE;
      const written = operations.length > 0 ? this.#store.write(operations, { sync }) : undefined;
      onBegun();
      await written;
      this.#onCommitted(transaction.changedRows);
      return outcomes;
    } catch (error) {
      throw this.fence(error, why);
    }
  }

  /** The state in memory is ahead of the disk, and nothing may be decided on it any more. */
  fence(cause: unknown, why: string = FAILED_WRITE): BoatoError {
    if (this.#stopped?.code === 'STORE_FENCED') return this.#stopped;
    const error = new BoatoError('STORE_FENCED', why, { cause });
    this.#stopped = error;
    for (const { reject } of this.#queue.splice(0)) reject(error);
    this.#onFence(error);
    return error;
  }
}

const NOTHING = (): void => {};

function answerGroup(group: readonly Queued[], outcomes: readonly Outcome[]): void {
  for (let at = 0; at < group.length; at++) {
    const outcome = outcomes[at] as Outcome;
    const { resolve, reject } = group[at] as Queued;
    if (outcome.error === undefined) resolve(outcome.value);
    else reject(outcome.error);
  }
}

/** A task that throws, instead of rejecting, must not end the run. */
function run(task: () => Promise<unknown>): Promise<unknown> {
  try {
    return task();
  } catch (error) {
    return Promise.reject(error);
  }
}

interface Outcome {
  readonly value: unknown;
  readonly error: BoatoError | undefined;
}

function decide(job: Job<unknown>, transaction: Transaction): Outcome {
  try {
    return { value: job.decide(transaction), error: undefined };
  } catch (error) {
    if (error instanceof BoatoError) return { value: undefined, error };
    throw error;
  }
}
