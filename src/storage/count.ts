/** Counts live entries: permanent ones by the count that is kept, expiring ones by the due index. */

import type { Reader } from '../ports/ordered-store.ts';
import { readRecord } from './checksum.ts';
import { decodeDue } from './due-record.ts';
import { decodeEntry } from './entry-record.ts';
import { DUE_EXPIRING, dueBetween, entryKey, keyOfDue } from './keyspace.ts';

const PAGE = 1000;

/** Entries that expire after `wallMs`. */
export async function countExpiring(store: Reader, wallMs: number): Promise<number> {
  let count = 0;
  const scan = store.scan(dueBetween(DUE_EXPIRING, wallMs + 1, Number.MAX_SAFE_INTEGER));
  try {
    for (let page = await scan.next(PAGE); page.length > 0; page = await scan.next(PAGE)) {
      const keys = page.map(([dueKey]) => entryKey(keyOfDue(dueKey)));
      const records = await store.getMany(keys);
      for (const [index, [dueKey, due]] of page.entries()) {
        const record = records[index];
        if (record === undefined) continue;
        const dot = readRecord(dueKey, due, decodeDue);
        const stored = readRecord(keys[index] as Uint8Array, record, decodeEntry);
        if (stored.version === dot.version && stored.actorNo === dot.actorNo) count++;
      }
    }
    return count;
  } finally {
    await scan.close();
  }
}
