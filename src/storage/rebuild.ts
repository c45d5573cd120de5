/**
 * R8: makes anew, from the entries, what a node keeps beside them: dot index, due index. What tells of the past (cloud,
 * sessions) goes, as do records that cannot be read, and large values of no entry. Until the context is given up
 * afterwards the store counts as damaged: a crash in the middle is finished by beginning again.
 */

import { readUint32 } from '../core/bytes.ts';
import type { Version } from '../core/version.ts';
import type { KeyRange, OrderedStore, StoredRecord, WriteOperation } from '../ports/ordered-store.ts';
import { readRecord, seal } from './checksum.ts';
import { dueKeyOf, encodeDue } from './due-record.ts';
import { decodeEntry } from './entry-record.ts';
import {
  ALL_BESIDE_ENTRIES,
  ALL_LARGE_VALUES,
  ALL_ROWS,
  ALL_TO_SORT,
  dotToSort,
  entriesBetween,
  keyOfEntry,
  segmentKey,
  toSortKey,
  toSortKeyOfValue,
} from './keyspace.ts';
import { type DotPair, encodeSegment, SEGMENT_PAIRS_MAX } from './segment-record.ts';
import type { State } from './state.ts';

/** Records read, and batches written, at once. */
const PAGE = 2 * SEGMENT_PAIRS_MAX;

/** `unreadable`: records of entries to be removed. Only while nothing is committed; any failure must fence the store. */
export async function rebuild(
  store: OrderedStore,
  state: State,
  unreadable: readonly Uint8Array[],
): Promise<void> {
  for (const range of [...ALL_BESIDE_ENTRIES, ALL_TO_SORT]) {
    await inPages(store, { ...range, keysOnly: true }, true, (page) => page.map(([key]) => removal(key)));
  }
  await inPages(store, ALL_ROWS, true, (page) =>
    page.filter(([key]) => !state.context.isNo(readUint32(key, 1))).map(([key]) => removal(key)),
  );
  if (unreadable.length > 0) await store.write(unreadable.map(removal), { sync: true });
  for (const row of state.context.all()) row.pairs = 0;
  // Pairs that a power loss takes, the check after an unclean stop finds missing.
  await inPages(store, entriesBetween({}), false, (page) => page.flatMap((record) => indexed(record, state)));
  await inPages(store, { ...ALL_LARGE_VALUES, keysOnly: true }, true, (page) => orphans(store, page));
  await inPages(store, ALL_TO_SORT, false, (page) => [
    ...segmentsOf(page),
    ...page.map(([key]) => removal(key)),
  ]);
}

/** Entries are ordered by key, the dot index by version: the database sorts. */
function indexed([storedKey, record]: StoredRecord, state: State): WriteOperation[] {
  const key = keyOfEntry(storedKey);
  const stored = readRecord(storedKey, record, decodeEntry);
  state.context.byNo(stored.actorNo).pairs++;
  const dot: WriteOperation = { type: 'put', key: toSortKey(stored.actorNo, stored.version), value: key };
  const due = dueKeyOf(key, stored);
  return due === undefined ? [dot] : [dot, { type: 'put', key: due, value: seal(due, encodeDue(stored)) }];
}

/** Removals of large values whose entry is not here; the dots of all entries wait to be sorted. */
async function orphans(store: OrderedStore, page: readonly StoredRecord[]): Promise<WriteOperation[]> {
  const dots = await store.getMany(page.map(([key]) => toSortKeyOfValue(key)));
  return page.filter((_, at) => dots[at] === undefined).map(([key]) => removal(key));
}

/** Of a page of dots by actor and version. */
function segmentsOf(page: readonly StoredRecord[]): WriteOperation[] {
  const segments: WriteOperation[] = [];
  let pairs: DotPair[] = [];
  for (const [at, [storedKey, key]] of page.entries()) {
    const { actorNo, version } = dotToSort(storedKey);
    pairs.push({ version: version as Version, key });
    const next = page[at + 1];
    const isLast = next === undefined || dotToSort(next[0]).actorNo !== actorNo;
    if (!isLast && pairs.length < SEGMENT_PAIRS_MAX) continue;
    const segment = segmentKey(actorNo, version);
    segments.push({ type: 'put', key: segment, value: seal(segment, encodeSegment(pairs)) });
    pairs = [];
  }
  return segments;
}

function removal(key: Uint8Array): WriteOperation {
  return { type: 'del', key };
}

async function inPages(
  store: OrderedStore,
  range: KeyRange,
  sync: boolean,
  operationsOf: (
    page: readonly StoredRecord[],
  ) => readonly WriteOperation[] | Promise<readonly WriteOperation[]>,
): Promise<void> {
  const scan = store.scan(range);
  try {
    for (let page = await scan.next(PAGE); page.length > 0; page = await scan.next(PAGE)) {
      const operations = await operationsOf(page);
      if (operations.length > 0) await store.write(operations, { sync });
    }
  } finally {
    await scan.close();
  }
}
