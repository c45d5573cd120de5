/** What is known of one machine: its disk as it was last looked at, and what went from there. */

import { compareDots, isLive, nameOfDot } from '../../core/entry.ts';
import { BrokenPromise, type Place } from './broken-promise.ts';
import type { NodeState } from '../../storage/meta-record.ts';
import type { DiskState } from './disk-state.ts';

export class LookedAt {
  /** The last one that was sound. */
  state: DiskState | undefined;
  /** The last one, sound or not. */
  raw: DiskState | undefined;
  /** `writes` of the disk, and of which process, as of then. */
  writes = -1;
  life: object | undefined;
  /** Its first copy is not complete: it may hold parts of batches. */
  isTorn = false;
  /** Dots of tombstones and expired entries that went (I7). */
  readonly #collected = new Set<string>();

  /** The disk is another one, or its context was given up: what went may come back, and what is missing was not collected. */
  beginAnew(): void {
    this.#collected.clear();
    this.state = undefined;
  }

  /** A node that gives up may have lost the record that says so; once it has healed, the copy is complete, too. */
  noteCopy({ bootstrapping, healing }: NodeState): void {
    this.isTorn = bootstrapping || (this.isTorn && healing);
  }

  /** Whether what the node has dropped is more than when its disk was last looked at, sound or not. */
  hasDroppedSince(now: NodeState | undefined): boolean {
    const before = this.raw?.node;
    return before !== undefined && (before.drops !== now?.drops || before.droppedAt !== now.droppedAt);
  }

  /** I7: what a node collected itself never shows there again. */
  checkCollected(now: DiskState, wallMs: number, place: Place): void {
    for (const entry of now.entryByKey.values())
      if (this.#collected.size > 0 && this.#collected.has(nameOfDot(entry)))
        throw new BrokenPromise('I7', 'what was collected here is here again', {
          ...place,
          key: entry.key,
          dot: entry,
        });
    if (this.state === undefined) return;
    for (const entry of this.state.entryByKey.values()) {
      const present = now.entryByKey.get(entry.key);
      const isGone = present === undefined || compareDots(present, entry) < 0;
      if (isGone && !isLive(entry, wallMs)) this.#collected.add(nameOfDot(entry));
    }
  }
}
