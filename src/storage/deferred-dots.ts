/**
 * Dots that the dot index does not list yet, in memory. A first copy in key order brings the dots of an actor in any order, and
 * a record for each costs a quarter of the copy; so they are kept as they come, and listed when it is over
 * (`deferred-index.ts`).
 */

import { ByteReader } from '../core/byte-reader.ts';
import { ByteWriter } from '../core/byte-writer.ts';
import type { Version } from '../core/version.ts';
import { type DotPair, encodeSegment } from './segment-record.ts';
import { turn } from './turn.ts';

/** Of keys of 20 bytes 1.5 million. What comes beyond is listed at once. */
const BYTES_MAX = 48 * 2 ** 20;
/** Some thousands of dots, which are sorted in one go. */
const BLOCK_BYTES = 128 * 1024;
/** Beside the key of a dot, at most. */
const DOT_BYTES = 4 + 8 + 8;

/** Of one actor, each list in ascending version, as a segment holds them. */
export type SortedLists = readonly Uint8Array[];

export class DeferredDots {
  readonly #bytesMax: number;
  #blocks: ByteWriter[] = [];
  #bytes = 0;
  /** Nothing else is unlisted: no process that is over had left anything. */
  #isComplete = true;
  #isClosed = false;

  constructor(bytesMax: number = BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#bytesMax;
  }

  /** Whether the dot may go unlisted. */
  take(actorNo: number, pair: DotPair): boolean {
    if (this.#isClosed) return false;
    // Who has to read all entries to find some, finds this one, too.
    if (!this.#isComplete) return true;
    if (this.isFull) return false;
    this.add(actorNo, pair);
    return true;
  }

  add(actorNo: number, { version, key }: DotPair): void {
    const block = this.#blockWith(DOT_BYTES + key.length);
    block.uint32(actorNo);
    block.uint64(version);
    block.lengthPrefixed(key);
  }

  /** There is more than what is here: only the entries tell. */
  lose(): void {
    this.#isComplete = false;
    this.#blocks = [];
    this.#bytes = 0;
  }

  /** From now on every dot is listed as it comes. */
  close(): void {
    this.#isClosed = true;
  }

  /** All dots, by the number of their actor. They are here no more. */
  async sorted(): Promise<ReadonlyMap<number, SortedLists>> {
    const listsByNo = new Map<number, Uint8Array[]>();
    const blocks = this.#blocks;
    this.lose();
    for (const block of blocks) {
      for (const [no, list] of sortedWithin(block.finish())) {
        const lists = listsByNo.get(no);
        if (lists === undefined) listsByNo.set(no, [list]);
        else lists.push(list);
      }
      await turn();
    }
    return listsByNo;
  }

  #blockWith(bytes: number): ByteWriter {
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.left >= bytes) return last;
    const block = new ByteWriter(Math.max(bytes, BLOCK_BYTES));
    this.#blocks.push(block);
    this.#bytes += block.left;
    return block;
  }
}

/** Lists take less room than what they are made of, so they come in its place: what is freed here, V8 would free late. */
function* sortedWithin(block: Uint8Array): Generator<readonly [number, Uint8Array]> {
  const encoded = [...pairsByNo(block)].map(([no, pairs]) => {
    pairs.sort((a, b) => a.version - b.version);
    return [no, encodeSegment(pairs)] as const;
  });
  let at = 0;
  for (const [no, list] of encoded) {
    block.set(list, at);
    yield [no, block.subarray(at, at + list.length)];
    at += list.length;
  }
}

function pairsByNo(block: Uint8Array): ReadonlyMap<number, DotPair[]> {
  const reader = new ByteReader(block);
  const byNo = new Map<number, DotPair[]>();
  while (reader.left > 0) {
    const no = reader.uint32();
    const pair = { version: reader.uint64() as Version, key: reader.lengthPrefixed() };
    const pairs = byNo.get(no);
    if (pairs === undefined) byNo.set(no, [pair]);
    else pairs.push(pair);
  }
  return byNo;
}
