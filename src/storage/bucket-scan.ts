/** R9: the dots of some buckets, in key order, read from the whole of a state. */

import { bucketOf } from '../core/bucket-tree.ts';
import type { Fingerprints } from '../core/fingerprint.ts';
import type { Reader, Scan } from '../ports/ordered-store.ts';
import type { DotScan, KeyDot } from '../ports/replica.ts';
import { readRecord } from './checksum.ts';
import type { ContextTable } from './context-table.ts';
import { decodeEntry } from './entry-record.ts';
import { entriesBetween, keyOfEntry } from './keyspace.ts';

const PAGE_RECORDS = 512;

export class BucketScan implements DotScan {
  readonly #scan: Scan;
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
    this.#scan = reader.scan(entriesBetween({ gt: wanted.after }));
    this.#context = context;
    this.#fingerprints = fingerprints;
    this.#depth = wanted.depth;
    this.#buckets = wanted.buckets;
  }

  async next(): Promise<readonly KeyDot[]> {
    for (;;) {
      const records = await this.#scan.next(PAGE_RECORDS);
      if (records.length === 0) return [];
      const dots: KeyDot[] = [];
      for (const [storedKey, record] of records) {
        const key = keyOfEntry(storedKey);
        if (!this.#buckets.has(bucketOf(this.#fingerprints.key(key), this.#depth))) continue;
        const { actorNo, version } = readRecord(storedKey, record, decodeEntry);
        dots.push({ key, actor: this.#context.byNo(actorNo).actor, version });
      }
      if (dots.length > 0) return dots;
    }
  }

  close(): Promise<void> {
    return this.#scan.close();
  }
}
