/** R2: entries of a session meet what is here. */

import { compareDots, type Entry } from '../core/entry.ts';
import type { LiveRow } from './context-table.ts';
import type { Transaction } from './transaction.ts';

/**
 * Merges one entry. A seen dot is ignored; else the larger of it and the present entry stays, and the dot of the
 * other goes to the cloud if `received` does not cover it. Tells whether the entry is here now and was not before.
 */
export function mergeEntry(transaction: Transaction, entry: Entry): boolean {
  const row = transaction.row(entry.actor);
  return !row.hasSeen(entry.version) && placeIfLarger(transaction, row, entry);
}

/** As `mergeEntry`, of an entry that is not here and that nothing else is known of. */
export function placeIfLarger(transaction: Transaction, row: LiveRow, entry: Entry): boolean {
  const { context } = transaction.state;
  const present = transaction.present(entry.key);
  if (present !== undefined) {
    const presentDot = { actor: context.byNo(present.actorNo).actor, version: present.version };
    const order = compareDots(entry, presentDot);
    if (order < 0) transaction.see(row, entry.version);
    if (order <= 0) return false;
  }
  transaction.place(row, entry);
  return true;
}
