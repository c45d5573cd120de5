/**
 * Jobs that are decided together, and written with others that were: a group of the commit. Classes for the sake of V8:
 * `core/young.ts`.
 */

import type { NodeId } from '../core/actor.ts';
import { BoatoError } from '../core/errors.ts';
import type { Rumour } from '../ports/replica.ts';
import type { Placed } from './change-journal.ts';
import type { LiveRow } from './context-table.ts';
import type { LookedUpKeys } from './looked-up.ts';
import type { LookUp } from './present.ts';
import type { RecordWriter } from './record-writer.ts';
import type { Transaction } from './transaction.ts';

/**
 * A group holds at most so many keys and bytes (one job more): what is decided at once, without a pause for reads. More save
 * nothing: what a group shares is cheap, and groups that wait for the disk share its sync.
 */
const GROUP_KEYS_MAX = 256;
const GROUP_BYTES_MAX = 8 * 2 ** 20;

/** So does a write (one group more): what is handed to the database at once. */
const WRITE_KEYS_MAX = 2048;
const WRITE_BYTES_MAX = GROUP_BYTES_MAX;

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

export class Queued {
  /** Absent for an exclusive task, and once it is decided: who waits for the disk keeps no more than need be alive. */
  job: Job<unknown> | undefined;
  readonly task: (() => Promise<unknown>) | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;

  constructor(
    job: Queued['job'],
    task: Queued['task'],
    resolve: Queued['resolve'],
    reject: Queued['reject'],
  ) {
    this.job = job;
    this.task = task;
    this.resolve = resolve;
    this.reject = reject;
  }
}

/** A group that was taken from the queue. */
export class Undecided {
  readonly queued: readonly Queued[];
  readonly jobs: readonly Job<unknown>[];
  readonly lookUp: LookUp;
  /** Of the group that is decided while this one is looked up. */
  meanwhile: LookedUpKeys | undefined = undefined;

  constructor(queued: readonly Queued[], jobs: readonly Job<unknown>[], lookUp: LookUp) {
    this.queued = queued;
    this.jobs = jobs;
    this.lookUp = lookUp;
  }
}

/** A group that is decided, and not written yet. */
export class Decided {
  readonly outcomes: readonly Outcome[];
  readonly bytes: number;
  readonly records: RecordWriter;
  readonly sync: boolean;
  /** Under the keys of the group, once it is written. */
  readonly present: LookedUpKeys;
  readonly changedRows: readonly LiveRow[];
  readonly placed: readonly Placed[];
  /** Own batches, if anybody is to be told of them. */
  readonly own: readonly Rumour[];
  /** Resolves when it is on disk, or the store is fenced. */
  readonly written: Promise<void>;
  /** To be called then. */
  onWritten!: () => void;

  /** Decides all jobs: changes the state in memory. */
  constructor(jobs: readonly Job<unknown>[], transaction: Transaction, present: LookedUpKeys) {
    this.outcomes = jobs.map((job) => decide(job, transaction));
    this.bytes = jobs.reduce((sum, job) => sum + job.bytes, 0);
    this.records = transaction.finish();
    this.sync = jobs.some((job) => job.sync);
    this.present = present;
    this.changedRows = transaction.changedRows;
    this.placed = transaction.placed;
    this.own = transaction.written;
    this.written = new Promise((resolve) => {
      this.onWritten = resolve;
    });
  }
}

/** A decided group, with those who wait for it. */
export class Group {
  readonly queued: readonly Queued[];
  readonly decided: Decided;

  constructor(queued: readonly Queued[], decided: Decided) {
    this.queued = queued;
    this.decided = decided;
  }
}

export class Outcome {
  readonly value: unknown;
  readonly error: BoatoError | undefined;

  constructor(value: unknown, error: BoatoError | undefined) {
    this.value = value;
    this.error = error;
  }
}

/** Takes the next group off the queue; empty if what comes next must be alone. */
export function takeGroup(queue: Queued[]): Queued[] {
  let keys = 0;
  let bytes = 0;
  let count = 0;
  for (const { job } of queue) {
    if (job === undefined || keys >= GROUP_KEYS_MAX || bytes >= GROUP_BYTES_MAX) break;
    keys += job.keys.length;
    bytes += job.bytes;
    count++;
  }
  return queue.splice(0, count);
}

export function decide(job: Job<unknown>, transaction: Transaction): Outcome {
  transaction.beginJob(job.from);
  try {
    return new Outcome(job.decide(transaction), undefined);
  } catch (error) {
    if (error instanceof BoatoError) return new Outcome(undefined, error);
    throw error;
  }
}

/** Whether another one may be written with these. */
export function hasRoom(gathered: readonly Group[]): boolean {
  let keys = 0;
  let bytes = 0;
  for (const { decided } of gathered) {
    keys += decided.present.size;
    bytes += decided.bytes;
  }
  return keys < WRITE_KEYS_MAX && bytes < WRITE_BYTES_MAX;
}

export function answerGroup({ queued, decided: { outcomes } }: Group): void {
  for (let at = 0; at < queued.length; at++) {
    const outcome = outcomes[at] as Outcome;
    const { resolve, reject } = queued[at] as Queued;
    if (outcome.error === undefined) resolve(outcome.value);
    else reject(outcome.error);
  }
}

export function rejectGroup({ queued }: Pick<Group, 'queued'>, error: unknown): void {
  for (const { reject } of queued) reject(error);
}
