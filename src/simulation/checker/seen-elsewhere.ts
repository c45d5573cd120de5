/**
 * P4: what is gone with the only disk that had seen it, is lost; nobody is to blame for it. P5: so is what a write replaced
 * or deleted, if only that disk was closed over it.
 */

import { type DiskState, hasSeen, isClosedOver } from './disk-state.ts';
import type { KnownEntries, KnownEntry } from './known-entries.ts';

/**
 * What one disk had seen `before`, or was acknowledged by its node since, and has not seen `now` (absent: all is gone),
 * counts as lost unless `others` have seen it; and the same of what it was closed over.
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
  const isClosed = (disk: DiskState | undefined, entry: KnownEntry): boolean =>
    disk !== undefined && isClosedOver(disk, entry);
  const had = new Set(acknowledged);
  for (const entry of known.all()) {
    if ((had.has(entry) || isSeen(before, entry)) && !isSeen(now, entry)) {
      entry.isForgotten = true;
      if (!others.some((other) => isSeen(other, entry))) entry.isLost = true;
    }
    if ((had.has(entry) || isClosed(before, entry)) && !isClosed(now, entry))
      if (!others.some((other) => isClosed(other, entry))) entry.isPastLost = true;
  }
}

/** Of a write that overrode something: whether neither this disk, nor any other that is left, knows what. */
export function isPastLostTo(state: DiskState): (entry: KnownEntry) => boolean {
  return (entry) => entry.isPastLost && !isClosedOver(state, entry);
}
