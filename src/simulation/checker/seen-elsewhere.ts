/** P4: what is gone with the only disk that had seen it, is lost; nobody is to blame for it. */

import { type DiskState, hasSeen } from './disk-state.ts';
import type { KnownEntries, KnownEntry } from './known-entries.ts';

/**
 * What one disk had seen `before`, or was acknowledged by its node since, and has not seen `now` (absent: all is gone),
 * counts as lost unless `others` have seen it.
 */
export function noteLost(
  known: KnownEntries,
  before: DiskState | undefined,
  now: DiskState | undefined,
  others: readonly DiskState[],
  acknowledged: readonly KnownEntry[] = [],
): void {
  const isSeen = (disk: DiskState | undefined, entry: KnownEntry): boolean =>
    disk !== undefined && hasSeen(disk, entry, entry.key);
  const had = new Set(acknowledged);
  for (const entry of known.all()) {
    if (!had.has(entry) && !isSeen(before, entry)) continue;
    if (isSeen(now, entry)) continue;
    entry.isForgotten = true;
    if (!others.some((other) => isSeen(other, entry))) entry.isLost = true;
  }
}
