/**
 * One commit group: changes the state in memory and collects the records that make the same change on disk, to be
 * written in one atomic batch (I4). Every place where an entry comes or goes passes through here, so that sums, dot
 * index, due index, cache and context cannot part.
 */

import type { Actor, NodeId } from '../core/actor.ts';
import { assert } from '../core/assert.ts';
import type { Entry } from '../core/entry.ts';
import { addSum, subtractSum } from '../core/fingerprint.ts';
import { maxVersion, type Version, versionAt } from '../core/version.ts';
import { youngList } from '../core/young.ts';
import type { Rumour } from '../ports/replica.ts';
import type { Placed } from './change-journal.ts';
import type { LiveRow } from './context-table.ts';
import { flagsOf, isPermanent, LARGE, TOMBSTONE } from './entry-record.ts';
import { cloudKey, entryKey, largeValueKey, progressKey, rowKey, STATE_KEY } from './keyspace.ts';
import { Present } from './dot-cache.ts';
import { FirstCopyShare } from './left-out.ts';
import type { LookedUp, LookedUpKeys } from './looked-up.ts';
import { encodeState } from './meta-record.ts';
import { dueKeyOf, encodeDue } from './due-record.ts';
import { PairsToIndex } from './pairs-to-index.ts';
import { RecordWriter } from './record-writer.ts';
import { encodeRow } from './row-record.ts';
import { encodeProgress } from './session-record.ts';
import type { State } from './state.ts';

export class Transaction {
  readonly state: State;
  /** The wall clock as this group is decided. */
  readonly wallMs: number;
  readonly #monotonicMs: number;
  readonly #present: LookedUpKeys;
  #next = 0;
  /** No record under the group's keys is damaged. */
  readonly #isReadable: boolean;
  readonly #records = new RecordWriter();
  readonly #pairs = new PairsToIndex();
  #stateTouched = false;
  /** One key is asked for several times in a row. */
  #lastKey: Uint8Array | undefined;
  #lastLookedUp: LookedUp | undefined;
  #from: NodeId | undefined;
  readonly #firstCopies = new FirstCopyShare();
  /** Entries that this group wrote, for the journal. */
  readonly placed: Placed[] = youngList();
  /** Own batches of this group, if anybody is to be told of them. */
  readonly written: Rumour[] = youngList();
  /** Rows that this group wrote; complete after `finish`. */
  changedRows: readonly LiveRow[] = [];

  constructor(state: State, present: LookedUpKeys, wallMs: number, monotonicMs: number) {
    this.state = state;
    this.wallMs = wallMs;
    this.#monotonicMs = monotonicMs;
    this.#present = present;
    this.#isReadable = !present.inOrder.some((lookedUp) => lookedUp.present instanceof Error);
  }

  /** The next job is decided. `from`: the peer whose entries it brings; absent: they are this node's own. */
  beginJob(from: NodeId | undefined): void {
    this.#from = from;
    this.#firstCopies.beginJob();
  }

  /** The job under way brings entries of a first copy: their dots are listed when that is over. */
  beginFirstCopy(): void {
    this.#firstCopies.beginFirstCopy();
  }

  /** The present entry of a key of this group. Fails with `RECORD_DAMAGED`; ask before changing anything. */
  present(key: Uint8Array): Present | undefined {
    const { present } = this.#lookedUp(key);
    if (present instanceof Error) throw present;
    return present ?? undefined;
  }

  /** Fails with `RECORD_DAMAGED` if the record of one of the group's keys is damaged: before anything is changed. */
  assertReadable(keys: readonly Uint8Array[]): void {
    if (this.#isReadable) return;
    for (const key of keys) this.present(key);
  }

  row(actor: Actor): LiveRow {
    return this.state.context.ensure(actor);
  }

  /** Writes `entry` in the place of what its key held. Its dot is loose unless `received` covers it. */
  place(row: LiveRow, entry: Entry): void {
    const { state } = this;
    const old = this.present(entry.key);
    if (old !== undefined) this.#remove(entry.key, old);
    const recordsBefore = this.#records.count;
    const flags = flagsOf(entry);
    const sum = state.fingerprints.entry(row.actor, entry.version, entry.key);
    state.all = addSum(state.all, sum);
    if (isPermanent(flags)) state.permanent = addSum(state.permanent, sum);
    row.live++;
    if (!row.hasSeen(entry.version)) state.context.addLoose(row, entry.version);
    state.see(entry.last);
    this.#records.entry(row.no, entry);
    if (flags & LARGE) this.#records.put(largeValueKey(row.no, entry.version), entry.value);
    const present = new Present(entry.version, row.no, flags, entry.expiresAt);
    const due = dueKeyOf(entry.key, present);
    if (due !== undefined) this.#records.put(due, encodeDue(present));
    if (this.#firstCopies.isUnderWay && state.deferred.take(row.no, entry)) this.#defer(row, entry.version);
    else this.#pairs.add(row, entry);
    if (old === undefined) this.#firstCopies.add(this.#records.count - recordsBefore, entry);
    if (state.journal.isKept) {
      const { key, actor, version, expiresAt } = entry;
      // A copy: the key of an entry that came in a chunk would keep the whole chunk.
      this.placed.push({ key: key.slice(), actor, version, expiresAt, from: this.#from });
    }
    this.#remember(entry.key, present);
  }

  /** Removes the present entry of `key`, which leaves no trace: its dot must be covered by `closed` (R6). */
  collect(key: Uint8Array, present: Present): void {
    const row = this.state.context.byNo(present.actorNo);
    assert(present.version <= row.closed, 'only what closed covers is collected');
    this.#remove(key, present);
    this.#forget(key);
    this.state.horizon = maxVersion(this.state.horizon, present.version);
  }

  /** Removes the present entry of `key`, which was replaced or deleted elsewhere (R9): its dot stays seen. */
  drop(key: Uint8Array, present: Present): void {
    this.#remove(key, present);
    this.#forget(key);
  }

  /** Entries went, and no dot of what is here tells so: who was told of them must be told that all may be different. */
  noteDrop(): void {
    this.state.drops++;
    this.state.droppedAt = maxVersion(this.state.last, versionAt(this.wallMs));
    this.touchState();
  }

  /** R11: removes the present entry of `key` as if it had never come: its dot is seen no more. */
  takeOut(key: Uint8Array, present: Present): void {
    const row = this.#subtract(key, present);
    if (!row.hasSeen(present.version)) this.state.context.removeLoose(row, present.version);
    this.#forget(key);
  }

  /** R11: what the row says of versions above `limit` goes, but for present entries, which are the caller's. */
  cutBack(row: LiveRow, limit: Version): void {
    for (const version of row.cloudVersions) {
      if (version <= limit) continue;
      this.state.context.removeCloud(row, version);
      this.delete(cloudKey(row.no, version));
    }
    this.state.context.cutBack(row, limit);
  }

  /** The actor has no row any more. */
  removeRow(row: LiveRow): void {
    this.state.context.remove(row);
    this.state.leftOut.deleteRow(row);
    this.delete(rowKey(row.no));
  }

  /** `received` is about to cover the entry's dot: if it is a loose one, it is none any more. */
  cover(entry: Entry): void {
    const row = this.row(entry.actor);
    if (!row.hasSeen(entry.version) && this.isPresent(entry))
      this.state.context.removeLoose(row, entry.version);
  }

  /** Whether this very entry is what its key holds. */
  isPresent(entry: Entry): boolean {
    const present = this.present(entry.key);
    return present?.version === entry.version && present.actorNo === this.row(entry.actor).no;
  }

  isTombstone(present: Present): boolean {
    return (present.flags & TOMBSTONE) !== 0;
  }

  /** The dot was seen and need not be here: to the cloud, if `received` does not cover it. */
  see(row: LiveRow, version: Version): void {
    this.state.see(version);
    if (row.hasSeen(version)) return;
    this.state.context.addCloud(row, version);
    this.#records.put(cloudKey(row.no, version), new Uint8Array(0));
  }

  /** Both versions of the row grow to at least these. */
  advance(row: LiveRow, received: Version, closed: Version): void {
    this.state.see(received);
    for (const version of this.state.context.advance(row, received, closed)) {
      this.#records.push({ type: 'del', key: cloudKey(row.no, version) });
    }
  }

  /** A record of another noun that belongs to the same commit. `content` is sealed here. */
  put(key: Uint8Array, content: Uint8Array): void {
    this.#records.put(key, content);
  }

  delete(key: Uint8Array): void {
    this.#records.push({ type: 'del', key });
  }

  /** The node's own record is to be written even if nothing else is. */
  touchState(): void {
    this.#stateTouched = true;
  }

  /** The batch to write. Nothing may be changed afterwards. */
  finish(): RecordWriter {
    const { state } = this;
    this.#pairs.write(this.#records);
    this.changedRows = [...new Set([...state.context.settle(this.#monotonicMs), ...this.#pairs.rows])];
    const isAny = this.changedRows.length > 0 || this.#records.count > 0 || this.#stateTouched;
    if (isAny && !this.#isLeftOut()) this.#writeAll();
    return this.#records;
  }

  /** See `left-out.ts`. */
  #isLeftOut(): boolean {
    const { uncounted, leftOut } = this.state;
    return (
      uncounted &&
      this.#firstCopies.isAll(this.#records.count) &&
      this.changedRows.every((row) => row.wasWritten) &&
      leftOut.take(this.changedRows, this.#firstCopies.bytes, this.#monotonicMs)
    );
  }

  /** Rows, progress of first copies, and the state: all that changed since each was written. */
  #writeAll(): void {
    const { state } = this;
    state.leftOut.add(this.changedRows);
    for (const row of state.leftOut.rows) {
      this.#records.put(rowKey(row.no), encodeRow(row, row));
      row.wasWritten = true;
    }
    for (const [peer, progress] of state.leftOut.progress)
      this.#records.put(progressKey(peer), encodeProgress(progress));
    state.leftOut.clear(this.#monotonicMs);
    state.uncounted = this.#firstCopies.hasAllJobs;
    this.#records.put(STATE_KEY, encodeState(state));
  }

  #remove(key: Uint8Array, old: Present): void {
    const row = this.#subtract(key, old);
    if (row.hasSeen(old.version)) return;
    this.state.context.removeLoose(row, old.version);
    this.see(row, old.version);
  }

  /** Everything but the context. */
  #subtract(key: Uint8Array, old: Present): LiveRow {
    const { state } = this;
    const row = state.context.byNo(old.actorNo);
    const sum = state.fingerprints.entry(row.actor, old.version, key);
    state.all = subtractSum(state.all, sum);
    if (isPermanent(old.flags)) state.permanent = subtractSum(state.permanent, sum);
    assert(state.all.count >= 0 && row.live > 0, 'no more entries go than came');
    row.live--;
    state.context.touch(row);
    const due = dueKeyOf(key, old);
    if (due !== undefined) this.#records.push({ type: 'del', key: due });
    if (old.flags & LARGE) this.#records.push({ type: 'del', key: largeValueKey(row.no, old.version) });
    return row;
  }

  #lookedUp(key: Uint8Array): LookedUp {
    if (key !== this.#lastKey) {
      this.#lastKey = key;
      // Keys are asked for in the order of the jobs, mostly: to find one by its hash costs more.
      const next = this.#present.inOrder[this.#next];
      if (next?.key === key) this.#next++;
      this.#lastLookedUp = next?.key === key ? next : this.#present.find(this.state.cache.hash(key), key);
    }
    assert(
      this.#lastLookedUp !== undefined,
      'every key of a commit group was looked up before it was decided',
    );
    return this.#lastLookedUp;
  }

  #forget(key: Uint8Array): void {
    this.#records.push({ type: 'del', key: entryKey(key) });
    const lookedUp = this.#lookedUp(key);
    lookedUp.present = null;
    this.state.cache.delete(lookedUp);
    lookedUp.isCached = false;
  }

  #remember(key: Uint8Array, present: Present): void {
    const lookedUp = this.#lookedUp(key);
    lookedUp.present = present;
    if (lookedUp.isCached) this.state.cache.set(lookedUp, present);
    else this.state.cache.add(lookedUp, present);
    lookedUp.isCached = true;
  }

  #defer(row: LiveRow, version: Version): void {
    this.state.unindexed = true;
    row.indexed = maxVersion(row.indexed, version);
    this.state.context.touch(row);
  }
}
