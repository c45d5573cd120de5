/** What one commit adds to the dot index: pairs of a version and a key, actor by actor. */

import { youngList } from '../core/young.ts';
import type { LiveRow } from './context-table.ts';
import { segmentKey } from './keyspace.ts';
import type { RecordWriter } from './record-writer.ts';
import { type DotPair, encodeSegment, SEGMENT_PAIRS_MAX } from './segment-record.ts';

export class PairsToIndex {
  readonly #byRow = new Map<LiveRow, DotPair[]>();

  get rows(): Iterable<LiveRow> {
    return this.#byRow.keys();
  }

  add(row: LiveRow, pair: DotPair): void {
    const pairs = this.#byRow.get(row);
    if (pairs === undefined) this.#byRow.set(row, youngList(pair));
    else pairs.push(pair);
  }

  write(records: RecordWriter): void {
    for (const [row, pairs] of this.#byRow) writePairs(records, row, pairs);
  }
}

/** A segment holds only versions above all that are indexed for its actor; lower ones go to single-dot records. */
function writePairs(records: RecordWriter, row: LiveRow, pairs: readonly DotPair[]): void {
  const { indexed } = row;
  const upper: DotPair[] = [];
  for (const pair of pairs) {
    if (pair.version > indexed) upper.push(pair);
    else records.singleDot(row.no, pair);
  }
  upper.sort((a, b) => a.version - b.version);
  for (let at = 0; at < upper.length; at += SEGMENT_PAIRS_MAX) {
    const segment = upper.slice(at, at + SEGMENT_PAIRS_MAX);
    const highest = (segment.at(-1) as DotPair).version;
    records.put(segmentKey(row.no, highest), encodeSegment(segment));
    row.indexed = highest;
  }
  row.pairs += pairs.length;
}
