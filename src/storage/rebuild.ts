/**
 * R8: makes anew, from the entries, what a node keeps beside them: dot index, due index. What tells of the past (cloud,
 * sessions) goes, as do records that cannot be read. Until the context is given up afterwards the store counts as
 * damaged: a crash in the middle is finished by beginning again.
 */

import { readUint32 } from '../core/bytes.ts';
import type { KeyRange, OrderedStore, StoredRecord, WriteOperation } from '../ports/ordered-store.ts';
import { readRecord, seal } from './checksum.ts';
import { encodeDue } from './due-record.ts';
import { decodeEntry } from './entry-record.ts';
import { ALL_BESIDE_ENTRIES, ALL_ROWS, entriesBetween, keyOfEntry, singleDotKey } from './keyspace.ts';
import { encodeSegment } from './segment-record.ts';
import type { State } from './state.ts';
import { dueKeyOf } from './transaction.ts';

/** Records of a batch. */
const PAGE = 2000;

/** `unreadable`: records of entries to be removed. Only while nothing is committed; any failure must fence the store. */
export async function rebuild(
  store: OrderedStore,
  state: State,
  unreadable: readonly Uint8Array[],
): Promise<void> {
  const remove = (key: Uint8Array): WriteOperation => ({ type: 'del', key });
  for (const range of ALL_BESIDE_ENTRIES) {
    await inPages(store, { ...range, keysOnly: true }, true, (page) => page.map(([key]) => remove(key)));
  }
  await inPages(store, ALL_ROWS, true, (page) =>
    page.filter(([key]) => !state.context.isNo(readUint32(key, 1))).map(([key]) => remove(key)),
  );
  if (unreadable.length > 0) await store.write(unreadable.map(remove), { sync: true });
  for (const row of state.context.all()) row.pairs = 0;
  // Pairs that a power loss takes, the check after an unclean stop finds missing.
  await inPages(store, entriesBetween({}), false, (page) => page.flatMap((record) => indexed(record, state)));
}

function indexed([storedKey, record]: StoredRecord, state: State): WriteOperation[] {
  const key = keyOfEntry(storedKey);
  const stored = readRecord(storedKey, record, decodeEntry);
  const dot = singleDotKey(stored.actorNo, stored.version);
  state.context.byNo(stored.actorNo).pairs++;
  const due = dueKeyOf(key, stored);
  const pair: WriteOperation = {
    type: 'put',
    key: dot,
    value: seal(dot, encodeSegment([{ version: stored.version, key }])),
  };
  return due === undefined ? [pair] : [pair, { type: 'put', key: due, value: seal(due, encodeDue(stored)) }];
}

async function inPages(
  store: OrderedStore,
  range: KeyRange,
  sync: boolean,
  operationsOf: (page: readonly StoredRecord[]) => readonly WriteOperation[],
): Promise<void> {
  const scan = store.scan(range);
  try {
    for (let page = await scan.next(PAGE); page.length > 0; page = await scan.next(PAGE)) {
      const operations = operationsOf(page);
      if (operations.length > 0) await store.write(operations, { sync });
    }
  } finally {
    await scan.close();
  }
}
