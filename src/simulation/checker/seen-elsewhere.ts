/** P4: what is gone with the only disk that had seen it, is lost; nobody is to blame for it. */

import { type DiskState, hasSeen } from './disk-state.ts';
import type { KnownEntries } from './known-entries.ts';

/** What was seen `before` on one disk, and is not `now` (absent: all is gone), counts as lost unless `others` have seen it. */
export function noteLost(
  known: KnownEntries,
  before: DiskState,
  now: DiskState | undefined,
  others: readonly DiskState[],
): void {
  for (const entry of known.all()) {
    if (!hasSeen(before, entry, entry.key)) continue;
    if (now !== undefined && hasSeen(now, entry, entry.key)) continue;
    if (others.some((other) => hasSeen(other, entry, entry.key))) continue;
    entry.isLost = true;
  }
}
