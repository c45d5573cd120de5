/** What may have become of a key: whether it may be absent, and whether something may show that was overridden. */

import { compareDots, type Dot } from '../../core/entry.ts';
import { wallMsOf } from '../../core/version.ts';
import type { KnownEntries, KnownEntry } from './known-entries.ts';
import type { Ledger, Written } from './ledger.ts';
import { hadSeen } from './writer-seen.ts';

export class Fate {
  readonly #ledger: Ledger;
  readonly #known: KnownEntries;
  readonly #tombstoneTtlMs: number;
  /** The latest that any machine's clock has shown. */
  wallMsMax = 0;

  constructor(ledger: Ledger, known: KnownEntries, tombstoneTtlMs: number) {
    this.#ledger = ledger;
    this.#known = known;
    this.#tombstoneTtlMs = tombstoneTtlMs;
  }

  /** Whether `key`, of which `entry` was seen, may hold nothing, or less, by now: something that ended it was collected. */
  mayBeCollected(entry: KnownEntry): boolean {
    return (
      this.#isCollectable(entry, entry.expiresAt) ||
      this.#ledger
        .endingOf(entry.key)
        .some((ending) => this.#isLarger(ending, entry) && this.#mayBeGone(ending)) ||
      // Written again, after a repair of the clock, by whoever is asked no more.
      this.#known
        .ofKey(entry.key)
        .some((other) => compareDots(other, entry) > 0 && this.#isCollectable(other, other.expiresAt))
    );
  }

  /** Whether something of the key that ends it (a deletion, or an expiry) is larger than `dot`, or may be. */
  mayBeEnded(key: string, dot: Dot): boolean {
    return this.#ledger.endingOf(key).some((ending) => this.#isLarger(ending, dot));
  }

  /** Whether something larger of its key was written, or may have been by somebody who was not told. */
  mayBeSuperseded(entry: KnownEntry): boolean {
    const [largest] = this.#known.ofKey(entry.key);
    if (largest !== undefined && compareDots(largest, entry) > 0) return true;
    return this.#ledger
      .ofKey(entry.key)
      .some(({ dot, outcome }) => dot === undefined && outcome !== 'refused');
  }

  /**
   * P5: an entry that those who overrode it had not seen may show again, once what overrode it was collected. `larger`:
   * acknowledged entries that override it; `isOpen`: those whose past is not known where it shows.
   */
  maySurvive(entry: Dot, larger: readonly KnownEntry[], isOpen: (other: KnownEntry) => boolean): boolean {
    return larger.every(({ written, ...other }, at) => {
      if (isOpen(larger[at] as KnownEntry) || written === undefined) return true;
      return written.seen.isHealing || !hadSeen(written.seen, other, entry);
    });
  }

  #isLarger({ dot, outcome }: Written, than: Dot): boolean {
    if (outcome === 'refused') return false;
    return dot === undefined || compareDots(dot, than) >= 0;
  }

  #mayBeGone({ dot, value, askedWallMs, expiresAt }: Written): boolean {
    const writtenMs = dot === undefined ? askedWallMs : wallMsOf(dot.version);
    const endedMs =
      value === undefined ? writtenMs : Math.max(writtenMs, expiresAt ?? Number.POSITIVE_INFINITY);
    return endedMs + this.#tombstoneTtlMs <= this.wallMsMax;
  }

  #isCollectable({ tombstone, version }: KnownEntry, expiresAt: number | undefined): boolean {
    const endedMs = tombstone
      ? wallMsOf(version)
      : Math.max(wallMsOf(version), expiresAt ?? Number.POSITIVE_INFINITY);
    return endedMs + this.#tombstoneTtlMs <= this.wallMsMax;
  }
}
