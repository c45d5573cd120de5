/** R6: removes tombstones and expired entries that are old enough and whose past is known. */

import { type Version, versionAt } from '../core/version.ts';
import type { OrderedStore, StoredRecord } from '../ports/ordered-store.ts';
import { readRecord } from './checksum.ts';
import type { Committer } from './committer.ts';
import { decodeDue } from './due-record.ts';
import { EXPIRING, TOMBSTONE } from './entry-record.ts';
import { DUE_EXPIRING, DUE_TOMBSTONE, dueBetween, keyOfDue } from './keyspace.ts';
import type { Transaction } from './transaction.ts';

/** Due records a commit. */
const BATCH = 1000;

export interface Collected {
  readonly collected: number;
  /** Old enough, but their past is not known here yet. */
  readonly kept: number;
}

export async function collectDue(
  store: OrderedStore,
  committer: Committer,
  wallMs: number,
  tombstoneTtlMs: number,
): Promise<Collected> {
  const untilMs = wallMs - tombstoneTtlMs;
  const total = { collected: 0, kept: 0 };
  // A tombstone of the same millisecond is old enough: versions in it count from `versionAt`.
  const ranges = [
    dueBetween(DUE_TOMBSTONE, 0, versionAt(untilMs + 1) - 1),
    dueBetween(DUE_EXPIRING, 0, Math.max(-1, untilMs)),
  ];
  for (const [index, range] of ranges.entries()) {
    const scan = store.scan(range);
    try {
      for (let page = await scan.next(BATCH); page.length > 0; page = await scan.next(BATCH)) {
        const records = page;
        const keys = records.map(([key]) => keyOfDue(key));
        const flag = index === 0 ? TOMBSTONE : EXPIRING;
        const { collected, kept } = await committer.commit({
          keys,
          bytes: 64 * keys.length,
          sync: true,
          decide: (transaction) => collectPage(transaction, records, flag, versionAt(untilMs + 1)),
        });
        total.collected += collected;
        total.kept += kept;
      }
    } finally {
      await scan.close();
    }
  }
  return total;
}

function collectPage(
  transaction: Transaction,
  records: readonly StoredRecord[],
  flag: number,
  writtenBefore: Version,
): Collected {
  // Everything that can fail comes before the first change.
  const due = records.map(([dueKey, record]) => {
    const key = keyOfDue(dueKey);
    transaction.present(key);
    return { dueKey, key, dot: readRecord(dueKey, record, decodeDue) };
  });
  let collected = 0;
  let kept = 0;
  for (const { dueKey, key, dot } of due) {
    // Looked up again: an earlier record of the page may have been of the same key.
    const present = transaction.present(key);
    const isCurrent =
      present?.version === dot.version && present.actorNo === dot.actorNo && (present.flags & flag) !== 0;
    if (isCurrent) {
      if (dot.version >= writtenBefore || dot.version > transaction.state.context.byNo(dot.actorNo).closed) {
        kept++;
        continue;
      }
      transaction.collect(key, present);
      collected++;
    }
    transaction.delete(dueKey);
  }
  return { collected, kept };
}
