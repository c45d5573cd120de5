/**
 * Commits, one group after another: writers join the group that forms while the one before it is being written, and
 * are answered when theirs is on disk. Any failed write fences the store: nothing more is acknowledged on this state, which
 * is ahead of the disk, until another one takes its place.
 *
 * 1. Groups are decided, written and answered in the order in which their jobs came.
 * 2. At most one write is on its way to disk. What comes meanwhile is decided, group after group, over the state in memory, and
 *    over what the groups before leave under their keys where the disk would be asked; all of it is the next write.
 * 3. A group that was decided on one whose write failed is not written, and none of it is acknowledged.
 */

import type { NodeId } from '../core/actor.ts';
import { BoatoError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { OrderedStore, WriteOperation } from '../ports/ordered-store.ts';
import type { Rumour } from '../ports/replica.ts';
import type { Placed } from './change-journal.ts';
import type { LiveRow } from './context-table.ts';
import type { OnDamage } from './damage.ts';
import { lookUpPresent } from './present.ts';
import type { State } from './state.ts';
import { type PresentByKey, Transaction } from './transaction.ts';
import { turn } from './turn.ts';

/**
 * A group holds at most so many keys and bytes (one job more): what is decided at once, without a pause for reads. More save
 * nothing: what a group shares is cheap, and groups that wait for the disk share its sync.
 */
const GROUP_KEYS_MAX = 256;
const GROUP_BYTES_MAX = 8 * 2 ** 20;

/** So does a write (one group more): what is handed to the database at once. */
const WRITE_KEYS_MAX = 2048;
const WRITE_BYTES_MAX = GROUP_BYTES_MAX;

/** Why nothing is acknowledged any more. */
interface Fence {
  readonly what: string;
  /** A defect of ours: the disk is sound. */
  readonly isDefect: boolean;
}

const FAILED_WRITE: Fence = {
  what: 'A write to disk failed, and was not acknowledged',
  isDefect: false,
};
export const UNREADABLE: Fence = {
  what: 'A part of the database cannot be read, so that what can be must be copied',
  isDefect: false,
};
const BROKEN_INVARIANT: Fence = {
  what: 'An invariant of the store was broken (please report it), and the write was not acknowledged',
  isDefect: true,
};

/** `isDefect`: an invariant of ours was broken; otherwise a write to disk has failed. */
export type OnFence = (error: BoatoError, isDefect: boolean) => void;

/** A change that is decided in one synchronous step over the state as all jobs before it left it. */
export interface Job<T> {
  /** Keys whose present entries `decide` asks for. */
  readonly keys: readonly Uint8Array[];
  /** What it writes, about; bounds the group. */
  readonly bytes: number;
  /** Answered only when it survives power loss (as far as the store is opened for that). */
  readonly sync: boolean;
  /** The peer whose entries it brings, if it does. */
  readonly from?: NodeId;
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

/** A group that is decided, and not written yet. */
interface Decided {
  readonly outcomes: readonly Outcome[];
  readonly bytes: number;
  readonly operations: readonly WriteOperation[];
  readonly sync: boolean;
  /** Under the keys of the group, once it is written. */
  readonly present: PresentByKey;
  readonly changedRows: readonly LiveRow[];
  /** To be called when it is on disk, or the store is fenced. */
  readonly onWritten: () => void;
  readonly placed: readonly Placed[];
  readonly written: readonly Rumour[];
}

/** A decided group, with those who wait for it. */
interface Group {
  readonly queued: readonly Queued[];
  readonly decided: Decided;
}

/** Groups on their way to disk. */
interface Ahead {
  readonly groups: readonly Group[];
  /** Never rejects; resolves, when they are on disk or have failed, to what tells those who wait. */
  readonly answer: Promise<() => void>;
  isOver: boolean;
}

export class Committer {
  readonly #store: OrderedStore;
  readonly #state: State;
  readonly #clock: Clock;
  readonly #sync: boolean;
  readonly #onFence: OnFence;
  readonly #onDamage: OnDamage;
  readonly #onCommitted: (rows: readonly LiveRow[]) => void;
  #queue: Queued[] = [];
  #running: Promise<void> | undefined;
  /** Of the group that was decided last: resolves when it, and all before it, are on disk or have failed. */
  #writing: Promise<void> | undefined;
  #stopped: BoatoError | undefined;

  constructor(
    store: OrderedStore,
    state: State,
    clock: Clock,
    options: {
      readonly sync: boolean;
      readonly onFence: OnFence;
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
    const decided = await this.#decide([job], []);
    await this.#write([decided]);
    const [outcome] = decided.outcomes as [Outcome];
    if (outcome.error !== undefined) throw outcome.error;
    return outcome.value as T;
  }

  /** Resolves when all that was decided is on disk: until then the state in memory is ahead. Fails with `STORE_FENCED`. */
  async written(): Promise<void> {
    await this.#writing;
    this.#throwIfFenced();
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
    let ahead: Ahead | undefined;
    let gathered: Group[] = [];
    while (ahead !== undefined || gathered.length > 0 || this.#queue.length > 0) {
      const head = this.#queue[0];
      if (gathered.length > 0 && ahead?.isOver !== false) {
        const before = ahead;
        ahead = this.#begin(gathered);
        gathered = [];
        // Those who are answered go on while this is written.
        (await before?.answer)?.();
      } else if (head?.job !== undefined && hasRoom(gathered)) {
        // Reads, and whoever else waits, have their turn between two groups.
        if (ahead !== undefined) await turn();
        const group = await this.#decideGroup(this.#takeGroup(), [...(ahead?.groups ?? []), ...gathered]);
        if (group !== undefined) gathered.push(group);
      } else if (ahead !== undefined) {
        const answer = await ahead.answer;
        if (gathered.length > 0) continue;
        answer();
        ahead = undefined;
      } else if (head?.task !== undefined) {
        this.#queue.shift();
        await run(head.task).then(head.resolve, head.reject);
      }
    }
    this.#running = undefined;
  }

  #takeGroup(): Queued[] {
    let keys = 0;
    let bytes = 0;
    let count = 0;
    for (const { job } of this.#queue) {
      if (job === undefined || (count > 0 && (keys >= GROUP_KEYS_MAX || bytes >= GROUP_BYTES_MAX))) break;
      keys += job.keys.length;
      bytes += job.bytes;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  /** `undefined` if it failed, and those who wait were told. `before`: groups that are not on disk yet. */
  async #decideGroup(queued: readonly Queued[], before: readonly Group[]): Promise<Group | undefined> {
    try {
      const jobs = queued.map(({ job }) => job as Job<unknown>);
      const present = before.map(({ decided }) => decided.present).toReversed();
      return { queued, decided: await this.#decide(jobs, present) };
    } catch (error) {
      for (const { reject } of queued) reject(error);
      return undefined;
    }
  }

  #begin(groups: readonly Group[]): Ahead {
    const answer = this.#write(groups.map(({ decided }) => decided)).then(
      () => () => groups.forEach(answerGroup),
      (error: unknown) => () => {
        for (const { queued } of groups) for (const { reject } of queued) reject(error);
      },
    );
    const ahead = { groups, answer, isOver: false };
    void answer.then(() => (ahead.isOver = true));
    return ahead;
  }

  /** Changes the state in memory; any failure fences the store. `ahead`: as `lookUpPresent` has it. */
  async #decide(jobs: readonly Job<unknown>[], ahead: readonly PresentByKey[]): Promise<Decided> {
    this.#throwIfFenced();
    const present = await lookUpPresent(this.#store, this.#state, jobs, this.#onDamage, ahead);
    const clock = this.#clock;
    const transaction = new Transaction(this.#state, present, clock.wallMs(), clock.monotonicMs());
    try {
      const outcomes = jobs.map((job) => decide(job, transaction));
      const operations = transaction.finish();
      const sync = this.#sync && jobs.some((job) => job.sync);
      let onWritten = (): void => {};
      this.#writing = new Promise((resolve) => {
        onWritten = resolve;
      });
      const { changedRows, placed, written } = transaction;
      const bytes = jobs.reduce((sum, job) => sum + job.bytes, 0);
      return { outcomes, bytes, operations, sync, present, changedRows, placed, written, onWritten };
    } catch (error) {
      throw this.fence(error, BROKEN_INVARIANT);
    }
  }

  async #write(groups: readonly Decided[]): Promise<void> {
    try {
      // The write before failed: these were decided on a state that is not on disk.
      this.#throwIfFenced();
      const operations = groups.flatMap((group) => group.operations);
      const sync = groups.some((group) => group.sync);
      if (operations.length > 0) await this.#store.write(operations, { sync });
      for (const { placed, written, changedRows } of groups) {
        this.#state.journal.add(placed);
        for (const rumour of written) this.#state.onWritten?.(rumour);
        this.#onCommitted(changedRows);
      }
    } catch (error) {
      throw this.fence(error);
    } finally {
      for (const { onWritten } of groups) onWritten();
    }
  }

  #throwIfFenced(): void {
    if (this.#stopped?.code === 'STORE_FENCED') throw this.#stopped;
  }

  /** The state in memory is ahead of the disk, and nothing may be decided on it any more. */
  fence(cause: unknown, why: Fence = FAILED_WRITE): BoatoError {
    if (this.#stopped?.code === 'STORE_FENCED') return this.#stopped;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const error = new BoatoError(
      'STORE_FENCED',
      `${why.what}: ${reason}. What was acknowledged is on disk; as long as it is open, the store tries by itself to take writes again.`,
      { cause },
    );
    this.#stopped = error;
    for (const { reject } of this.#queue.splice(0)) reject(error);
    this.#onFence(error, why.isDefect);
    return error;
  }
}

function hasRoom(gathered: readonly Group[]): boolean {
  let keys = 0;
  let bytes = 0;
  for (const { decided } of gathered) {
    keys += decided.present.size;
    bytes += decided.bytes;
  }
  return keys < WRITE_KEYS_MAX && bytes < WRITE_BYTES_MAX;
}

function answerGroup({ queued, decided: { outcomes } }: Group): void {
  for (let at = 0; at < queued.length; at++) {
    const outcome = outcomes[at] as Outcome;
    const { resolve, reject } = queued[at] as Queued;
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
  transaction.from = job.from;
  try {
    return { value: job.decide(transaction), error: undefined };
  } catch (error) {
    if (error instanceof BoatoError) return { value: undefined, error };
    throw error;
  }
}
