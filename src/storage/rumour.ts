/** R10: a batch that arrives without its past. A faster path, nothing more: losing every rumour changes only latency. */

import { birthOf } from '../core/actor.ts';
import { assert } from '../core/assert.ts';
import { receivedVersionMax } from '../core/drift.ts';
import { type Entry, payloadBytes } from '../core/entry.ts';
import type { Rumour, RumourOutcome } from '../ports/replica.ts';
import type { Job } from './committer.ts';
import { placeIfLarger } from './merge.ts';
import type { Transaction } from './transaction.ts';

/** `isBusy`: none are taken at the moment when this is decided. `onApplied`: called if it was. */
export function rumourJob(
  rumour: Rumour,
  maxDriftMs: number,
  isBusy: () => boolean,
  onApplied: (transaction: Transaction) => void,
): Job<RumourOutcome> {
  return {
    keys: rumour.entries.map(({ key }) => key),
    bytes: payloadBytes(rumour.entries),
    sync: true,
    decide: (transaction) => {
      if (isBusy()) return 'busy';
      const outcome = applyRumour(transaction, rumour, maxDriftMs);
      if (outcome === 'applied') onApplied(transaction);
      return outcome;
    },
  };
}

/**
 * Applied only where it leaves no gap in what was received of its actor; of an actor's first one its predecessor counts,
 * too. `received` becomes its last version; `closed` does not move, since what it replaced may not be known here.
 */
function applyRumour(transaction: Transaction, rumour: Rumour, maxDriftMs: number): RumourOutcome {
  const { entries, prev, predecessor } = rumour;
  const [opening] = entries;
  assert(opening !== undefined, 'a rumour has an entry');
  const { actor, first, last } = opening;
  transaction.assertReadable(entries.map(({ key }) => key));
  if (last > receivedVersionMax(transaction.wallMs, maxDriftMs)) return 'refused';
  const { context } = transaction.state;
  const received = context.get(actor)?.received ?? birthOf(actor);
  if (last <= received) return 'known';
  if (!(prev <= received && received < first)) return 'gap';
  if (received === birthOf(actor) && predecessor !== undefined) {
    const before = context.get(predecessor.actor)?.received ?? birthOf(predecessor.actor);
    if (before < predecessor.closed) return 'gap';
  }
  const row = transaction.row(actor);
  row.predecessor ??= predecessor;
  const fresh = entries.filter((entry) => !isKnown(transaction, entry));
  for (const entry of entries) transaction.cover(entry);
  transaction.advance(row, last, row.closed);
  for (const entry of fresh) placeIfLarger(transaction, row, entry);
  return 'applied';
}

/** Seen, or present. */
function isKnown(transaction: Transaction, entry: Entry): boolean {
  return transaction.row(entry.actor).hasSeen(entry.version) || transaction.isPresent(entry);
}
