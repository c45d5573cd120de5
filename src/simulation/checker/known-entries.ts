/** Every entry that was acknowledged, or seen on a disk; what was never asked for, or has the dot of another one, is a breach. */

import { nodeIdOf } from '../../core/actor.ts';
import { compareDots, type Dot, nameOfDot } from '../../core/entry.ts';
import { wallMsOf } from '../../core/version.ts';
import { BrokenPromise, type Place } from './broken-promise.ts';
import type { PresentEntry } from './disk-state.ts';
import type { Ledger, Written } from './ledger.ts';

export interface KnownEntry extends Dot {
  readonly key: string;
  readonly first: number;
  readonly last: number;
  readonly tombstone: boolean;
  readonly value: string | undefined;
  readonly expiresAt: number | undefined;
  /** Who asked for it, as far as that is certain: of what was asked for several times it is once it was acknowledged. */
  written: Written | undefined;
  /** Acknowledged, and not gone with the only disk that had seen it (P4). */
  isLost: boolean;
  /** What its writer had seen before it went with the only disk that was closed over it (P5). */
  isPastLost: boolean;
  /** Gone with a disk, by damage, or with a context that was given up, somewhere: batches may lack it until it is back. */
  isForgotten: boolean;
  /**
   * Of a node that was retired by somebody who had not seen it: it may go wherever it still is. That is the one exception of
   * "Nothing acknowledged is lost": only nodes that were no members then had it (docs/guarantees.md).
   */
  isForsaken: boolean;
}

/** What is found out of an entry. */
type Found = 'written' | 'isLost' | 'isPastLost' | 'isForgotten' | 'isForsaken';

export class KnownEntries {
  readonly #ledger: Ledger;
  readonly #maxDriftMs: number;
  readonly #byDot = new Map<string, KnownEntry>();
  /** The largest first. */
  readonly #byKey = new Map<string, KnownEntry[]>();
  readonly #byBatch = new Map<string, KnownEntry[]>();
  /** How many were found that are alike in all but their dots, by one node. */
  readonly #alike = new Map<string, number>();
  /** A clock was repaired: what lay in the future may have been written again, under other dots (R11). */
  areRewritten = false;

  /** `maxDriftMs`: what lies further ahead of the right time, a repair of a clock takes out. */
  constructor(ledger: Ledger, maxDriftMs: number = Number.POSITIVE_INFINITY) {
    this.#ledger = ledger;
    this.#maxDriftMs = maxDriftMs;
  }

  keys(): Iterable<string> {
    return this.#byKey.keys();
  }

  /** The largest first. */
  ofKey(key: string): readonly KnownEntry[] {
    return this.#byKey.get(key) ?? [];
  }

  ofBatch(entry: Pick<KnownEntry, 'actor' | 'first'>): readonly KnownEntry[] {
    return this.#byBatch.get(batchName(entry)) ?? [];
  }

  all(): Iterable<KnownEntry> {
    return this.#byDot.values();
  }

  get(dot: Dot): KnownEntry | undefined {
    return this.#byDot.get(nameOfDot(dot));
  }

  /** A write that was answered with its dot. */
  acknowledged(written: Written, atMs: number): void {
    const { key, value, expiresAt, dot, batch, machine } = written;
    if (dot === undefined || batch === undefined) return;
    const { first, last } = batch;
    const known = this.#note(
      { ...dot, key, value, expiresAt, first, last, tombstone: value === undefined },
      { machine, key, dot, atMs },
    );
    if (known.written !== undefined && known.written !== written)
      throw new BrokenPromise('I2', 'a dot was answered to two writes', { machine, key, dot, atMs });
    known.written = written;
  }

  /** An entry that is present on a disk. */
  found(entry: PresentEntry, machine: string, atMs: number): KnownEntry {
    const known = this.#byDot.get(nameOfDot(entry));
    if (known !== undefined && isSame(known, entry)) return known;
    const place = { machine, key: entry.key, dot: entry, atMs };
    const noted = this.#note(entry, place);
    const asked = this.#askedFor(entry);
    if (entry.tombstone || asked.length > 1) this.#checkMany(entry, asked, place);
    else noted.written = this.#checkOne(entry, asked[0], place);
    return noted;
  }

  /** Whether a repair of a clock has written it again, under another dot, or may have where nobody looked. */
  isRewritten({ written, ...dot }: KnownEntry): boolean {
    if (!this.areRewritten || written === undefined) return false;
    return (
      wallMsOf(dot.version) - written.askedWallMs > this.#maxDriftMs ||
      this.ofKey(dot.key).some(
        (other) =>
          other.value === written.value && other.tombstone === dot.tombstone && compareDots(other, dot) !== 0,
      )
    );
  }

  #askedFor({ key, value }: PresentEntry): readonly Written[] {
    return value === undefined
      ? this.#ledger.ofKey(key).filter((written) => written.value === undefined)
      : this.#ledger.ofValue(key, value);
  }

  #note(entry: Omit<KnownEntry, Found>, place: Place): KnownEntry {
    const name = nameOfDot(entry);
    const known = this.#byDot.get(name);
    if (known !== undefined) {
      if (isSame(known, entry)) return known;
      throw new BrokenPromise('I2', `a dot is of two entries, one of key ${known.key}`, place);
    }
    const { actor, version, key, first, last, tombstone, value, expiresAt } = entry;
    const noted: KnownEntry = {
      actor,
      version,
      key,
      first,
      last,
      tombstone,
      value,
      expiresAt,
      written: undefined,
      isLost: false,
      isPastLost: false,
      isForgotten: false,
      isForsaken: false,
    };
    this.#byDot.set(name, noted);
    insert(this.#byKey, key, noted);
    if (first < last) insert(this.#byBatch, batchName(noted), noted);
    const alike = nameOfAlike(noted);
    this.#alike.set(alike, (this.#alike.get(alike) ?? 0) + 1);
    return noted;
  }

  #checkOne(entry: PresentEntry, written: Written | undefined, place: Place): Written {
    if (written === undefined)
      throw new BrokenPromise('P4', `${nameOf(entry)} is there, which nobody wrote`, place);
    if (written.outcome === 'refused')
      throw new BrokenPromise('P4', 'a write that was refused is there', place);
    if (written.expiresAt !== entry.expiresAt)
      throw new BrokenPromise('P4', 'an entry expires when nobody asked it to', place);
    const isOther = written.dot !== undefined && compareDots(written.dot, entry) !== 0;
    if (isOther && !this.areRewritten) throw new BrokenPromise('I2', 'one write has two dots', place);
    return written;
  }

  /** Which of them it is, nobody can tell: there may be no more such entries than a node was asked for. */
  #checkMany(entry: PresentEntry, asked: readonly Written[], place: Place): void {
    if (this.areRewritten) return;
    const author = nodeIdOf(entry.actor);
    const written = asked.filter(({ nodeId, outcome }) => nodeId === author && outcome !== 'refused');
    if ((this.#alike.get(nameOfAlike(entry)) ?? 0) > written.length)
      throw new BrokenPromise('P4', `${nameOf(entry)} is there, which nobody asked for`, place);
  }
}

function isSame(a: Omit<KnownEntry, Found>, b: Omit<KnownEntry, Found>): boolean {
  return (
    a.key === b.key &&
    a.tombstone === b.tombstone &&
    a.value === b.value &&
    a.expiresAt === b.expiresAt &&
    a.first === b.first &&
    a.last === b.last
  );
}

function insert(lists: Map<string, KnownEntry[]>, name: string, entry: KnownEntry): void {
  const list = lists.get(name);
  if (list === undefined) {
    lists.set(name, [entry]);
    return;
  }
  const at = list.findIndex((other) => compareDots(other, entry) < 0);
  list.splice(at === -1 ? list.length : at, 0, entry);
}

function batchName({ actor, first }: Pick<KnownEntry, 'actor' | 'first'>): string {
  return `${actor} ${first}`;
}

function nameOfAlike({ actor, key, value }: Pick<KnownEntry, 'actor' | 'key' | 'value'>): string {
  return `${nodeIdOf(actor)} ${key} ${value ?? ''}`;
}

function nameOf({ value }: PresentEntry): string {
  return value === undefined ? 'a deletion' : value.trimEnd().slice(0, 20);
}
