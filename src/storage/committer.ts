/**
 * Commits, one group after another: writers join the group that forms while the one before it is being written, and
 * are answered when theirs is on disk. Any failed write fences the store: nothing more is acknowledged on this state, which
 * is ahead of the disk, until another one takes its place.
 *
 * 1. Groups are decided, written and answered in the order in which their jobs came; one whose keys cannot be read is refused
 *    at once.
 * 2. At most one write is on its way to disk. What comes meanwhile is decided, group after group, over the state in memory, and
 *    over what the groups before leave under their keys where the disk would be asked; all of it is the next write. What a
 *    group must read from disk is read while the group before it is decided.
 * 3. A group that was decided on one whose write failed is not written, and none of it is acknowledged.
 */

import { BoatoError } from '../core/errors.ts';
import { youngList } from '../core/young.ts';
import type { Clock } from '../ports/clock.ts';
import type { OrderedStore } from '../ports/ordered-store.ts';
import {
  answerGroup,
  Decided,
  Group,
  hasRoom,
  type Job,
  type Outcome,
  Queued,
  rejectGroup,
  takeGroup,
  Undecided,
} from './commit-group.ts';
import type { LiveRow } from './context-table.ts';
import type { OnDamage } from './damage.ts';
import type { LookedUpKeys } from './looked-up.ts';
import { LookUp, type LookUpSources } from './present.ts';
import type { State } from './state.ts';
import { Transaction } from './transaction.ts';
import { turn } from './turn.ts';

/** Why nothing is acknowledged any more. */
export interface Fence {
  /** For whoever wrote; the beginning of a sentence. */
  readonly what: string;
  /** For the log. */
  readonly sentence: string;
  /** A defect of ours: the disk is sound. */
  readonly isDefect: boolean;
}

const FAILED_WRITE: Fence = {
  what: 'A write to disk failed, and was not acknowledged',
  sentence: 'A write to disk failed: nothing is written until the store was opened again.',
  isDefect: false,
};
export const UNREADABLE: Fence = {
  what: 'A part of the database cannot be read, so that what can be must be copied',
  sentence:
    'A part of the database cannot be read: nothing is written until what can be read was copied, and that was opened.',
  isDefect: false,
};
const BROKEN_INVARIANT: Fence = {
  what: 'An invariant of the store was broken (please report it), and the write was not acknowledged',
  sentence:
    'An invariant of the store was broken, please report the cause: nothing is written until the store was opened again.',
  isDefect: true,
};

type OnFence = (error: BoatoError, why: Fence) => void;

/** Groups on their way to disk. */
class Ahead {
  readonly groups: readonly Group[];
  /** Never rejects; resolves when they are on disk, or to why they are not. */
  readonly written: Promise<BoatoError | undefined>;
  isOver = false;

  constructor(groups: readonly Group[], written: Promise<BoatoError | undefined>) {
    this.groups = groups;
    this.written = written;
    void written.then(() => (this.isOver = true));
  }
}

export class Committer {
  readonly #store: OrderedStore;
  readonly #state: State;
  readonly #clock: Clock;
  readonly #sync: boolean;
  readonly #onFence: OnFence;
  readonly #sources: LookUpSources;
  readonly #onCommitted: (rows: readonly LiveRow[]) => void;
  readonly #queue: Queued[] = [];
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
    this.#sources = { store, state, onDamage: options.onDamage };
    this.#onCommitted = options.onCommitted;
  }

  get fenced(): BoatoError | undefined {
    return this.#stopped?.code === 'STORE_FENCED' ? this.#stopped : undefined;
  }

  /** Resolves with what `decide` returned, when it is on disk. */
  commit<T>(job: Job<T>): Promise<T> {
    return this.#enqueue(job, undefined) as Promise<T>;
  }

  /** Runs `task` between two commits, alone; inside it, changes are made by `commitNow`. */
  exclusive<T>(task: () => Promise<T>): Promise<T> {
    return this.#enqueue(undefined, task) as Promise<T>;
  }

  /** Only inside an exclusive task. */
  async commitNow<T>(job: Job<T>): Promise<T> {
    const jobs = [job];
    const decided = await this.#decide(jobs, new LookUp(this.#sources, jobs, []), undefined);
    const failed = await this.#write([decided]);
    const [outcome] = decided.outcomes as [Outcome];
    const error = failed ?? outcome.error;
    if (error !== undefined) throw error;
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

  #enqueue(job: Queued['job'], task: Queued['task']): Promise<unknown> {
    if (this.#stopped !== undefined) return Promise.reject(this.#stopped);
    const answered = new Promise<unknown>((resolve, reject) => {
      this.#queue.push(new Queued(job, task, resolve, reject));
    });
    // Started a moment later, so that writers of the same moment share the first group.
    this.#running ??= Promise.resolve().then(() => this.#run());
    return answered;
  }

  async #run(): Promise<void> {
    let ahead: Ahead | undefined;
    let gathered: Group[] = youngList();
    let next: Undecided | undefined;
    while (ahead !== undefined || gathered.length > 0 || next !== undefined || this.#queue.length > 0) {
      const head = this.#queue[0];
      if (gathered.length > 0 && ahead?.isOver !== false) {
        const before = ahead;
        const groups = gathered;
        ahead = new Ahead(groups, this.#write(groups.map(({ decided }) => decided)));
        gathered = youngList();
        // Those who are answered go on while this is written.
        if (before !== undefined) await answer(before);
      } else if ((next !== undefined || head?.job !== undefined) && hasRoom(gathered)) {
        // Reads, and whoever else waits, have their turn between two groups.
        if (ahead !== undefined) await turn();
        const before = [...(ahead?.groups ?? []), ...gathered];
        const undecided: Undecided = next ?? this.#lookUp(before);
        next = undefined;
        if (undecided.lookUp.read !== undefined) {
          await undecided.lookUp.read.catch(() => undefined);
          // What comes next is read from disk while this is decided.
          if (this.#queue[0]?.job !== undefined) next = this.#lookUp(before);
        }
        const group = await this.#decideGroup(undecided);
        if (group !== undefined) gathered.push(group);
        if (next !== undefined) next.meanwhile = group?.decided.present;
      } else if (ahead !== undefined) {
        await ahead.written;
        if (gathered.length > 0) continue;
        const before = ahead;
        ahead = undefined;
        await answer(before);
      } else if (head?.task !== undefined) {
        this.#queue.shift();
        await run(head.task).then(head.resolve, head.reject);
      }
    }
    this.#running = undefined;
  }

  /** Takes the next group. `before`: groups that are decided, and not on disk yet. */
  #lookUp(before: readonly Group[]): Undecided {
    const queued = takeGroup(this.#queue);
    const jobs = queued.map(({ job }) => job as Job<unknown>);
    const ahead = before.map(({ decided }) => decided.present).toReversed();
    return new Undecided(queued, jobs, new LookUp(this.#sources, jobs, ahead));
  }

  /** `undefined` if it failed, and those who wait were told. */
  async #decideGroup({ queued, jobs, lookUp, meanwhile }: Undecided): Promise<Group | undefined> {
    try {
      const decided = await this.#decide(jobs, lookUp, meanwhile);
      for (const one of queued) one.job = undefined;
      return new Group(queued, decided);
    } catch (error) {
      rejectGroup({ queued }, error);
      return undefined;
    }
  }

  /** Changes the state in memory; any failure after the looking up fences the store. */
  async #decide(
    jobs: readonly Job<unknown>[],
    lookUp: LookUp,
    meanwhile: LookedUpKeys | undefined,
  ): Promise<Decided> {
    await lookUp.read;
    this.#throwIfFenced();
    const present = lookUp.finish(meanwhile);
    const clock = this.#clock;
    const transaction = new Transaction(this.#state, present, clock.wallMs(), clock.monotonicMs());
    try {
      const decided = new Decided(jobs, transaction, present);
      this.#writing = decided.written;
      return decided;
    } catch (error) {
      throw this.fence(error, BROKEN_INVARIANT);
    }
  }

  /** Resolves to the error that fenced the store, if it failed. */
  async #write(groups: readonly Decided[]): Promise<BoatoError | undefined> {
    try {
      // The write before failed: these were decided on a state that is not on disk.
      this.#throwIfFenced();
      const sync = this.#sync && groups.some((group) => group.sync);
      // Not kept in a variable, which would live until they are written.
      if (groups.some(({ records }) => records.count > 0))
        await this.#store.write(
          groups.flatMap(({ records }) => records.operations()),
          { sync },
        );
      for (const { placed, own, changedRows } of groups) {
        this.#state.journal.add(placed);
        for (const rumour of own) this.#state.onWritten?.(rumour);
        this.#onCommitted(changedRows);
      }
      return undefined;
    } catch (error) {
      return this.fence(error);
    } finally {
      for (const { onWritten } of groups) onWritten();
    }
  }

  #throwIfFenced(): void {
    if (this.fenced !== undefined) throw this.fenced;
  }

  /** The state in memory is ahead of the disk, and nothing may be decided on it any more. */
  fence(cause: unknown, why: Fence = FAILED_WRITE): BoatoError {
    if (this.fenced !== undefined) return this.fenced;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const error = new BoatoError(
      'STORE_FENCED',
      `${why.what}: ${reason}. What was acknowledged is on disk; as long as it is open, the store tries by itself to take writes again.`,
      { cause },
    );
    this.#stopped = error;
    for (const { reject } of this.#queue.splice(0)) reject(error);
    this.#onFence(error, why);
    return error;
  }
}

/** Group by group: who is answered goes on at once, to write again perhaps, and others have their turn in between. */
async function answer({ groups, written }: Ahead): Promise<void> {
  const error = await written;
  for (const [at, group] of groups.entries()) {
    if (at > 0) await turn();
    if (error === undefined) answerGroup(group);
    else rejectGroup(group, error);
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
