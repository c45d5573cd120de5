/** Reads the dot index: an actor's pairs in ascending version, segments and single dots merged, stale pairs included. */

import type { Version } from '../core/version.ts';
import type { Reader, Scan, StoredRecord } from '../ports/ordered-store.ts';
import { readRecord } from './checksum.ts';
import { segmentsAbove, singleDotsAbove } from './keyspace.ts';
import { type DotPair, decodeSegment } from './segment-record.ts';

/** Segments read at once. */
const SEGMENTS_READ = 4;
const SINGLES_READ = 256;

export class DotScan {
  readonly #after: Version;
  readonly #segments: Scan;
  readonly #singles: Scan;
  #segmentRecords: readonly StoredRecord[] = [];
  #singlePairs: DotPair[] = [];
  #segmentsEnded = false;
  #singlesEnded = false;

  constructor(reader: Reader, actorNo: number, after: Version) {
    this.#after = after;
    this.#segments = reader.scan(segmentsAbove(actorNo, after));
    this.#singles = reader.scan(singleDotsAbove(actorNo, after));
  }

  /** The pairs of the next segment, with the single dots below its end; an empty array at the end. */
  async next(): Promise<readonly DotPair[]> {
    for (;;) {
      const segment = await this.#nextSegment();
      if (segment === undefined) return this.#takeSingles(undefined);
      const highest = segment.at(-1)?.version;
      const singles = highest === undefined ? [] : await this.#takeSingles(highest);
      const pairs = merge(
        segment.filter((pair) => pair.version > this.#after),
        singles,
      );
      if (pairs.length > 0) return pairs;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#segments.close(), this.#singles.close()]);
  }

  async #nextSegment(): Promise<DotPair[] | undefined> {
    if (this.#segmentRecords.length === 0 && !this.#segmentsEnded) {
      this.#segmentRecords = await this.#segments.next(SEGMENTS_READ);
      this.#segmentsEnded = this.#segmentRecords.length === 0;
    }
    const [record, ...rest] = this.#segmentRecords;
    this.#segmentRecords = rest;
    return record === undefined ? undefined : readRecord(record[0], record[1], decodeSegment);
  }

  /** Single dots up to `highest`, or the next page of them. */
  async #takeSingles(highest: Version | undefined): Promise<DotPair[]> {
    const taken: DotPair[] = [];
    for (;;) {
      if (this.#singlePairs.length === 0 && !this.#singlesEnded) {
        const records = await this.#singles.next(SINGLES_READ);
        this.#singlesEnded = records.length === 0;
        this.#singlePairs = records.flatMap(([key, record]) => readRecord(key, record, decodeSegment));
      }
      const end = this.#singlePairs.findIndex((pair) => highest !== undefined && pair.version > highest);
      taken.push(...this.#singlePairs.splice(0, end < 0 ? this.#singlePairs.length : end));
      const more = this.#singlePairs.length === 0 && !this.#singlesEnded;
      if (!more || (highest === undefined && taken.length > 0)) return taken;
    }
  }
}

function merge(segment: readonly DotPair[], singles: readonly DotPair[]): readonly DotPair[] {
  if (singles.length === 0) return segment;
  return [...segment, ...singles].toSorted((a, b) => a.version - b.version);
}
