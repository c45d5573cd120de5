/** The obvious replica: keeps every entry it ever saw, for ever. What the real one shows must be what this one shows. */

import { byteString } from '../../src/core/bytes.ts';
import { compareDots, type Entry, isLive } from '../../src/core/entry.ts';
import { text } from './replica-fixture.ts';

export class NaiveReplica {
  readonly #entryByDot = new Map<string, Entry>();

  constructor(entries: Iterable<Entry> = []) {
    this.add(entries);
  }

  add(entries: Iterable<Entry>): void {
    for (const entry of entries) this.#entryByDot.set(`${entry.actor} ${entry.version}`, entry);
  }

  all(): Entry[] {
    return [...this.#entryByDot.values()];
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
