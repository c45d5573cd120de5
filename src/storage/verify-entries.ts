/** The second walk of a verification, where sums differed: which entries lack what belongs to them. */

import { equalBytes, readUint32, readUint64, writeUint64 } from '../core/bytes.ts';
import type { Version } from '../core/version.ts';
import type { Reader, StoredRecord } from '../ports/ordered-store.ts';
import { decodeDue, type DueDot, dueKeyOf } from './due-record.ts';
import { decodeEntry, LARGE, type StoredEntry } from './entry-record.ts';
import type { FindingsList } from './findings.ts';
import { ALL_LARGE_VALUES, entriesBetween, keyOfDue, keyOfEntry, largeValueKey } from './keyspace.ts';
import { entryOfDot, isIndexed, readable } from './locate.ts';

const PAGE_RECORDS = 256;

export interface Suspicions {
  /** Local numbers of actors of which entries may lack their pair. */
  readonly unindexed: ReadonlySet<number>;
  readonly due: boolean;
  readonly values: boolean;
}

export async function verifyEntries(
  reader: Reader,
  suspicions: Suspicions,
  findings: FindingsList,
  onPage: () => void,
): Promise<void> {
  let found = 0;
  const scan = reader.scan(entriesBetween({}));
  try {
    for (let page = await scan.next(PAGE_RECORDS); page.length > 0; page = await scan.next(PAGE_RECORDS)) {
      for (const record of page) if (await look(reader, record, suspicions, findings)) found++;
      onPage();
    }
  } finally {
    await scan.close();
  }
  const orphans = suspicions.values ? findings.counted('largeValue') - found : 0;
  if (orphans <= 0) return;
  const example = await findOrphan(reader);
  if (example !== undefined) findings.add('value-orphaned', example);
  findings.addNamed('value-orphaned', 'largeValue', 'not found', orphans - (example === undefined ? 0 : 1));
}

/** Whether it is an entry whose large value is there. */
async function look(
  reader: Reader,
  [storedKey, record]: StoredRecord,
  { unindexed, due, values }: Suspicions,
  findings: FindingsList,
): Promise<boolean> {
  const stored = readable(storedKey, record, decodeEntry);
  if (stored === undefined) return false;
  const key = keyOfEntry(storedKey);
  if (unindexed.has(stored.actorNo) && !(await isIndexed(reader, key, stored)))
    findings.add('not-indexed', storedKey);
  if (due && !(await isDue(reader, key, stored))) findings.add('not-due', storedKey);
  if (!values || !(stored.flags & LARGE)) return false;
  const valueKey = largeValueKey(stored.actorNo, stored.version);
  const value = await reader.get(valueKey);
  if (value === undefined) findings.add('value-missing', storedKey);
  // One that cannot be read was told already.
  else if ((readable(valueKey, value, ({ length }) => length) ?? stored.valueBytes) !== stored.valueBytes)
    findings.add('value-length', storedKey);
  return value !== undefined;
}

async function isDue(reader: Reader, key: Uint8Array, stored: StoredEntry): Promise<boolean> {
  const dueKey = dueKeyOf(key, stored);
  if (dueKey === undefined) return true;
  const dot = readable(dueKey, await reader.get(dueKey), decodeDue);
  return dot !== undefined && isSameDue(dueKey, dot, stored);
}

/** Whether the due record under `dueKey` is that of the entry, which is present under its key. */
export function isSameDue(dueKey: Uint8Array, dot: DueDot, entry: StoredEntry): boolean {
  const expected = dueKeyOf(keyOfDue(dueKey), entry);
  const isSameDot = dot.version === entry.version && dot.actorNo === entry.actorNo;
  return isSameDot && expected !== undefined && equalBytes(expected, dueKey);
}

/** As far as the dot index leads from values to entries. */
async function findOrphan(reader: Reader): Promise<Uint8Array | undefined> {
  const scan = reader.scan({ ...ALL_LARGE_VALUES, keysOnly: true });
  try {
    for (let page = await scan.next(PAGE_RECORDS); page.length > 0; page = await scan.next(PAGE_RECORDS)) {
      for (const [key] of page) if (await isOrphan(reader, key)) return key;
    }
    return undefined;
  } finally {
    await scan.close();
  }
}

/** Whether no entry that the dot index leads to has this large value. */
export async function isOrphan(reader: Reader, key: Uint8Array): Promise<boolean> {
  if (key.length !== 13) return true;
  const entry = await entryOfDot(reader, readUint32(key, 1), readUint64(key, 5) as Version);
  return entry === undefined || (entry.flags & LARGE) === 0;
}

/** A length in a form that can be hashed. */
export function lengthBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(8);
  writeUint64(bytes, 0, length);
  return bytes;
}
