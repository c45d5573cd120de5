/** The serving side of a comparison (R9), on the snapshot of its session. */

import { type BucketTree, FAN_OUT } from '../core/bucket-tree.ts';
import { MalformedBytes } from '../core/byte-reader.ts';
import { equalBytes } from '../core/bytes.ts';
import { equalSums } from '../core/context.ts';
import { compareDots, type Entry, nameOfDot } from '../core/entry.ts';
import type { DotScan, KeyDot, PinnedState } from '../ports/replica.ts';
import { CHUNK_BYTES, ChunkPacker } from './chunk.ts';
import { DotPacker } from './comparison-lists.ts';
import type { FetchReply, ListReply } from './comparison-messages.ts';

/** Dots of a list: a quarter of a chunk has thousands of them, and they are unpacked in one go. */
const LIST_BYTES = CHUNK_BYTES / 4;

/** Entries read at once, of which one with a large batch may fill a reply. */
const FETCHED_AT_ONCE = 16;

const NO_BYTES = new Uint8Array(0);

export class ServedComparison {
  readonly #pinned: PinnedState;
  #tree: BucketTree | undefined;
  #buckets: ReadonlySet<number> = new Set();
  #scan: DotScan | undefined;
  /** The key after which `#scan`, with what was read of it and not sent, goes on. */
  #after: Uint8Array = NO_BYTES;
  #read: readonly KeyDot[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  /** Entries that were sent. */
  entries = 0;
  hasBegun = false;

  constructor(pinned: PinnedState) {
    this.#pinned = pinned;
  }

  /** Resolves to whether the snapshot holds what its sum says; if not, this node is damaged (R8). */
  async fold(depth: number): Promise<boolean> {
    this.hasBegun = true;
    this.#tree = await this.#pinned.fold(depth);
    return equalSums(this.#tree.total, this.#pinned.all);
  }

  /** Sixteen for each node of the level. Throws `MalformedBytes`. */
  sums(level: number, nodes: readonly number[]): readonly bigint[] {
    const tree = this.#folded();
    if (level >= tree.depth || (nodes.at(-1) ?? 0) >= FAN_OUT ** level)
      throw new MalformedBytes('a node that the fold has not');
    return nodes.flatMap((node) => tree.children(level, node));
  }

  /**
   * The next dots of the buckets after the key; of those asked for last, if none are named. One after another, whoever
   * asks: a repeated request would share what is read with the one that it repeats. Throws `MalformedBytes`.
   */
  list(buckets: readonly number[], after: Uint8Array): Promise<Pick<ListReply, 'dots' | 'last'>> {
    const listed = this.#turn.then(() => this.#list(buckets, after));
    this.#turn = listed.catch(() => undefined);
    return listed;
  }

  /** Entries of the first of `keys`, as many as fit, each with what is left of its batch. */
  async fetch(keys: readonly Uint8Array[]): Promise<Pick<FetchReply, 'count' | 'entries'>> {
    const packer = new ChunkPacker();
    const packed = new Set<string>();
    let count = 0;
    while (count < keys.length && packer.bytes < CHUNK_BYTES) {
      for (const entry of await this.#pinned.getMany(keys.slice(count, count + FETCHED_AT_ONCE))) {
        if (packer.bytes >= CHUNK_BYTES) break;
        const isPacked = entry === undefined || packed.has(nameOfDot(entry));
        for (const one of isPacked ? [] : await this.#pinned.batchOf(entry)) {
          const name = nameOfDot(one);
          if (!packed.has(name)) packer.add(one);
          packed.add(name);
        }
        count++;
      }
    }
    this.entries += packer.count;
    return { count, entries: packer.finish() };
  }

  /** Those of the dots that this snapshot's context covers and nothing in the snapshot, or its horizon, explains. */
  async lost(dots: readonly KeyDot[], wasSeen: (dot: KeyDot) => boolean): Promise<readonly KeyDot[]> {
    const present = await this.#pinned.getMany(dots.map(({ key }) => key));
    return dots.filter((dot, index) => {
      const here: Entry | undefined = present[index];
      const isExplained = here !== undefined && compareDots(here, dot) >= 0;
      return !isExplained && dot.version > this.#pinned.horizon && wasSeen(dot);
    });
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#scan?.close();
  }

  async #list(buckets: readonly number[], after: Uint8Array): Promise<Pick<ListReply, 'dots' | 'last'>> {
    const { depth } = this.#folded();
    if ((buckets.at(-1) ?? 0) >= FAN_OUT ** depth) throw new MalformedBytes('a bucket that the fold has not');
    if (buckets.length > 0) this.#buckets = new Set(buckets);
    if (buckets.length > 0 || this.#scan === undefined || !equalBytes(after, this.#after))
      await this.#seek(after);
    const packer = new DotPacker();
    while (packer.bytes < LIST_BYTES) {
      if (this.#read.length === 0) this.#read = (await this.#scan?.next()) ?? [];
      const [dot] = this.#read;
      if (dot === undefined) return { dots: packer.finish(), last: true };
      packer.add(dot);
      this.#after = dot.key;
      this.#read = this.#read.slice(1);
    }
    return { dots: packer.finish(), last: false };
  }

  #folded(): BucketTree {
    if (this.#tree === undefined) throw new MalformedBytes('a comparison that was not begun');
    return this.#tree;
  }

  async #seek(after: Uint8Array): Promise<void> {
    await this.#scan?.close();
    this.#read = [];
    this.#after = after.slice();
    this.#scan = this.#pinned.dotsIn(
      this.#folded().depth,
      this.#buckets,
      after.length === 0 ? undefined : this.#after,
    );
  }
}
