/** R9: what becomes of the keys on which a comparison found two replicas to differ. */

import { type Actor, nodeIdOf } from '../core/actor.ts';
import type { FullRow } from '../core/context.ts';
import { compareDots, type Dot, payloadBytes } from '../core/entry.ts';
import { retirementOf, rowlessRow } from '../core/retirement.ts';
import { judgeOwn } from '../core/verdict.ts';
import { maxVersion, type Version } from '../core/version.ts';
import type { KeyDot, NewSession, Rumoured, Settled, Settlement } from '../ports/replica.ts';
import type { Job } from './commit-group.ts';
import { mergeEntry } from './merge.ts';
import { checkEpoch } from './sessions.ts';
import type { Transaction } from './transaction.ts';

/** `onTaken`: called if entries came that were not here. */
export function settleJob(settlement: Settlement, onTaken: (transaction: Transaction) => void): Job<Settled> {
  const { differences, entries } = settlement;
  return {
    keys: [...differences, ...entries].map(({ key }) => key),
    bytes: payloadBytes(entries),
    sync: true,
    from: settlement.session.peer,
    decide: (transaction) => {
      const settled = settle(transaction, settlement);
      if (settled.taken > 0) onTaken(transaction);
      return settled;
    },
  };
}

function settle(transaction: Transaction, settlement: Settlement): Settled {
  const { session, differences, entries } = settlement;
  const { state } = transaction;
  checkEpoch(state, session);
  transaction.assertReadable([...differences, ...entries].map(({ key }) => key));
  const { context } = state;
  const wasSeenThere = seenThere(session, (actor) => context.isRetired(context.known(actor)));
  const unexplained: KeyDot[] = [];
  const dropped: KeyDot[] = [];
  let kept = 0;
  for (const { key, theirs } of differences) {
    const present = transaction.present(key);
    if (present === undefined) continue;
    const { actor } = context.byNo(present.actorNo);
    const own = { actor, version: present.version, tombstone: transaction.isTombstone(present) };
    switch (judgeOwn(own, theirs, wasSeenThere(own), session.horizon)) {
      case 'stays':
        if (!wasSeenThere(own) && (theirs === undefined || compareDots(own, theirs) > 0)) kept++;
        break;
      case 'unexplained':
        unexplained.push({ key, actor, version: own.version });
        break;
      case 'goes':
        dropped.push({ key, actor, version: own.version });
        transaction.drop(key, present);
        state.horizon = maxVersion(state.horizon, session.horizon);
    }
  }
  let taken = 0;
  for (const entry of entries) if (mergeEntry(transaction, entry)) taken++;
  // What a larger entry replaces, its dot tells.
  if (dropped.some((dot) => !isReplaced(transaction, dot))) transaction.noteDrop();
  return { taken, dropped: dropped.length, kept, unexplained };
}

/**
 * Whether the server had seen a dot that is present here. Of actors that the session is not about both had the same row
 * when it opened: the server had seen, or held, all that this node had not written, or heard as rumours, since. Unless they
 * had none to tell here because their node is gone for ever, and the server had another retirement of it, or none.
 */
function seenThere(
  { rows, openedAt, rumoured }: NewSession,
  isRetiredHere: (actor: Actor) => boolean,
): (dot: Dot) => boolean {
  const byActor = new Map<Actor, { readonly row: FullRow; readonly cloud: ReadonlySet<number> }>(
    rows.map((row) => [row.actor, { row, cloud: new Set<number>(row.cloudVersions) }]),
  );
  return ({ actor, version }) => {
    const listed = byActor.get(actor);
    if (listed === undefined && isRetiredHere(actor)) {
      const retirement = byActor.get(retirementOf(nodeIdOf(actor)));
      if (retirement !== undefined) return version <= rowlessRow(actor, retirement.row.closed).received;
    }
    if (listed === undefined) return version <= openedAt && !isRumoured(rumoured?.get(actor), version);
    return version <= listed.row.received || listed.cloud.has(version);
  };
}

function isRumoured(rumoured: Rumoured | undefined, version: Version): boolean {
  if (rumoured === undefined) return false;
  return version > rumoured.above && version <= rumoured.upTo && !rumoured.known.has(version);
}

function isReplaced(transaction: Transaction, dropped: KeyDot): boolean {
  const present = transaction.present(dropped.key);
  if (present === undefined) return false;
  const { actor } = transaction.state.context.byNo(present.actorNo);
  return compareDots({ actor, version: present.version }, dropped) > 0;
}
