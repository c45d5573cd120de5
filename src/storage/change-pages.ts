/** What a snapshot holds that somebody who watches was not told, in pages: what expired meanwhile, then what was written. */

import { byteString, startsWith } from '../core/bytes.ts';
import type { NodeId } from '../core/actor.ts';
import { compareDots, type Dot, type Entry, isLive, nameOfDot } from '../core/entry.ts';
import type { Version } from '../core/version.ts';
import type { OrderedStore, Snapshot } from '../ports/ordered-store.ts';
import type { Placed } from './change-journal.ts';
import type { OnDamage } from './damage.ts';
import { EntryReader } from './entry-reader.ts';
import { atOfDue, DUE_EXPIRING, dueBetween, keyOfDue } from './keyspace.ts';
import type { State } from './state.ts';
import { hasSeen, type PinnedContext, pinContext, type Told, toldRow } from './told-context.ts';

/** Entries read at once: each may have a value of the largest size. */
const READ_AT_ONCE = 16;
const DUE_RECORDS_READ = 256;
const NO_BYTES = new Uint8Array(0);

export interface StoredChange extends Dot {
  readonly kind: 'put' | 'del' | 'expired';
  readonly key: Uint8Array;
  /** Of a `put`; empty otherwise. */
  readonly value: Uint8Array;
  readonly expiresAt: number | undefined;
  /** The peer that brought it; absent: this node did it, or it is not known any more which peer. */
  readonly from: NodeId | undefined;
}

/** One instant between two commits. */
export interface ChangePin {
  readonly snapshot: Snapshot;
  readonly reader: EntryReader;
  readonly context: PinnedContext;
  readonly drops: number;
  readonly droppedAt: Version;
  /** Of the journal. */
  readonly end: number;
  readonly wakes: number;
  readonly wallMs: number;
}

/** Must be called while no commit is under way. */
export function pinChanges(state: State, store: OrderedStore, wallMs: number, onDamage: OnDamage): ChangePin {
  const { journal, drops, droppedAt } = state;
  const snapshot = store.snapshot();
  return {
    snapshot,
    reader: new EntryReader(snapshot, state.context, onDamage),
    context: pinContext(state),
    drops,
    droppedAt,
    end: journal.end,
    wakes: journal.wakes,
    wallMs,
  };
}

export class ChangePages {
  readonly #pin: ChangePin;
  readonly #prefix: Uint8Array;
  /** Grows less as entries are met that expire sooner. */
  nextExpiryMs: number;

  /** `nextExpiryMs`: no entry that was told expires before. */
  constructor(pin: ChangePin, prefix: Uint8Array, nextExpiryMs: number) {
    this.#pin = pin;
    this.#prefix = prefix;
    this.nextExpiryMs = nextExpiryMs;
  }

  /** All that is not `told`. `lately`: what the journal holds, which may know who brought it. */
  async *untold(
    told: Told,
    lately: readonly Placed[],
  ): AsyncGenerator<readonly StoredChange[], void, undefined> {
    const fromByDot = new Map(lately.map((placed) => [nameOfDot(placed), placed.from]));
    yield* this.#expired((entry) => hasSeen(told, entry));
    for (const row of this.#pin.context.rows) {
      const received = toldRow(told.rowByActor, row.actor)?.received ?? (0 as Version);
      if (row.received <= received && row.looseCount === 0) continue;
      const scan = this.#pin.reader.byVersion(row.no, received);
      try {
        for (let page = await scan.next(); page !== undefined; page = await scan.next()) {
          const fresh = page.filter((entry) => this.#isWatched(entry.key) && !hasSeen(told, entry));
          if (fresh.length > 0)
            yield fresh.map((entry) => this.#changeOf(entry, fromByDot.get(nameOfDot(entry))));
        }
      } finally {
        await scan.close();
      }
    }
  }

  /** `placed`: all that was placed since somebody was told everything. */
  async *placed(placed: readonly Placed[]): AsyncGenerator<readonly StoredChange[], void, undefined> {
    const lastByKey = new Map<string, Placed>();
    /** What was larger than the last one, and is gone: nobody would take that over it. */
    const beforeByKey = new Map<string, Placed>();
    for (const change of placed) {
      if (!this.#isWatched(change.key)) continue;
      const name = byteString(change.key);
      const before = beforeByKey.get(name) ?? lastByKey.get(name);
      if (before !== undefined && compareDots(before, change) > 0) beforeByKey.set(name, before);
      else beforeByKey.delete(name);
      lastByKey.delete(name);
      lastByKey.set(name, change);
    }
    yield* this.#expired(({ key }) => !lastByKey.has(byteString(key)));
    const changes = [...lastByKey.values()];
    for (let at = 0; at < changes.length; at += READ_AT_ONCE) {
      const page = changes.slice(at, at + READ_AT_ONCE);
      const entries = await this.#pin.reader.getMany(page.map(({ key }) => key));
      yield page.flatMap((change, index) => {
        const entry = entries[index];
        const before = beforeByKey.get(byteString(change.key));
        return [
          ...(before === undefined ? [] : [collected(before)]),
          entry === undefined ? collected(change) : this.#changeOf(entry, change.from),
        ];
      });
    }
  }

  /** Entries that expired and were told before. Finds when the next one does. */
  async *#expired(
    wasTold: (entry: Entry) => boolean,
  ): AsyncGenerator<readonly StoredChange[], void, undefined> {
    const { snapshot, reader, wallMs } = this.#pin;
    if (this.nextExpiryMs > wallMs) return;
    const scan = snapshot.scan(dueBetween(DUE_EXPIRING, this.nextExpiryMs, Number.MAX_SAFE_INTEGER - 1));
    this.nextExpiryMs = Number.POSITIVE_INFINITY;
    try {
      for (;;) {
        const page = await scan.next(DUE_RECORDS_READ);
        const due = page.filter(([key]) => atOfDue(key) <= wallMs).map(([key]) => keyOfDue(key));
        const watched = due.filter((key) => this.#isWatched(key));
        for (let at = 0; at < watched.length; at += READ_AT_ONCE) {
          const entries = await reader.getMany(watched.slice(at, at + READ_AT_ONCE));
          const told = entries.filter((entry) => entry !== undefined && wasTold(entry)) as Entry[];
          if (told.length > 0) yield told.map((entry) => this.#changeOf(entry, undefined));
        }
        const next = page[due.length];
        if (next !== undefined) this.#meet(atOfDue(next[0]));
        if (page.length === 0 || next !== undefined) return;
      }
    } finally {
      await scan.close();
    }
  }

  #changeOf(entry: Entry, from: NodeId | undefined): StoredChange {
    const { key, actor, version, value, expiresAt } = entry;
    if (isLive(entry, this.#pin.wallMs)) {
      if (expiresAt !== undefined) this.#meet(expiresAt);
      return { kind: 'put', key, actor, version, value, expiresAt, from };
    }
    const kind = entry.tombstone ? 'del' : 'expired';
    return { kind, key, actor, version, value: NO_BYTES, expiresAt: undefined, from };
  }

  #meet(expiresAtMs: number): void {
    this.nextExpiryMs = Math.min(this.nextExpiryMs, expiresAtMs);
  }

  #isWatched(key: Uint8Array): boolean {
    return startsWith(key, this.#prefix);
  }
}

/** What was placed and collected since: it was a tombstone, or had expired. */
function collected(placed: Placed): StoredChange {
  return { ...placed, kind: 'del', value: NO_BYTES, expiresAt: undefined };
}
