/**
 * The dot index of a first copy, made when the copy is over.
 *
 * 1. While `unindexed` is set, entries of the first copy may be missing in the index, and only they: it is set in the batch that
 *    brings the first of them, and taken back in a commit of its own once the index lists all.
 * 2. Who needs the whole index waits for that. From then on nothing is deferred any more.
 * 3. What a process that is over had deferred is found by reading all entries. What the index lists already does not matter.
 */

import { BoatoError } from '../core/errors.ts';
import type { OrderedStore, Snapshot } from '../ports/ordered-store.ts';
import { readRecord } from './checksum.ts';
import type { Committer } from './committer.ts';
import { damaged } from './damage.ts';
import { DeferredDots } from './deferred-dots.ts';
import { decodeEntry } from './entry-record.ts';
import type { IndexCompactor } from './index-compaction.ts';
import { entriesBetween, keyOfEntry } from './keyspace.ts';
import { pagesOf } from './pages.ts';
import type { Sessions } from './sessions.ts';
import { SortedDots } from './sorted-dots.ts';
import type { State } from './state.ts';

const PAGE_RECORDS = 64;

interface DeferredIndexParts {
  readonly store: OrderedStore;
  readonly state: State;
  readonly committer: Committer;
  readonly compactor: IndexCompactor;
  readonly sessions: Pick<Sessions, 'hasFirstCopy'>;
}

export class DeferredIndex {
  readonly #parts: DeferredIndexParts;
  readonly #onError: (error: unknown) => void;
  #running: Promise<void> | undefined;
  #isReading = false;
  #hasFailed = false;
  #isStopped = false;

  /** `onError`: work in the background failed. */
  constructor(parts: DeferredIndexParts, onError: (error: unknown) => void) {
    this.#parts = parts;
    this.#onError = onError;
  }

  /** All entries are being read, which takes seconds for each million. */
  get isReading(): boolean {
    return this.#isReading;
  }

  /** Begins in the background once no first copy can go on. */
  look(): void {
    const { state, sessions } = this.#parts;
    if (!state.unindexed || this.#running !== undefined || this.#hasFailed || this.#isStopped) return;
    if (sessions.hasFirstCopy) return;
    this.complete().catch((error: unknown) => {
      // What fails once, fails at every commit.
      this.#hasFailed = true;
      if (!this.#isStopped) this.#onError(error);
    });
  }

  /** Resolves when the index lists all entries. */
  complete(): Promise<void> {
    if (!this.#parts.state.unindexed) return Promise.resolve();
    this.#running ??= this.#complete().finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** As `Committer.exclusive`, once the index lists all entries, if it is needed: the task is about to run then. */
  async exclusive<T>(task: () => Promise<T>, isNeeded: () => boolean = () => true): Promise<T> {
    const { state, committer } = this.#parts;
    for (;;) {
      const done = await committer.exclusive(async () =>
        isNeeded() && state.unindexed ? undefined : { outcome: await task() },
      );
      if (done !== undefined) return done.outcome;
      await this.complete();
    }
  }

  /** Ends what is under way, which begins anew at the next start. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running?.catch(() => {});
  }

  async #complete(): Promise<void> {
    const { store, state, committer } = this.#parts;
    const { deferred } = state;
    const snapshot = await committer.exclusive(() => {
      deferred.close();
      return Promise.resolve(deferred.isComplete ? undefined : store.snapshot());
    });
    await (snapshot === undefined ? this.#list(deferred) : this.#readAll(snapshot));
    await committer.commit({
      keys: [],
      bytes: 0,
      sync: true,
      decide: (transaction) => {
        state.unindexed = false;
        transaction.touchState();
      },
    });
  }

  async #readAll(snapshot: Snapshot): Promise<void> {
    const { context } = this.#parts.state;
    let dots = new DeferredDots();
    this.#isReading = true;
    try {
      for await (const page of pagesOf(snapshot.scan(entriesBetween({})), PAGE_RECORDS)) {
        this.#goOn();
        for (const [storedKey, record] of page) {
          const { actorNo, version } = readRecord(storedKey, record, decodeEntry);
          if (!context.isNo(actorNo)) throw damaged('refers to an actor that has no row');
          dots.add(actorNo, { version, key: keyOfEntry(storedKey) });
        }
        if (!dots.isFull) continue;
        await this.#list(dots);
        dots = new DeferredDots();
      }
      await this.#list(dots);
    } finally {
      this.#isReading = false;
      await snapshot.close();
    }
  }

  async #list(dots: DeferredDots): Promise<void> {
    const { state, compactor } = this.#parts;
    for (const [no, lists] of await dots.sorted()) {
      await compactor.fold(state.context.byNo(no), new SortedDots(lists));
      this.#goOn();
    }
  }

  #goOn(): void {
    if (this.#isStopped) throw new BoatoError('STORE_CLOSED', 'The store is closed.');
  }
}
