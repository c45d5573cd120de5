/**
 * I6: nodes whose contexts are equal hold the same permanent entries, but for what P5 excepts, and for what a comparison
 * with somebody who has seen more dropped before it was broken off: it adopted nothing then, but its horizon.
 */

import { compareDots } from '../../core/entry.ts';
import { VERSION_ZERO } from '../../core/version.ts';
import type { Fingerprints } from '../../core/fingerprint.ts';
import { BrokenPromise, type Place } from './broken-promise.ts';
import { contextHashOf } from './context-check.ts';
import { type DiskState, hasSeen, type PresentEntry } from './disk-state.ts';
import type { Fate } from './fate.ts';
import type { KnownEntries, KnownEntry } from './known-entries.ts';
import { isPastLostTo } from './seen-elsewhere.ts';

export class AgreementCheck {
  readonly #known: KnownEntries;
  readonly #fate: Fate;
  readonly #fingerprints: Fingerprints;
  /** Dots of which nothing can be said. */
  readonly #damaged: ReadonlySet<KnownEntry>;
  readonly #hashByState = new WeakMap<DiskState, bigint>();

  constructor(known: KnownEntries, fate: Fate, fingerprints: Fingerprints, damaged: ReadonlySet<KnownEntry>) {
    this.#known = known;
    this.#fate = fate;
    this.#fingerprints = fingerprints;
    this.#damaged = damaged;
  }

  check(state: DiskState, others: readonly DiskState[], place: Place): void {
    const hash = this.#hashOf(state);
    for (const other of others) {
      if (other === state || this.#hashOf(other) !== hash) continue;
      if (other.node?.permanent.sum === state.node?.permanent.sum) continue;
      this.#compare(state, other, place);
      this.#compare(other, state, place);
    }
  }

  #hashOf(state: DiskState): bigint {
    let hash = this.#hashByState.get(state);
    if (hash === undefined) {
      hash = contextHashOf(state, this.#fingerprints);
      this.#hashByState.set(state, hash);
    }
    return hash;
  }

  #compare(a: DiskState, b: DiskState, place: Place): void {
    for (const entry of a.entryByKey.values()) {
      if (entry.tombstone || entry.expiresAt !== undefined) continue;
      const other = b.entryByKey.get(entry.key);
      if (other !== undefined && compareDots(other, entry) >= 0) continue;
      const known = this.#known.get(entry);
      if (known !== undefined && this.#damaged.has(known)) continue;
      if (this.#isExcepted(entry, b) || this.#isDroppedAhead(entry, b)) continue;
      throw new BrokenPromise('I6', 'an equal context goes with another entry elsewhere', {
        ...place,
        key: entry.key,
        dot: entry,
      });
    }
  }

  /** What ended it was collected somewhere, and is not seen here: the next comparison, or pull, ends it on the other node, too. */
  #isDroppedAhead(entry: PresentEntry, without: DiskState): boolean {
    return (
      entry.version <= (without.node?.horizon ?? VERSION_ZERO) &&
      this.#known
        .ofKey(entry.key)
        .some((other) => compareDots(other, entry) > 0 && !hasSeen(without, other, entry.key))
    );
  }

  #isExcepted(entry: PresentEntry, without: DiskState): boolean {
    const larger = this.#known
      .ofKey(entry.key)
      .filter((other) => compareDots(other, entry) > 0 && !other.isLost);
    return (
      this.#fate.mayBeEnded(entry.key, entry) && this.#fate.maySurvive(entry, larger, isPastLostTo(without))
    );
  }
}
