/**
 * Folds the dot index of an actor, slice by slice between commits: stale pairs go, small segments and single dots
 * become full segments.
 */

import type { Version } from '../core/version.ts';
import type { KeyRange, OrderedStore, StoredRecord } from '../ports/ordered-store.ts';
import { readRecord } from './checksum.ts';
import type { Committer } from './committer.ts';
import type { LiveRow } from './context-table.ts';
import { segmentKey, segmentsAbove, singleDotsAbove } from './keyspace.ts';
import { type DotPair, decodeSegment, encodeSegment, SEGMENT_PAIRS_MAX } from './segment-record.ts';
import { SortedDots } from './sorted-dots.ts';
import type { State } from './state.ts';
import type { Transaction } from './transaction.ts';

/** Pairs folded at once, of segments and of single dots: few enough that commits wait some milliseconds. */
const SLICE_PAIRS = 2 * SEGMENT_PAIRS_MAX;
const SLICE_RECORDS = 4096;
/** Segments are large, single dots small. */
const SEGMENTS_READ = 4;
const SINGLES_READ = 256;

/** An actor is folded when its index holds over twice its live pairs; below this it is not worth the work. */
const WASTE_PAIRS_MIN = 1024;

export class IndexCompactor {
  readonly #store: OrderedStore;
  readonly #state: State;
  readonly #committer: Committer;
  readonly #onError: (row: LiveRow, error: unknown) => void;
  #background: Promise<void> | undefined;
  readonly #failed = new Set<number>();
  #stopped = false;

  /** `onError`: work in the background failed; the index is as good as before. */
  constructor(
    store: OrderedStore,
    state: State,
    committer: Committer,
    onError: (row: LiveRow, error: unknown) => void,
  ) {
    this.#store = store;
    this.#state = state;
    this.#committer = committer;
    this.#onError = onError;
  }

  /** Folds one of these rows in the background, if one needs it and nothing is being folded. */
  look(rows: readonly LiveRow[]): void {
    if (this.#background !== undefined || this.#stopped) return;
    const row = rows.find(
      ({ no, pairs, live }) => pairs > 2 * live + WASTE_PAIRS_MIN && !this.#failed.has(no),
    );
    if (row === undefined) return;
    this.#background = this.fold(row)
      .catch((error: unknown) => {
        // What fails once, fails at every commit.
        this.#failed.add(row.no);
        this.#onError(row, error);
      })
      .then(() => {
        this.#background = undefined;
      });
  }

  /** Folds the whole index of one actor. `unlisted`: dots at or below `indexed` that come into it. */
  async fold(row: LiveRow, unlisted: SortedDots = NO_DOTS): Promise<void> {
    let after = 0 as Version;
    while (!this.#stopped && after < row.indexed) {
      const from = after;
      after = await this.#committer.exclusive(() => this.#foldFrom(row, from, unlisted));
    }
  }

  /** Ends after the slice under way; what was folded stays so. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#background;
  }

  async #foldFrom(row: LiveRow, after: Version, unlisted: SortedDots): Promise<Version> {
    // Its node is gone for ever, since the slice before.
    if (this.#state.context.get(row.actor) !== row) return row.indexed;
    const slice = await readSlice(this.#store, row.no, after, unlisted);
    if (slice.pairs.length > 0) {
      await this.#committer.commitNow({
        keys: slice.pairs.map(({ key }) => key),
        bytes: 0,
        // A later fold of the same range must not survive a power loss that takes this one.
        sync: true,
        decide: (transaction) => foldSlice(transaction, this.#state, row, slice),
      });
    }
    unlisted.drop(slice.end);
    return slice.end;
  }
}

const NO_DOTS = new SortedDots([]);

interface Slice {
  /** Replaced by the fold. */
  readonly records: readonly StoredRecord[];
  /** How many pairs the records list that are not in `rest`. */
  readonly listed: number;
  /** These, and those that come into the index. */
  readonly pairs: readonly DotPair[];
  /** Pairs above `end` of a segment among the records: they stay as they are. */
  readonly rest: readonly DotPair[];
  /** The highest version that the slice covers. */
  readonly end: Version;
}

interface IndexRecord {
  readonly record: StoredRecord;
  readonly pairs: readonly DotPair[];
}

/** The pairs above `after`, of segments, of single dots and of those that come into the index, as far as a slice reaches. */
async function readSlice(
  store: OrderedStore,
  actorNo: number,
  after: Version,
  unlisted: SortedDots,
): Promise<Slice> {
  const segments = await readIndexRecords(store, segmentsAbove(actorNo, after), SEGMENTS_READ);
  const singles = await readIndexRecords(store, singleDotsAbove(actorNo, after), SINGLES_READ);
  const dots = unlisted.peek(SLICE_PAIRS);
  const dotsEnd = dots.length < SLICE_PAIRS ? undefined : dots.at(-1)?.version;
  const end = Math.min(segments.end, singles.end, dotsEnd ?? Number.MAX_SAFE_INTEGER) as Version;
  const records: StoredRecord[] = [];
  const pairs: DotPair[] = [];
  let rest: readonly DotPair[] = [];
  for (const { record, pairs: listed } of [...segments.read, ...singles.read]) {
    const isUntouched = (listed[0]?.version ?? 0) > end;
    if (isUntouched) continue;
    records.push(record);
    pairs.push(...listed.filter(({ version }) => version <= end));
    const above = listed.filter(({ version }) => version > end);
    if (above.length > 0) rest = above;
  }
  const listed = pairs.length;
  pairs.push(...dots.filter(({ version }) => version <= end));
  pairs.sort((a, b) => a.version - b.version);
  return { records, listed, pairs, rest, end };
}

/** `end`: the highest version up to which everything was read. */
interface IndexRecords {
  readonly read: readonly IndexRecord[];
  readonly end: number;
}

async function readIndexRecords(
  store: OrderedStore,
  range: KeyRange,
  recordsRead: number,
): Promise<IndexRecords> {
  const read: IndexRecord[] = [];
  let count = 0;
  const scan = store.scan(range);
  try {
    while (count < SLICE_PAIRS && read.length < SLICE_RECORDS) {
      const page = await scan.next(recordsRead);
      if (page.length === 0) return { read, end: Number.MAX_SAFE_INTEGER };
      for (const record of page) {
        const pairs = readRecord(record[0], record[1], decodeSegment);
        read.push({ record, pairs });
        count += pairs.length;
      }
    }
    return { read, end: read.at(-1)?.pairs.at(-1)?.version ?? Number.MAX_SAFE_INTEGER };
  } finally {
    await scan.close();
  }
}

function foldSlice(transaction: Transaction, state: State, row: LiveRow, slice: Slice): void {
  const live = slice.pairs.filter(({ version, key }, at) => {
    // Listed twice, as `DotScan` has it.
    if (version === slice.pairs[at - 1]?.version) return false;
    const present = transaction.present(key);
    return present?.version === version && present.actorNo === row.no;
  });
  for (const [key] of slice.records) transaction.delete(key);
  for (let at = 0; at < live.length; at += SEGMENT_PAIRS_MAX) {
    const segment = live.slice(at, at + SEGMENT_PAIRS_MAX);
    transaction.put(segmentKey(row.no, (segment.at(-1) as DotPair).version), encodeSegment(segment));
  }
  const highest = slice.rest.at(-1);
  if (highest !== undefined) transaction.put(segmentKey(row.no, highest.version), encodeSegment(slice.rest));
  row.pairs += live.length - slice.listed;
  state.context.touch(row);
}
