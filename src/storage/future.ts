/** R11: reads what a store holds that no correct node can have accepted, for its removal. Changes nothing. */

import { type NodeId, nodeIdOf } from '../core/actor.ts';
import { SUM_ZERO, type Sum } from '../core/context.ts';
import { compareDots, type Entry, isSameBatch } from '../core/entry.ts';
import { addSum } from '../core/fingerprint.ts';
import { BoatoError } from '../core/errors.ts';
import type { Version } from '../core/version.ts';
import type { KeyRange, OrderedStore } from '../ports/ordered-store.ts';
import { readRecord } from './checksum.ts';
import type { LiveRow } from './context-table.ts';
import { damaged, type OnDamage } from './damage.ts';
import { EntryReader } from './entry-reader.ts';
import { forEachEntry } from './fold.ts';
import { segmentsAbove, singleDotsAbove } from './keyspace.ts';
import { type DotPair, decodeSegment } from './segment-record.ts';
import type { State } from './state.ts';

/** Entries, and records of the index, read at once. */
const READ_ENTRIES = 256;
const READ_RECORDS = 64;

/** What each entry costs besides its key and value while it is taken out, and again while it is written; about. */
const ENTRY_BYTES = 256;

/** A repair holds no more at once: its batch is one, and lies in memory while it is made. More could end the process. */
export const REPAIR_BYTES_MAX: number = 2 ** 30;

/** What the dot index lists of one actor above its limit. */
export interface IndexCut {
  readonly records: readonly Uint8Array[];
  /** Pairs of a segment among them that lie at or below the limit. */
  readonly kept: readonly DotPair[];
  /** How many pairs go. */
  readonly pairs: number;
}

export interface Future {
  /** Keys of all entries whose batch ends above the limit. */
  readonly keys: readonly Uint8Array[];
  /** How many of them other nodes wrote. */
  readonly others: number;
  /** Those to be written again, batch by batch, in their old order. */
  readonly rewritten: readonly (readonly Entry[])[];
  /** By actor number; others fall to `limit`. A batch that ends above goes whole: its actor falls to what lies before it. */
  readonly limitByNo: ReadonlyMap<number, Version>;
  readonly cutByRow: ReadonlyMap<LiveRow, IndexCut>;
  /** By actor number: count and sum of the dots of the entries that stay. */
  readonly keptByNo: ReadonlyMap<number, Sum>;
}

/**
 * Only while nothing is committed. `all`: other nodes' entries are to be written again, too. Fails with
 * `RECORD_DAMAGED`, and with `BATCH_TOO_LARGE` before any value is read.
 */
export async function readFuture(
  store: OrderedStore,
  state: State,
  limit: Version,
  all: boolean,
  onDamage: OnDamage,
  bytesMax: number,
): Promise<Future> {
  const { context, fingerprints, identity } = state;
  const keys: Uint8Array[] = [];
  const again: Uint8Array[] = [];
  const limitByNo = new Map<number, Version>();
  const keptByNo = new Map<number, Sum>();
  const farByNo = new Map<number, number>();
  let others = 0;
  let bytes = 0;
  await forEachEntry(store, context, {
    onEntry(key, { actorNo, version, first, last, valueBytes }) {
      if (last <= limit) {
        const dot = fingerprints.dot(context.byNo(actorNo).actor, version);
        keptByNo.set(actorNo, addSum(keptByNo.get(actorNo) ?? SUM_ZERO, dot));
        return;
      }
      keys.push(key);
      farByNo.set(actorNo, (farByNo.get(actorNo) ?? 0) + 1);
      const isOwn = isOf(identity.nodeId, context.byNo(actorNo));
      if (!isOwn) others++;
      bytes += ENTRY_BYTES + key.length;
      if (isOwn || all) {
        again.push(key);
        bytes += ENTRY_BYTES + key.length + valueBytes;
      }
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      limitByNo.set(actorNo, Math.min(limitByNo.get(actorNo) ?? limit, first - 1) as Version);
    },
  });
  for (const { no, live } of context.all())
    if ((keptByNo.get(no)?.count ?? 0) + (farByNo.get(no) ?? 0) !== live) throw damaged('is missing');
  const reader = new EntryReader(store, context, onDamage);
  const entries: Entry[] = [];
  for (let at = 0; at < again.length; at += READ_ENTRIES) {
    const page = await reader.getMany(again.slice(at, at + READ_ENTRIES));
    for (const entry of page) if (entry !== undefined) entries.push(entry);
  }
  const cutByRow = new Map<LiveRow, IndexCut>();
  for (const row of context.all()) {
    const rowLimit = limitByNo.get(row.no) ?? limit;
    if (row.indexed > rowLimit) cutByRow.set(row, await readIndexAbove(store, row, rowLimit));
  }
  return { keys, others, rewritten: inBatches(entries), limitByNo, cutByRow, keptByNo };
}

function tooLarge(bytesMax: number): BoatoError {
  return new BoatoError(
    'BATCH_TOO_LARGE',
    `Nothing is repaired: what lies too far in the future needs over ${bytesMax} bytes, more than one batch may hold. Export the entries, restore a backup or begin with an empty folder, and import what is missing; or wait until the clock has caught up.`,
  );
}

function isOf(nodeId: NodeId, { actor }: LiveRow): boolean {
  return nodeIdOf(actor) === nodeId;
}

async function readIndexAbove(store: OrderedStore, { no }: LiveRow, limit: Version): Promise<IndexCut> {
  const records: Uint8Array[] = [];
  const kept: DotPair[] = [];
  let pairs = 0;
  const read = async (range: KeyRange): Promise<void> => {
    const scan = store.scan(range);
    try {
      for (let page = await scan.next(READ_RECORDS); page.length > 0; page = await scan.next(READ_RECORDS)) {
        for (const [key, record] of page) {
          const listed = readRecord(key, record, decodeSegment);
          const below = listed.filter(({ version }) => version <= limit);
          records.push(key);
          kept.push(...below);
          pairs += listed.length - below.length;
        }
      }
    } finally {
      await scan.close();
    }
  };
  await read(segmentsAbove(no, limit));
  await read(singleDotsAbove(no, limit));
  return { records, kept, pairs };
}

function inBatches(entries: Entry[]): Entry[][] {
  // By the ends of batches, so that those of actors which wrote at the same time stay together.
  entries.sort(
    (a, b) => compareDots({ ...a, version: a.last }, { ...b, version: b.last }) || a.version - b.version,
  );
  const batches: Entry[][] = [];
  for (const entry of entries) {
    const batch = batches.at(-1);
    if (batch?.[0] !== undefined && isSameBatch(batch[0], entry)) batch.push(entry);
    else batches.push([entry]);
  }
  return batches;
}
