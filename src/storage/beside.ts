/**
 * The records beside the entries, in a check (R8): each is read once, and what they are is counted. Records that vanished
 * whole leave no bad checksum, but the counts do not add up then; only where they do not, entries are looked up.
 */

import { readUint32 } from '../core/bytes.ts';
import { equalSums, SUM_ZERO, type Sum } from '../core/context.ts';
import { addSum, type Fingerprints } from '../core/fingerprint.ts';
import type { Reader } from '../ports/ordered-store.ts';
import { readRecord, unseal } from './checksum.ts';
import { isDamage } from './damage.ts';
import { FindingsList } from './findings.ts';
import { dueSum } from './fold.ts';
import { ALL_BESIDE_ENTRIES, type KeySpace, spaceOf } from './keyspace.ts';
import { pagesOf } from './pages.ts';
import { countPairs } from './segment-record.ts';
import { verifyEntries } from './verify-entries.ts';

/** Records read and looked at in one go; segments of the dot index are large. */
const PAGE_RECORDS = 64;

/** What there should be, or is. */
export interface Beside {
  /** Over the due records (`dueSum`). */
  readonly due: Sum;
  /** By the number of an actor: pairs in its dot index, stale ones included. As expected: of actors whose index is whole. */
  readonly pairsByNo: ReadonlyMap<number, number>;
}

/** `undefined` if a record does not match its checksum. `onPage` may throw. */
export async function readBeside(
  reader: Reader,
  fingerprints: Fingerprints,
  onPage: () => void,
): Promise<Beside | undefined> {
  let due: Sum = SUM_ZERO;
  const pairsByNo = new Map<number, number>();
  const look = (space: KeySpace | undefined, key: Uint8Array, record: Uint8Array): void => {
    if (space === 'segment' || space === 'singleDot') {
      const no = readUint32(key, 1);
      pairsByNo.set(no, (pairsByNo.get(no) ?? 0) + readRecord(key, record, countPairs));
      return;
    }
    unseal(key, record);
    if (space === 'due') due = addSum(due, dueSum(fingerprints, key));
  };
  for (const range of ALL_BESIDE_ENTRIES) {
    try {
      for await (const page of pagesOf(reader.scan(range), PAGE_RECORDS)) {
        onPage();
        for (const [key, record] of page) look(spaceOf(key), key, record);
      }
    } catch (error) {
      if (!isDamage(error)) throw error;
      return undefined;
    }
  }
  return { due, pairsByNo };
}

/** Whether an entry lacks its pair in the dot index, or its due record. Costs lookups only where counts differ. */
export async function isAnyMissing(
  reader: Reader,
  found: Beside,
  expected: Beside,
  onPage: () => void,
): Promise<boolean> {
  const unindexed = new Set<number>();
  for (const [no, pairs] of expected.pairsByNo) if (found.pairsByNo.get(no) !== pairs) unindexed.add(no);
  const due = !equalSums(found.due, expected.due);
  if (unindexed.size === 0 && !due) return false;
  const findings = new FindingsList(() => undefined);
  await verifyEntries(reader, { unindexed, due, values: false }, findings, onPage);
  return findings.finish().problems.length > 0;
}
