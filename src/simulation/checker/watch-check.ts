/** Whether somebody who watches holds what its node shows (P3), but for what P5 allows two nodes to show differently. */

import { compareDots, type Dot } from '../../core/entry.ts';
import type { Held } from '../workload/watch-client.ts';
import type { PresentEntry } from './disk-state.ts';
import type { Fate } from './fate.ts';
import type { KnownEntries } from './known-entries.ts';

export interface Watched {
  readonly heldByKey: ReadonlyMap<string, Held>;
  /** What the node shows of it. */
  readonly live: readonly PresentEntry[];
}

export function holdsWhatIsShown({ heldByKey, live }: Watched, known: KnownEntries, fate: Fate): boolean {
  const shownByKey = new Map(live.map((entry) => [entry.key, entry]));
  const isMissed = ({ key, ...dot }: PresentEntry): boolean =>
    !heldByKey.has(key) && !isUnseenByItsDeleter(key, dot, known, fate);
  const isWrong = ([key, held]: readonly [string, Held]): boolean => {
    const shown = shownByKey.get(key);
    return shown === undefined ? !isUnseenByItsDeleter(key, held, known, fate) : shown.value !== held.text;
  };
  return !live.some(isMissed) && ![...heldByKey].some(isWrong);
}

/**
 * A write that came to one node when the tombstone was collected there, and met it at another: nodes that have seen the same
 * differ in it, and somebody who went from one to the other is told nothing (P5, of writes that their deleter had not seen).
 */
function isUnseenByItsDeleter(key: string, dot: Dot, known: KnownEntries, fate: Fate): boolean {
  const larger = known.ofKey(key).filter((entry) => compareDots(entry, dot) > 0 && !entry.isLost);
  const [largest] = larger;
  return largest !== undefined && fate.mayBeCollected(largest) && fate.maySurvive(dot, larger, () => false);
}
