/** Reads entries, from the present state or from a snapshot, in key order or in an actor's order of versions. */

import { type Entry } from '../core/entry.ts';
import { type Version, VERSION_ZERO } from '../core/version.ts';
import type { OrderedStore, Reader, Scan, StoredRecord } from '../ports/ordered-store.ts';
import type { EntryScan } from '../ports/replica.ts';
import { readRecord, unseal } from './checksum.ts';
import type { ContextTable } from './context-table.ts';
import { damaged, type OnDamage, reported, reportingDamage } from './damage.ts';
import { DotScan } from './dot-index.ts';
import type { DotPair } from './segment-record.ts';
import { decodeEntry, LARGE, type StoredEntry, TOMBSTONE } from './entry-record.ts';
import { type EntryBounds, entriesBetween, entryKey, keyOfEntry, largeValueKey } from './keyspace.ts';

/** Records read at once, and bytes of entries handed out at once (one entry more). */
const PAGE_RECORDS = 256;
const PAGE_BYTES = 2 ** 20;

/** An entry whose large value may still lie apart. */
interface Found {
  readonly key: Uint8Array;
  readonly stored: StoredEntry;
}

/** Present entries of one consistent state, in key order; the scan must be closed. */
export function scanSnapshot(
  store: OrderedStore,
  context: ContextTable,
  onDamage: OnDamage,
  bounds: EntryBounds,
): EntryScan {
  const snapshot = store.snapshot();
  const scan = new EntryReader(snapshot, context, onDamage).byKey(bounds);
  return {
    next: () => scan.next(),
    lookedAt: scan.lookedAt,
    close: async () => {
      await scan.close();
      await snapshot.close();
    },
  };
}

export class EntryReader {
  readonly #reader: Reader;
  readonly #context: ContextTable;
  readonly #onDamage: OnDamage;

  constructor(reader: Reader, context: ContextTable, onDamage: OnDamage) {
    this.#reader = reader;
    this.#context = context;
    this.#onDamage = onDamage;
  }

  /** The entry of `key`, be it a tombstone or expired. */
  async get(key: Uint8Array): Promise<Entry | undefined> {
    try {
      const storedKey = entryKey(key);
      const record = await this.#reader.get(storedKey);
      return record && (await this.#complete({ key, stored: this.#decode(storedKey, record) }));
    } catch (error) {
      throw reported(error, this.#onDamage);
    }
  }

  /** Entries in the order of `keys`, tombstones and expired ones included. */
  async getMany(keys: readonly Uint8Array[]): Promise<(Entry | undefined)[]> {
    try {
      const storedKeys = keys.map(entryKey);
      const records = await this.#reader.getMany(storedKeys);
      const entries: (Entry | undefined)[] = [];
      for (let index = 0; index < keys.length; index++) {
        const [key, storedKey] = [keys[index] as Uint8Array, storedKeys[index] as Uint8Array];
        const record = records[index];
        const entry = record && this.#complete({ key, stored: this.#decode(storedKey, record) });
        entries.push(entry instanceof Promise ? await entry : entry);
      }
      return entries;
    } catch (error) {
      throw reported(error, this.#onDamage);
    }
  }

  /** Present entries within the bounds, in key order. */
  byKey(bounds: EntryBounds): EntryScan {
    const lookedAt = VERSION_ZERO;
    const scan: Scan = this.#reader.scan(entriesBetween(bounds));
    const readPage = async (): Promise<Found[] | undefined> => {
      const records: readonly StoredRecord[] = await scan.next(PAGE_RECORDS);
      if (records.length === 0) return undefined;
      return records.map(([key, record]) => ({ key: keyOfEntry(key), stored: this.#decode(key, record) }));
    };
    const { next, close } = this.#pages(readPage, () => scan.close());
    return { next, close, lookedAt };
  }

  /** Present entries of the actor numbered `actorNo` with versions above `after`, and not above `upTo`, ascending. */
  byVersion(actorNo: number, after: Version, upTo?: Version): EntryScan {
    const scan = new DotScan(this.#reader, actorNo, after, upTo);
    let lookedAt = after;
    const readPage = async (): Promise<Found[] | undefined> => {
      const pairs = await scan.next();
      if (pairs.length === 0) return undefined;
      lookedAt = (pairs.at(-1) as DotPair).version;
      const storedKeys = pairs.map(({ key }) => entryKey(key));
      const records = await this.#reader.getMany(storedKeys);
      const found: Found[] = [];
      for (const [index, { key, version }] of pairs.entries()) {
        const record = records[index];
        if (record === undefined) continue;
        const stored = this.#decode(storedKeys[index] as Uint8Array, record);
        // Otherwise the pair is stale: the key holds a later entry by now.
        if (stored.version === version && stored.actorNo === actorNo) found.push({ key, stored });
      }
      return found;
    };
    const pages = this.#pages(readPage, () => scan.close());
    return {
      next: pages.next,
      close: pages.close,
      get lookedAt() {
        const pending = pages.pending();
        // Of a page that was not handed out to its end only what is below the rest was.
        return pending === undefined ? lookedAt : ((pending.stored.version - 1) as Version);
      },
    };
  }

  #pages(
    readPage: () => Promise<Found[] | undefined>,
    close: () => Promise<void>,
  ): { next: EntryScan['next']; close: EntryScan['close']; pending: () => Found | undefined } {
    let found: Found[] | undefined = [];
    let at = 0;
    const next = async (): Promise<readonly Entry[] | undefined> => {
      if (found !== undefined && at === found.length) {
        found = await readPage();
        at = 0;
      }
      if (found === undefined) return undefined;
      const entries: Entry[] = [];
      for (let bytes = 0; at < found.length && bytes < PAGE_BYTES; at++) {
        const completed = this.#complete(found[at] as Found);
        const entry = completed instanceof Promise ? await completed : completed;
        if (entry === undefined) continue;
        bytes += entry.key.length + entry.value.length;
        entries.push(entry);
      }
      return entries;
    };
    return { next: () => reportingDamage(this.#onDamage, next), close, pending: () => found?.[at] };
  }

  #decode(storedKey: Uint8Array, record: Uint8Array): StoredEntry {
    const stored = readRecord(storedKey, record, decodeEntry);
    if (!this.#context.isNo(stored.actorNo)) throw damaged('refers to an actor that has no row');
    return stored;
  }

  /** At once, unless its value lies apart: most do not, and a promise for each would cost more than the rest. */
  #complete(found: Found): Entry | Promise<Entry | undefined> {
    return found.stored.flags & LARGE
      ? this.#completeLarge(found)
      : this.#entry(found.key, found.stored, found.stored.value);
  }

  /** `undefined`: collected meanwhile. */
  async #completeLarge({ key, stored }: Found): Promise<Entry | undefined> {
    const value = await this.#largeValue(stored);
    if (value !== undefined) return this.#entry(key, stored, value);
    // Replaced, and its large value deleted, between two reads of the present state.
    const now = await this.#reread(key, stored);
    return now && this.#complete({ key, stored: now });
  }

  #entry(key: Uint8Array, stored: StoredEntry, value: Uint8Array): Entry {
    const { version, first, last, expiresAt } = stored;
    return {
      key,
      actor: this.#context.byNo(stored.actorNo).actor,
      version,
      first,
      last,
      tombstone: (stored.flags & TOMBSTONE) !== 0,
      value,
      expiresAt,
    };
  }

  async #largeValue(stored: StoredEntry): Promise<Uint8Array | undefined> {
    const key = largeValueKey(stored.actorNo, stored.version);
    const record = await this.#reader.get(key);
    if (record === undefined) return undefined;
    const value = unseal(key, record);
    if (value.length !== stored.valueBytes) throw damaged('refers to a large value of another length');
    return value;
  }

  async #reread(key: Uint8Array, before: StoredEntry): Promise<StoredEntry | undefined> {
    const storedKey = entryKey(key);
    const record = await this.#reader.get(storedKey);
    if (record === undefined) return undefined;
    const stored = this.#decode(storedKey, record);
    if (stored.version === before.version && stored.actorNo === before.actorNo) {
      throw damaged('refers to a large value that is missing');
    }
    return stored;
  }
}
