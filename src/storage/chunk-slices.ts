/** A chunk that arrived, cut into what is stored in one commit. */

import { type Entry, isSameBatch } from '../core/entry.ts';

/** Entries of a commit: what is decided at once, while reads wait. */
const SLICE_ENTRIES = 256;

export interface ChunkSlice {
  readonly entries: readonly Entry[];
  readonly isLast: boolean;
}

/** At least one slice; a batch is never cut. */
export function slicesOf(entries: readonly Entry[]): ChunkSlice[] {
  const slices: ChunkSlice[] = [];
  let from = 0;
  for (let at = 1; at <= entries.length; at++) {
    const isFull = at - from >= SLICE_ENTRIES;
    if (at < entries.length && !(isFull && !isSameBatch(entries[at - 1] as Entry, entries[at] as Entry)))
      continue;
    slices.push({ entries: entries.slice(from, at), isLast: at === entries.length });
    from = at;
  }
  return slices.length === 0 ? [{ entries, isLast: true }] : slices;
}
