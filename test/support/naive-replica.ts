/** The obvious replica: keeps every entry it ever saw, for ever. What the real one shows must be what this one shows. */

import { byteString, equalBytes } from '../../src/core/bytes.ts';
import { compareDots, type Dot, type Entry, isLive } from '../../src/core/entry.ts';
import { text } from './replica-fixture.ts';

/** A dot as the key of a map. */
export function dotName({ actor, version }: Dot): string {
  return `${actor} ${version}`;
}

export class NaiveReplica {
  readonly #entryByDot = new Map<string, Entry>();
  readonly #heardOf = new Set<string>();

  constructor(entries: Iterable<Entry> = []) {
    this.add(entries);
  }

  add(entries: Iterable<Entry>): void {
    for (const entry of entries) {
      this.#entryByDot.set(dotName(entry), entry);
      this.#heardOf.delete(dotName(entry));
    }
  }

  /** Entries that have their effect here, but did not arrive themselves: a comparison passes on what deletions left. */
  hear(entries: Iterable<Entry>): void {
    for (const entry of entries) {
      if (this.has(entry)) continue;
      this.#entryByDot.set(dotName(entry), entry);
      this.#heardOf.add(dotName(entry));
    }
  }

  /** All that `other` knows, as it knows it. */
  learn(other: NaiveReplica): void {
    this.add(other.held());
    this.hear(other.all());
  }

  copy(): NaiveReplica {
    const copy = new NaiveReplica();
    copy.learn(this);
    return copy;
  }

  /** The record of `key` is gone from the disk. */
  forget(key: Uint8Array): void {
    for (const entry of this.all()) if (equalBytes(entry.key, key)) this.#entryByDot.delete(dotName(entry));
  }

  /** Those that arrived. */
  held(): Entry[] {
    return this.all().filter((entry) => !this.#heardOf.has(dotName(entry)));
  }

  all(): Entry[] {
    return [...this.#entryByDot.values()];
  }

  has(dot: Dot): boolean {
    return this.#entryByDot.has(dotName(dot));
  }

  /** Every entry of `key` whose dot is larger than that of `entry`. */
  larger(entry: Entry): Entry[] {
    return this.all().filter((other) => equalBytes(other.key, entry.key) && compareDots(other, entry) > 0);
  }

  /** The live values by key: of each key the entry with the largest dot, if it is live. */
  live(wallMs: number): Record<string, string> {
    const winnerByKey = new Map<string, Entry>();
    for (const entry of this.#entryByDot.values()) {
      const name = byteString(entry.key);
      const winner = winnerByKey.get(name);
      if (winner === undefined || compareDots(entry, winner) > 0) winnerByKey.set(name, entry);
    }
    return liveValues(winnerByKey.values(), wallMs);
  }
}

export function liveValues(entries: Iterable<Entry>, wallMs: number): Record<string, string> {
  const live = [...entries].filter((entry) => isLive(entry, wallMs));
  return Object.fromEntries(live.map(({ key, value }) => [text(key), text(value)]));
}
