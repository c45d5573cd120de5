/** R2: entries of a session meet what is here. */

import { compareDots, type Entry } from '../core/entry.ts';
import type { Transaction } from './transaction.ts';

/**
 * Merges one entry. A seen dot is ignored; else the larger of it and the present entry stays, and the dot of the
 * other goes to the cloud if `received` does not cover it.
 */
export function mergeEntry(transaction: Transaction, entry: Entry): void {
  const { context } = transaction.state;
  const row = transaction.row(entry.actor);
  if (row.hasSeen(entry.version)) return;
  const present = transaction.present(entry.key);
  if (present === undefined) return transaction.place(row, entry);
  const presentDot = { actor: context.byNo(present.actorNo).actor, version: present.version };
  const order = compareDots(entry, presentDot);
  if (order === 0) return;
  if (order > 0) transaction.place(row, entry);
  else transaction.see(row, entry.version);
}
