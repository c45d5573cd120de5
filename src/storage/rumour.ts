/** R10: a batch that arrives without its past. A faster path, nothing more: losing every rumour changes only latency. */

import { type Actor, birthOf, type NodeId } from '../core/actor.ts';
import { assert } from '../core/assert.ts';
import { receivedVersionMax } from '../core/drift.ts';
import { type Entry, payloadBytes } from '../core/entry.ts';
import type { Version } from '../core/version.ts';
import type { Rumour, RumourOutcome } from '../ports/replica.ts';
import type { Job } from './commit-group.ts';
import { placeIfLarger } from './merge.ts';
import type { Transaction } from './transaction.ts';

/** What of a rumour that was applied had not been here. */
export interface Applied {
  readonly actor: Actor;
  /** What was received of the actor before, and is now. */
  readonly above: Version;
  readonly upTo: Version;
  /** Versions between that were here already, ahead of their past. */
  readonly known: readonly Version[];
}

/**
 * `isBusy`: none are taken at the moment when this is decided. `onApplied`: called if it was. `from`: the peer that told
 * it.
 */
export function rumourJob(
  rumour: Rumour,
  maxDriftMs: number,
  isBusy: () => boolean,
  onApplied: (transaction: Transaction, applied: Applied) => void,
  from?: NodeId,
): Job<RumourOutcome> {
  return {
    keys: rumour.entries.map(({ key }) => key),
    bytes: payloadBytes(rumour.entries),
    sync: true,
    ...(from === undefined ? {} : { from }),
    decide: (transaction) => {
      if (isBusy()) return 'busy';
      const outcome = applyRumour(transaction, rumour, maxDriftMs);
      if (typeof outcome === 'string') return outcome;
      onApplied(transaction, outcome);
      return 'applied';
    },
  };
}

/**
 * Applied only where it leaves no gap in what was received of its actor; of an actor's first one its predecessor counts,
 * too. `received` becomes its last version; `closed` does not move, since what it replaced may not be known here.
 */
function applyRumour(
  transaction: Transaction,
  rumour: Rumour,
  maxDriftMs: number,
): Applied | Exclude<RumourOutcome, 'applied' | 'busy'> {
  const { entries, prev, predecessor } = rumour;
  const [opening] = entries;
  assert(opening !== undefined, 'a rumour has an entry');
  const { actor, first, last } = opening;
  transaction.assertReadable(entries.map(({ key }) => key));
  if (last > receivedVersionMax(transaction.wallMs, maxDriftMs)) return 'refused';
  const { context } = transaction.state;
  const received = context.known(actor).received;
  if (last <= received) return 'known';
  if (!(prev <= received && received < first)) return 'gap';
  if (received === birthOf(actor) && predecessor !== undefined) {
    if (context.known(predecessor.actor).received < predecessor.closed) return 'gap';
  }
  const row = transaction.row(actor);
  row.predecessor ??= predecessor;
  const fresh = entries.filter((entry) => !isKnown(transaction, entry));
  for (const entry of entries) transaction.cover(entry);
  transaction.advance(row, last, row.closed);
  for (const entry of fresh) placeIfLarger(transaction, row, entry);
  const known = entries.filter((entry) => !fresh.includes(entry)).map(({ version }) => version);
  return { actor, above: received, upTo: last, known };
}

/** Seen, or present. */
function isKnown(transaction: Transaction, entry: Entry): boolean {
  return transaction.row(entry.actor).hasSeen(entry.version) || transaction.isPresent(entry);
}
