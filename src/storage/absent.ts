/** Which dots are not present under their keys: entries are looked at without their large values. */

import type { Reader } from '../ports/ordered-store.ts';
import type { KeyDot } from '../ports/replica.ts';
import { readRecord } from './checksum.ts';
import type { ContextTable } from './context-table.ts';
import { isDamage } from './damage.ts';
import { decodeEntry } from './entry-record.ts';
import { entryKey } from './keyspace.ts';

/** A record that cannot be read counts as absent: whoever stores under its key finds the damage. */
export async function absentOf(
  reader: Reader,
  context: ContextTable,
  dots: readonly KeyDot[],
): Promise<readonly KeyDot[]> {
  if (dots.length === 0) return dots;
  const storedKeys = dots.map(({ key }) => entryKey(key));
  const records = await reader.getMany(storedKeys);
  return dots.filter(({ actor, version }, at) => {
    const record = records[at];
    if (record === undefined) return true;
    try {
      const present = readRecord(storedKeys[at] as Uint8Array, record, decodeEntry);
      return present.version !== version || context.get(actor)?.no !== present.actorNo;
    } catch (error) {
      if (!isDamage(error)) throw error;
      return true;
    }
  });
}
