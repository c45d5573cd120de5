/** Reads the dot index: an actor's pairs in ascending version, segments and single dots merged, stale pairs included. */

import type { Version } from '../core/version.ts';
import type { Reader, Scan, StoredRecord } from '../ports/ordered-store.ts';
import { readRecord } from './checksum.ts';
import { segmentsAbove, singleDotsAbove } from './keyspace.ts';
import { type DotPair, decodeSegment } from './segment-record.ts';

/** Pairs of a page: a page of entries is read for each. */
const PAGE_PAIRS = 1024;

/** Records read at once. */
const SEGMENTS_READ = 2;
const SINGLES_READ = 256;

export class DotScan {
  readonly #segments: PairSource;
  readonly #singles: PairSource;
  readonly #upTo: number;
  #last: Version | undefined;

  /** `upTo`: beyond it the database would walk over all single dots that were folded, to find that there are none. */
  constructor(reader: Reader, actorNo: number, after: Version, upTo?: Version) {
    this.#upTo = upTo ?? Number.MAX_SAFE_INTEGER;
    this.#segments = new PairSource(reader.scan(segmentsAbove(actorNo, after)), SEGMENTS_READ, after);
    this.#singles = new PairSource(reader.scan(singleDotsAbove(actorNo, after, upTo)), SINGLES_READ, after);
  }

  /** The next pairs; an empty array at the end. */
  async next(): Promise<readonly DotPair[]> {
    const page: DotPair[] = [];
    while (page.length < PAGE_PAIRS) {
      const segment = this.#segments.peek() ?? (await this.#segments.load());
      const single = this.#singles.peek() ?? (await this.#singles.load());
      if (segment === undefined && single === undefined) break;
      const isSegmentNext =
        single === undefined || (segment !== undefined && segment.version <= single.version);
      const pair = (isSegmentNext ? this.#segments : this.#singles).take();
      if (pair.version > this.#upTo) break;
      // Listed twice: taken out by a repair of the clock, which left its stale pair, and come back later.
      if (pair.version !== this.#last) page.push(pair);
      this.#last = pair.version;
    }
    return page;
  }

  async close(): Promise<void> {
    await Promise.all([this.#segments.close(), this.#singles.close()]);
  }
}

/** The pairs of one kind of record, one after another. */
class PairSource {
  readonly #scan: Scan;
  readonly #recordsRead: number;
  readonly #after: Version;
  #records: readonly StoredRecord[] = [];
  #pairs: readonly DotPair[] = [];
  #recordAt = 0;
  #pairAt = 0;

  constructor(scan: Scan, recordsRead: number, after: Version) {
    this.#scan = scan;
    this.#recordsRead = recordsRead;
    this.#after = after;
  }

  /** The next pair, if it was read already. */
  peek(): DotPair | undefined {
    return this.#pairs[this.#pairAt];
  }

  /** Reads on as far as it takes; `undefined` at the end. */
  async load(): Promise<DotPair | undefined> {
    while (this.peek() === undefined) {
      if (this.#recordAt === this.#records.length) {
        this.#records = await this.#scan.next(this.#recordsRead);
        this.#recordAt = 0;
      }
      const record = this.#records[this.#recordAt++];
      if (record === undefined) return undefined;
      const pairs = readRecord(record[0], record[1], decodeSegment);
      this.#pairs = pairs.filter(({ version }) => version > this.#after);
      this.#pairAt = 0;
    }
    return this.peek();
  }

  take(): DotPair {
    return this.#pairs[this.#pairAt++] as DotPair;
  }

  close(): Promise<void> {
    return this.#scan.close();
  }
}
