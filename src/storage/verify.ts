/**
 * Looks whether everything on disk is what was written, and fits together: all records of one snapshot, once, in key order.
 *
 * Memory does not grow with the number of entries: that each entry is in the dot index, and the like, is told by sums over
 * both sides that do not depend on the order. Only where two sums differ a second walk (`verify-entries.ts`) finds which.
 */

import { byteString, equalBytes, readUint32, readUint64 } from '../core/bytes.ts';
import { equalSums, type Row, SUM_ZERO, type Sum } from '../core/context.ts';
import { addSum, type Fingerprints } from '../core/fingerprint.ts';
import type { Version } from '../core/version.ts';
import type { Snapshot, StoredRecord } from '../ports/ordered-store.ts';
import { readRecord, unseal } from './checksum.ts';
import { copyRow } from './context-table.ts';
import { damaged, isDamage } from './damage.ts';
import { decodeDue, dueKeyOf } from './due-record.ts';
import { decodeEntry, isPermanent, LARGE, type StoredEntry } from './entry-record.ts';
import { type Findings, FindingsList } from './findings.ts';
import {
  cloudKey,
  entryKey,
  IDENTITY_KEY,
  keyOfDue,
  keyOfEntry,
  rowKey,
  spaceOf,
  STATE_KEY,
} from './keyspace.ts';
import { readable } from './locate.ts';
import { decodeIdentity, decodeState, ownKeys } from './meta-record.ts';
import { decodeRow } from './row-record.ts';
import { decodeSegment } from './segment-record.ts';
import { decodeHead, decodeProgress } from './session-record.ts';
import type { State } from './state.ts';
import { isSameDue, lengthBytes, verifyEntries } from './verify-entries.ts';

/** Records looked at in one go. */
const PAGE_RECORDS = 256;

/** A snapshot with what was in memory when it was taken. */
export interface Moment {
  readonly snapshot: Snapshot;
  readonly all: Sum;
  readonly permanent: Sum;
  readonly isDamaged: boolean;
  /** The dot index is said to list all entries. */
  readonly isIndexed: boolean;
  readonly rowByNo: ReadonlyMap<number, MomentaryRow>;
}

interface MomentaryRow extends Row {
  readonly live: number;
  /** It says nothing that is not known without it, so it may be in memory only. */
  readonly isSpare: boolean;
}

/** Must be called while no commit is under way. */
export function momentOf(state: State, snapshot: Snapshot): Moment {
  const { all, permanent, damaged: isDamaged, unindexed, context } = state;
  const rowByNo = new Map<number, MomentaryRow>();
  for (const row of context.all()) {
    rowByNo.set(row.no, { ...copyRow(row), live: row.live, isSpare: context.isSpare(row) });
  }
  return { snapshot, all, permanent, isDamaged, isIndexed: !unindexed, rowByNo };
}

/** `onPage`: after each page, with the records that were looked at for the first time; may throw to call it off. */
export async function verify(
  moment: Moment,
  fingerprints: Fingerprints,
  onPage: (records: number) => void,
): Promise<Findings> {
  const verification = new Verification(moment, fingerprints);
  const scan = moment.snapshot.scan({ gte: new Uint8Array(0) });
  let isReadable = true;
  try {
    for (let page = await scan.next(PAGE_RECORDS); page.length > 0; page = await scan.next(PAGE_RECORDS)) {
      for (const record of page) await verification.look(record);
      onPage(page.length);
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
    isReadable = false;
  } finally {
    await scan.close();
  }
  return isReadable ? verification.finish(() => onPage(0)) : verification.breakOff();
}

/** Of one actor. */
interface Tally {
  live: number;
  loose: Sum;
  cloud: Sum;
  entries: Sum;
  indexed: Sum;
}

class Verification {
  readonly #moment: Moment;
  readonly #fingerprints: Fingerprints;
  readonly #findings: FindingsList;
  readonly #tallyByNo = new Map<number, Tally>();
  readonly #rowsSeen = new Set<number>();
  readonly #ownSeen = new Set<string>();
  #all: Sum = SUM_ZERO;
  #permanent: Sum = SUM_ZERO;
  #dueExpected: Sum = SUM_ZERO;
  #due: Sum = SUM_ZERO;
  #valuesExpected: Sum = SUM_ZERO;
  #values: Sum = SUM_ZERO;

  constructor(moment: Moment, fingerprints: Fingerprints) {
    this.#moment = moment;
    this.#fingerprints = fingerprints;
    this.#findings = new FindingsList((no) => moment.rowByNo.get(no)?.actor);
    if (moment.isDamaged) this.#findings.add('marked', STATE_KEY);
  }

  async look(record: StoredRecord): Promise<void> {
    const [key] = record;
    const space = spaceOf(key);
    if (space === undefined) return this.#findings.add('unknown', key);
    this.#findings.count(space);
    try {
      await this.#lookInto(space, record);
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#findings.add('unreadable', key);
    }
  }

  /** A part of the database cannot be read: nothing can add up. */
  breakOff(): Findings {
    this.#findings.addNamed('file-unreadable', 'unknown', 'the database');
    return this.#findings.finish();
  }

  async finish(onPage: () => void): Promise<Findings> {
    const { all, permanent, rowByNo, snapshot } = this.#moment;
    if (!equalSums(this.#all, all)) this.#findings.addNamed('sums-differ', 'entry', 'all entries');
    if (!equalSums(this.#permanent, permanent))
      this.#findings.addNamed('sums-differ', 'entry', 'permanent entries');
    for (const key of ownKeys([...rowByNo.values()].some((row) => !row.isSpare)))
      if (!this.#ownSeen.has(byteString(key))) this.#findings.add('missing', key);
    const unindexed = new Set<number>();
    for (const [no, row] of rowByNo) {
      const { live, loose, cloud, entries, indexed } = this.#tally(no);
      const isKept = this.#rowsSeen.has(no) || row.isSpare;
      const isSame = live === row.live && equalSums(loose, row.loose) && equalSums(cloud, row.cloud);
      if (!isKept || !isSame) this.#findings.add('row-differs', rowKey(no));
      if (this.#moment.isIndexed && !equalSums(entries, indexed)) unindexed.add(no);
    }
    const suspicions = {
      unindexed,
      due: !equalSums(this.#due, this.#dueExpected),
      values: !equalSums(this.#values, this.#valuesExpected),
    };
    if (unindexed.size > 0 || suspicions.due || suspicions.values)
      await verifyEntries(snapshot, suspicions, this.#findings, onPage);
    return this.#findings.finish();
  }

  #lookInto(space: NonNullable<ReturnType<typeof spaceOf>>, record: StoredRecord): void | Promise<void> {
    const [key, stored] = record;
    switch (space) {
      case 'meta':
        return this.#meta(key, stored);
      case 'entry':
        return this.#entry(key, stored);
      case 'largeValue':
        return this.#largeValue(key, stored);
      case 'segment':
      case 'singleDot':
        return this.#pairs(key, stored);
      case 'due':
        return this.#dueRecord(key, stored);
      case 'row':
        return this.#row(key, stored);
      case 'cloud':
        return this.#cloud(key, stored);
      case 'session':
        return void readRecord(key, stored, decodeHead);
      case 'progress':
        return void readRecord(key, stored, decodeProgress);
    }
  }

  #meta(key: Uint8Array, record: Uint8Array): void {
    this.#ownSeen.add(byteString(key));
    if (equalBytes(key, IDENTITY_KEY)) return void readRecord(key, record, decodeIdentity);
    if (!equalBytes(key, STATE_KEY)) return void unseal(key, record);
    const { all, permanent } = readRecord(key, record, decodeState);
    const isSame = equalSums(all, this.#moment.all) && equalSums(permanent, this.#moment.permanent);
    if (!isSame) this.#findings.add('sums-differ', key);
  }

  async #entry(storedKey: Uint8Array, record: Uint8Array): Promise<void> {
    const stored = readRecord(storedKey, record, decodeEntry);
    const { actorNo, version, flags } = stored;
    const { actor, received } = this.#rowOf(actorNo);
    const key = keyOfEntry(storedKey);
    const sum = this.#fingerprints.entry(actor, version, key);
    this.#all = addSum(this.#all, sum);
    if (isPermanent(flags)) this.#permanent = addSum(this.#permanent, sum);
    const tally = this.#tally(actorNo);
    tally.live++;
    tally.entries = addSum(tally.entries, sum);
    const due = dueKeyOf(key, stored);
    if (due !== undefined)
      this.#dueExpected = addSum(this.#dueExpected, this.#fingerprints.entry(actor, version, due));
    if (flags & LARGE) this.#valuesExpected = addSum(this.#valuesExpected, this.#valueSum(stored));
    if (version > received && (await this.#moment.snapshot.get(cloudKey(actorNo, version))) === undefined)
      tally.loose = addSum(tally.loose, this.#fingerprints.dot(actor, version));
  }

  #largeValue(key: Uint8Array, record: Uint8Array): void {
    const [actorNo, version] = dotOf(key);
    const valueBytes = unseal(key, record).length;
    // Of an actor that has no row: no entry's, and so the sums must differ.
    const sum = this.#moment.rowByNo.has(actorNo)
      ? this.#valueSum({ actorNo, version, valueBytes })
      : { count: 1, sum: 0n };
    this.#values = addSum(this.#values, sum);
  }

  async #pairs(storedKey: Uint8Array, record: Uint8Array): Promise<void> {
    const [actorNo, highest] = dotOf(storedKey);
    const pairs = readRecord(storedKey, record, decodeSegment);
    if (pairs.at(-1)?.version !== highest) throw damaged('lists other versions than it says');
    const { actor } = this.#rowOf(actorNo);
    const storedKeys = pairs.map(({ key }) => entryKey(key));
    const records = await this.#moment.snapshot.getMany(storedKeys);
    const tally = this.#tally(actorNo);
    for (const [index, { key, version }] of pairs.entries()) {
      const entry = readable(storedKeys[index] as Uint8Array, records[index], decodeEntry);
      // Stale ones are harmless.
      if (entry?.version !== version || entry.actorNo !== actorNo) continue;
      tally.indexed = addSum(tally.indexed, this.#fingerprints.entry(actor, version, key));
    }
  }

  async #dueRecord(key: Uint8Array, record: Uint8Array): Promise<void> {
    const dot = readRecord(key, record, decodeDue);
    const row = this.#moment.rowByNo.get(dot.actorNo);
    const storedKey = entryKey(keyOfDue(key));
    const entry = readable(storedKey, await this.#moment.snapshot.get(storedKey), decodeEntry);
    if (row === undefined || entry === undefined || !isSameDue(key, dot, entry)) return;
    this.#due = addSum(this.#due, this.#fingerprints.entry(row.actor, dot.version, key));
  }

  #row(key: Uint8Array, record: Uint8Array): void {
    const no = readUint32(key, 1);
    const stored = readRecord(key, record, decodeRow);
    const row = this.#moment.rowByNo.get(no);
    this.#rowsSeen.add(no);
    const isSame =
      row?.actor === stored.actor &&
      row.received === stored.received &&
      row.closed === stored.closed &&
      row.live === stored.live &&
      equalSums(row.cloud, stored.cloud) &&
      equalSums(row.loose, stored.loose);
    if (!isSame) this.#findings.add('row-differs', key);
  }

  #cloud(key: Uint8Array, record: Uint8Array): void {
    unseal(key, record);
    const [actorNo, version] = dotOf(key);
    const { actor } = this.#rowOf(actorNo);
    const tally = this.#tally(actorNo);
    tally.cloud = addSum(tally.cloud, this.#fingerprints.dot(actor, version));
  }

  #valueSum({ actorNo, version, valueBytes }: Pick<StoredEntry, 'actorNo' | 'version' | 'valueBytes'>): Sum {
    return this.#fingerprints.entry(this.#rowOf(actorNo).actor, version, lengthBytes(valueBytes));
  }

  #rowOf(no: number): Row {
    const row = this.#moment.rowByNo.get(no);
    if (row === undefined) throw damaged('refers to an actor that has no row');
    return row;
  }

  #tally(no: number): Tally {
    let tally = this.#tallyByNo.get(no);
    if (tally === undefined) {
      tally = { live: 0, loose: SUM_ZERO, cloud: SUM_ZERO, entries: SUM_ZERO, indexed: SUM_ZERO };
      this.#tallyByNo.set(no, tally);
    }
    return tally;
  }
}

function dotOf(key: Uint8Array): readonly [actorNo: number, version: Version] {
  if (key.length !== 13) throw damaged('has a key of another length');
  return [readUint32(key, 1), readUint64(key, 5) as Version];
}
