/** Finds single records, whatever state the others are in: what cannot be read is not there. */

import { equalBytes } from '../core/bytes.ts';
import type { Version } from '../core/version.ts';
import type { Reader } from '../ports/ordered-store.ts';
import { readRecord } from './checksum.ts';
import { isDamage } from './damage.ts';
import { decodeEntry, type StoredEntry } from './entry-record.ts';
import { entryKey, segmentsAbove, singleDotKey } from './keyspace.ts';
import { decodeSegment } from './segment-record.ts';

/** The content as `decode` reads it; `undefined` if there is none, or it is damaged. */
export function readable<T>(
  key: Uint8Array,
  record: Uint8Array | undefined,
  decode: (content: Uint8Array) => T,
): T | undefined {
  if (record === undefined) return undefined;
  try {
    return readRecord(key, record, decode);
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}

/** Under which keys the dot index lists a dot; at most one in each kind of record. */
export async function keysOfDot(reader: Reader, actorNo: number, version: Version): Promise<Uint8Array[]> {
  const single = singleDotKey(actorNo, version);
  const records: [Uint8Array, Uint8Array | undefined][] = [[single, await reader.get(single)]];
  const scan = reader.scan({ ...segmentsAbove(actorNo, version - 1), limit: 1 });
  try {
    for (const [key, record] of await scan.next(1)) records.push([key, record]);
  } finally {
    await scan.close();
  }
  return records.flatMap(([key, record]) =>
    (readable(key, record, decodeSegment) ?? [])
      .filter((pair) => pair.version === version)
      .map((pair) => pair.key),
  );
}

export async function isIndexed(reader: Reader, key: Uint8Array, dot: StoredEntry): Promise<boolean> {
  const keys = await keysOfDot(reader, dot.actorNo, dot.version);
  return keys.some((listed) => equalBytes(listed, key));
}

/** The entry with this dot, as far as the dot index leads to it. */
export async function entryOfDot(
  reader: Reader,
  actorNo: number,
  version: Version,
): Promise<StoredEntry | undefined> {
  for (const key of await keysOfDot(reader, actorNo, version)) {
    const storedKey = entryKey(key);
    const stored = readable(storedKey, await reader.get(storedKey), decodeEntry);
    if (stored?.version === version && stored.actorNo === actorNo) return stored;
  }
  return undefined;
}
