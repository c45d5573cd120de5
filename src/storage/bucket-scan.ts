/**
 * R9: the dots of some buckets, in key order, read from the whole of a state. Where few buckets are asked for, only keys
 * are read, and then the records of those that are wanted.
 */

import { bucketOf, FAN_OUT } from '../core/bucket-tree.ts';
import type { Fingerprints } from '../core/fingerprint.ts';
import type { Reader, StoredRecord } from '../ports/ordered-store.ts';
import type { DotScan, KeyDot } from '../ports/replica.ts';
import { readRecord } from './checksum.ts';
import type { ContextTable } from './context-table.ts';
import { damaged } from './damage.ts';
import { decodeEntry } from './entry-record.ts';
import { entriesBetween, keyOfEntry } from './keyspace.ts';
import { pagesOf } from './pages.ts';

/** As small as in `fold.ts`, and for the same reason. */
const PAGE_RECORDS = 64;

/** A page of dots has as many, or up to a page of records more: whoever asks can do something else meanwhile. */
const DOTS_AT_ONCE = 64;

/** Of so many buckets at most one is wanted: fetching records one by one is cheaper then than to read them all. */
const FEW_OF = 64;

export class BucketScan implements DotScan {
  readonly #reader: Reader;
  readonly #keysOnly: boolean;
  readonly #pages: AsyncGenerator<readonly StoredRecord[], void, undefined>;
  readonly #context: ContextTable;
  readonly #fingerprints: Fingerprints;
  readonly #depth: number;
  readonly #buckets: ReadonlySet<number>;

  constructor(
    reader: Reader,
    context: ContextTable,
    fingerprints: Fingerprints,
    wanted: {
      readonly depth: number;
      readonly buckets: ReadonlySet<number>;
      readonly after: Uint8Array | undefined;
    },
  ) {
    this.#reader = reader;
    this.#keysOnly = wanted.buckets.size * FEW_OF <= FAN_OUT ** wanted.depth;
    const range = { ...entriesBetween({ gt: wanted.after }), keysOnly: this.#keysOnly };
    this.#pages = pagesOf(reader.scan(range), PAGE_RECORDS);
    this.#context = context;
    this.#fingerprints = fingerprints;
    this.#depth = wanted.depth;
    this.#buckets = wanted.buckets;
  }

  async next(): Promise<readonly KeyDot[]> {
    const dots: KeyDot[] = [];
    while (dots.length < DOTS_AT_ONCE) {
      const page = await this.#pages.next();
      if (page.done === true) break;
      const wanted = page.value.filter(([storedKey]) => this.#isWanted(storedKey));
      if (wanted.length === 0) continue;
      dots.push(
        ...(this.#keysOnly ? await this.#withValues(wanted) : wanted.map((record) => this.#dot(record))),
      );
    }
    return dots;
  }

  async close(): Promise<void> {
    await this.#pages.return();
  }

  #isWanted(storedKey: Uint8Array): boolean {
    return this.#buckets.has(bucketOf(this.#fingerprints.key(keyOfEntry(storedKey)), this.#depth));
  }

  async #withValues(records: readonly StoredRecord[]): Promise<readonly KeyDot[]> {
    const values = await this.#reader.getMany(records.map(([storedKey]) => storedKey));
    return records.map(([storedKey], at) => {
      const value = values[at];
      if (value === undefined) throw damaged('is missing where its key was read');
      return this.#dot([storedKey, value]);
    });
  }

  #dot([storedKey, record]: StoredRecord): KeyDot {
    const { actorNo, version } = readRecord(storedKey, record, decodeEntry);
    return { key: keyOfEntry(storedKey), actor: this.#context.byNo(actorNo).actor, version };
  }
}
