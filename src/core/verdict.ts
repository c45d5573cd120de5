/**
 * R9: what becomes of a key on which two replicas differ. `own` is what is present here (looked up again), `theirs` what
 * is present in the server's snapshot, whose context and horizon are those of the comparison.
 *
 * 1. Their entry is merged if its dot was not seen here; the larger one stays, as in every merge.
 * 2. An own tombstone stays: collection will take it. An own entry that the server had not seen stays: the server lacks
 *    it. So does one that is by now what the server holds, since it came along with its batch. (An expired one is judged
 *    like a live one, because a clock may step back.)
 * 3. An own entry that the server had seen was replaced there if theirs is larger, and was deleted there if it lies at or
 *    below the horizon: it goes. (Horizons decide, not ages: an age trusts clocks.)
 * 4. Else nothing explains why the server does not have it: the server has lost it.
 */

import { compareDots, type Dot } from './entry.ts';
import type { Version } from './version.ts';

export interface OwnEntry extends Dot {
  readonly tombstone: boolean;
}

export type Verdict = 'stays' | 'goes' | 'unexplained';

export function judgeOwn(
  own: OwnEntry,
  theirs: Dot | undefined,
  wasSeenThere: boolean,
  theirHorizon: Version,
): Verdict {
  const order = theirs === undefined ? -1 : compareDots(theirs, own);
  if (own.tombstone || !wasSeenThere || order === 0) return 'stays';
  return order > 0 || own.version <= theirHorizon ? 'goes' : 'unexplained';
}
