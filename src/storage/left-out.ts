/**
 * What the commits of a first copy leave out: each would write the state, rows, and how far the session got, between
 * entries in key order. LevelDB would have to merge all tables that such a record is in: most of its work.
 *
 * 1. A commit leaves out only what tells of entries that it brings: of a first copy, to keys that held nothing, of actors
 *    whose row is on disk. So what is on disk may count less than there is, and is right about everything else.
 * 2. `uncounted` on disk says that there may be more. It is written before anything is left out, and taken back by any
 *    other commit, which writes all that was left out in the same batch.
 * 3. Who opens a store that says so counts the entries anew; the session goes on from where it was when that was written.
 */

import type { NodeId } from '../core/actor.ts';
import type { Entry } from '../core/entry.ts';
import type { Committer } from './committer.ts';
import type { LiveRow } from './context-table.ts';
import type { SessionProgress } from './session-record.ts';
import type { State } from './state.ts';

/** So much of a first copy, and of time, a crash may cost. */
const BYTES_MAX = 64 * 2 ** 20;
const MS_MAX = 10_000;

export class LeftOut {
  readonly #rows = new Set<LiveRow>();
  readonly #progress = new Map<NodeId, SessionProgress>();
  #bytes = 0;
  #sinceMs = 0;

  get isAny(): boolean {
    return this.#rows.size > 0 || this.#progress.size > 0;
  }

  get rows(): Iterable<LiveRow> {
    return this.#rows;
  }

  get progress(): Iterable<readonly [NodeId, SessionProgress]> {
    return this.#progress;
  }

  /** Whether a commit that changed `rows` by entries of so many bytes may leave that out. `nowMs`: monotonic. */
  take(rows: Iterable<LiveRow>, bytes: number, nowMs: number): boolean {
    if (this.#bytes + bytes > BYTES_MAX || nowMs - this.#sinceMs > MS_MAX) return false;
    this.#bytes += bytes;
    this.add(rows);
    return true;
  }

  add(rows: Iterable<LiveRow>): void {
    for (const row of rows) this.#rows.add(row);
  }

  deleteRow(row: LiveRow): void {
    this.#rows.delete(row);
  }

  /** How far the first copy from `peer` got; on disk there is an earlier one. */
  setProgress(peer: NodeId, progress: SessionProgress): void {
    this.#progress.set(peer, progress);
  }

  deleteProgress(peer: NodeId): void {
    this.#progress.delete(peer);
  }

  /** All of it is about to be written. */
  clear(nowMs: number): void {
    this.#rows.clear();
    this.#progress.clear();
    this.#bytes = 0;
    this.#sinceMs = nowMs;
  }
}

/** What first copies have to do with one commit. */
export class FirstCopyShare {
  /** The job under way is of one. */
  isUnderWay = false;
  #jobs = 0;
  #jobsOfFirstCopies = 0;
  #records = 0;
  /** Of keys and values that came to keys that held nothing. */
  bytes = 0;

  beginJob(): void {
    this.isUnderWay = false;
    this.#jobs++;
  }

  beginFirstCopy(): void {
    this.isUnderWay = true;
    this.#jobsOfFirstCopies++;
  }

  /** An entry, with all that belongs to it, came to a key that held nothing: so many records. */
  add(records: number, { key, value }: Pick<Entry, 'key' | 'value'>): void {
    if (!this.isUnderWay) return;
    this.#records += records;
    this.bytes += key.length + value.length;
  }

  get hasAllJobs(): boolean {
    return this.#jobs === this.#jobsOfFirstCopies;
  }

  /** Whether nothing else happens in the commit. `records`: all of it. */
  isAll(records: number): boolean {
    return this.hasAllJobs && records === this.#records;
  }
}

/** Writes what was left out, so that everything on disk is as in memory. Within `Committer.exclusive`. */
export async function writeLeftOut({ uncounted, leftOut }: State, committer: Committer): Promise<void> {
  if (!uncounted && !leftOut.isAny) return;
  await committer.commitNow({
    keys: [],
    bytes: 0,
    sync: true,
    decide: (transaction) => transaction.touchState(),
  });
}
