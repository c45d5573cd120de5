/**
 * R8: a node that found itself damaged gives up its context: what it has seen, and what it knows to be deleted, is
 * forgotten, its entries stay, all of them loose, and it begins a new actor. It heals from its peers like a node that was
 * away for long.
 */

import { VERSION_ZERO } from '../core/version.ts';
import { SUM_ZERO } from '../core/context.ts';
import type { Recount } from './fold.ts';
import { IDENTITY_KEY } from './keyspace.ts';
import { encodeIdentity } from './meta-record.ts';
import type { Transaction } from './transaction.ts';

/** In one commit. `found`: of the state as it is now, counted while nothing was committed. */
export function giveUp(
  transaction: Transaction,
  found: Pick<Recount, 'all' | 'permanent' | 'dotsByNo'>,
): void {
  const { state } = transaction;
  // The records of cloud and sessions are gone already (`rebuild.ts`), or go in this commit.
  for (const row of state.context.all()) state.context.giveUp(row, found.dotsByNo.get(row.no) ?? SUM_ZERO);
  state.all = found.all;
  state.permanent = found.permanent;
  state.lastFloor = state.last;
  state.horizon = VERSION_ZERO;
  state.ownActor = undefined;
  state.runActor = undefined;
  state.damaged = false;
  state.healing = true;
  state.epoch++;
  state.cache.clear(false);
  // It may be what was lost.
  transaction.put(IDENTITY_KEY, encodeIdentity(state.identity));
  transaction.noteDrop();
}
