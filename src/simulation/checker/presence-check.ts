/** What a machine has seen is here, superseded, or deleted (I1); what was deleted does not show (P5); batches are whole. */

import { compareDots, isLive } from '../../core/entry.ts';
import { BrokenPromise, type Place } from './broken-promise.ts';
import { type DiskState, hasSeen, isClosedOver, type PresentEntry } from './disk-state.ts';
import type { Fate } from './fate.ts';
import type { KnownEntries, KnownEntry } from './known-entries.ts';

export class PresenceCheck {
  readonly #known: KnownEntries;
  readonly #fate: Fate;
  /** Dots whose records damage took somewhere: nothing can be said of them. */
  readonly damaged: ReadonlySet<KnownEntry>;

  constructor(known: KnownEntries, fate: Fate, damaged: ReadonlySet<KnownEntry>) {
    this.#known = known;
    this.#fate = fate;
    this.damaged = damaged;
  }

  /** `isTorn`: it may hold parts of batches. */
  check(state: DiskState, wallMs: number, place: Place, isTorn: boolean): void {
    for (const key of this.#known.keys()) this.#checkKey(key, state, wallMs, { ...place, key });
    if (!isTorn)
      for (const entry of state.entryByKey.values())
        if (entry.first < entry.last) this.#checkBatch(entry, state, place);
  }

  #checkKey(key: string, state: DiskState, wallMs: number, place: Place): void {
    const here = state.entryByKey.get(key);
    const largest = this.#known
      .ofKey(key)
      .find((entry) => hasSeen(state, entry, key) && !this.damaged.has(entry) && !entry.isForsaken);
    if (largest === undefined || (here !== undefined && compareDots(here, largest) >= 0)) return;
    const dot = largest;
    const isAbove = largest.version > (state.node?.horizon ?? 0);
    if (isAbove)
      throw new BrokenPromise('I1', 'what was seen is neither here, nor superseded, nor at the horizon', {
        ...place,
        dot,
      });
    if (!this.#fate.mayBeCollected(largest))
      throw new BrokenPromise(
        'I1',
        'what was seen is not here, and nothing that deleted it can have been collected',
        {
          ...place,
          dot,
        },
      );
    if (here !== undefined && isLive(here, wallMs)) this.#checkZombie(here, state, place);
  }

  #checkZombie(here: PresentEntry, state: DiskState, place: Place): void {
    const larger = this.#known
      .ofKey(here.key)
      .filter((entry) => compareDots(entry, here) > 0 && hasSeen(state, entry, here.key) && !entry.isLost);
    // What came without its past.
    const isOpen = (other: KnownEntry): boolean => !isClosedOver(state, other);
    if (this.#fate.maySurvive(here, larger, isOpen)) return;
    throw new BrokenPromise('P5', 'a value shows that was deleted by somebody who had seen it', {
      ...place,
      dot: here,
    });
  }

  /** Of what survives of a batch nothing may be unknown where a part of it is. */
  #checkBatch(entry: PresentEntry, state: DiskState, place: Place): void {
    for (const other of this.#known.ofBatch(entry)) {
      if (hasSeen(state, other, other.key) || this.damaged.has(other)) continue;
      if (other.isForgotten || other.isForsaken) continue;
      if (this.#fate.mayBeSuperseded(other) || this.#fate.mayBeCollected(other)) continue;
      throw new BrokenPromise('P4', `a part of a batch is here, and ${other.key} of it is not`, {
        ...place,
        key: entry.key,
        dot: entry,
      });
    }
  }
}
