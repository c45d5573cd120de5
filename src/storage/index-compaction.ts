/**
 * Folds the dot index of an actor, slice by slice between commits: stale pairs go, small segments and single dots
 * become full segments.
 */

import type { Version } from '../core/version.ts';
import type { OrderedStore, StoredRecord } from '../ports/ordered-store.ts';
import { readRecord } from './checksum.ts';
import type { Committer } from './committer.ts';
import type { LiveRow } from './context-table.ts';
import { segmentKey, segmentsAbove, singleDotsAbove } from './keyspace.ts';
import { type DotPair, decodeSegment, encodeSegment, SEGMENT_PAIRS_MAX } from './segment-record.ts';
import type { State } from './state.ts';
import type { Transaction } from './transaction.ts';

/** Records of the index folded at once: at most four full segments, so that commits wait a few milliseconds. */
const SLICE_PAIRS = 4 * SEGMENT_PAIRS_MAX;
const SLICE_RECORDS = 1024;

/** An actor is folded when its index holds over twice its live pairs; below this it is not worth the work. */
const WASTE_PAIRS_MIN = 1024;

export class IndexCompactor {
  readonly #store: OrderedStore;
  readonly #state: State;
  readonly #committer: Committer;
  readonly #onError: (row: LiveRow, error: unknown) => void;
  #background: Promise<void> | undefined;
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
    const row = rows.find(({ pairs, live }) => pairs > 2 * live + WASTE_PAIRS_MIN);
    if (row === undefined) return;
    this.#background = this.fold(row)
      .catch((error: unknown) => this.#onError(row, error))
      .then(() => {
        this.#background = undefined;
      });
  }

  /** Folds the whole index of one actor. */
  async fold(row: LiveRow): Promise<void> {
    let after = 0 as Version;
    while (!this.#stopped && after < row.indexed) {
      const from = after;
      after = await this.#committer.exclusive(() => this.#foldFrom(row, from));
    }
  }

  /** Ends after the slice under way; what was folded stays so. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#background;
  }

  async #foldFrom(row: LiveRow, after: Version): Promise<Version> {
    const slice = await readSlice(this.#store, row.no, after);
    if (slice.records.length > 0) {
      await this.#committer.commitNow({
        keys: slice.pairs.map(({ key }) => key),
        bytes: 0,
        sync: false,
        decide: (transaction) => foldSlice(transaction, this.#state, row, slice),
      });
    }
    return slice.end;
  }
}

interface Slice {
  readonly records: readonly StoredRecord[];
  readonly pairs: readonly DotPair[];
  /** The highest version that the slice covers. */
  readonly end: Version;
}

/** Whole segments above `after` as far as a slice reaches, with all single dots below its end. */
async function readSlice(store: OrderedStore, actorNo: number, after: Version): Promise<Slice> {
  const records: StoredRecord[] = [];
  const pairs: DotPair[] = [];
  let end = Number.MAX_SAFE_INTEGER as Version;
  const segments = store.scan(segmentsAbove(actorNo, after));
  try {
    for (;;) {
      const [record] = await segments.next(1);
      if (record === undefined) break;
      const segment = readRecord(record[0], record[1], decodeSegment);
      records.push(record);
      pairs.push(...segment);
      if (pairs.length >= SLICE_PAIRS || records.length >= SLICE_RECORDS) {
        end = (segment.at(-1) as DotPair).version;
        break;
      }
    }
  } finally {
    await segments.close();
  }
  const singles = store.scan({ ...singleDotsAbove(actorNo, after), limit: SLICE_PAIRS });
  try {
    for (const record of await singles.next(SLICE_PAIRS)) {
      const [pair] = readRecord(record[0], record[1], decodeSegment);
      if (pair === undefined || pair.version > end) break;
      records.push(record);
      pairs.push(pair);
    }
  } finally {
    await singles.close();
  }
  pairs.sort((a, b) => a.version - b.version);
  return { records, pairs, end };
}

function foldSlice(transaction: Transaction, state: State, row: LiveRow, slice: Slice): void {
  const live = slice.pairs.filter(({ version, key }) => {
    const present = transaction.present(key);
    return present?.version === version && present.actorNo === row.no;
  });
  for (const [key] of slice.records) transaction.delete(key);
  for (let at = 0; at < live.length; at += SEGMENT_PAIRS_MAX) {
    const segment = live.slice(at, at + SEGMENT_PAIRS_MAX);
    transaction.put(segmentKey(row.no, (segment.at(-1) as DotPair).version), encodeSegment(segment));
  }
  row.pairs += live.length - slice.pairs.length;
  state.context.touch(row);
}
