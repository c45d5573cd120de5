/**
 * The operations of one commit. Records are written one after another into common memory, each behind its key: a checksum is
 * one pass, there is nothing to copy, and what waits for the disk is no concern of V8's young generation.
 */

import { crc32 } from 'node:zlib';
import { ByteWriter } from '../core/byte-writer.ts';
import type { Entry } from '../core/entry.ts';
import { youngList } from '../core/young.ts';
import type { WriteOperation } from '../ports/ordered-store.ts';
import { CHECKSUM_BYTES, seal } from './checksum.ts';
import { entryBytesMax, writeEntry } from './entry-record.ts';
import { writeEntryKey, writeSingleDotKey } from './keyspace.ts';
import { type DotPair, writeSegment } from './segment-record.ts';

/** Of a first block, for a put alone; each is twice as long as the one before, up to the last one. */
const BLOCK_BYTES_MIN = 512;
const BLOCK_BYTES_MAX = 64 * 1024;

export class RecordWriter {
  /** In their order: an operation, or the block that a record lies in. */
  readonly #steps: (WriteOperation | ByteWriter)[] = youngList();
  /** Of each record in a block: where its key and its content begin, and where it ends. */
  readonly #places: number[] = youngList();
  #block = new ByteWriter(0);
  #blockBytes = BLOCK_BYTES_MIN / 2;

  get count(): number {
    return this.#steps.length;
  }

  push(operation: WriteOperation): void {
    this.#steps.push(operation);
  }

  /** `content` is sealed here. */
  put(key: Uint8Array, content: Uint8Array): void {
    this.push({ type: 'put', key, value: seal(key, content) });
  }

  entry(actorNo: number, entry: Entry): void {
    const writer = this.begin(1 + entry.key.length + entryBytesMax(entry));
    writeEntryKey(writer, entry.key);
    this.endKey();
    writeEntry(writer, actorNo, entry);
    this.end();
  }

  singleDot(actorNo: number, pair: DotPair): void {
    const writer = this.begin(32 + pair.key.length);
    writeSingleDotKey(writer, actorNo, pair.version);
    this.endKey();
    writeSegment(writer, [pair]);
    this.end();
  }

  /** Takes the key of the next record, and, after `endKey`, its content: no more than `bytesMax` both together. */
  begin(bytesMax: number): ByteWriter {
    const needed = bytesMax + CHECKSUM_BYTES;
    if (this.#block.left < needed) {
      this.#blockBytes = Math.min(2 * this.#blockBytes, BLOCK_BYTES_MAX);
      this.#block = new ByteWriter(Math.max(needed, this.#blockBytes));
    }
    this.#steps.push(this.#block);
    this.#places.push(this.#block.length);
    return this.#block;
  }

  endKey(): void {
    this.#places.push(this.#block.length);
  }

  /** As `seal` does. */
  end(): void {
    const block = this.#block;
    const keyAt = this.#places.at(-2) as number;
    block.uint32(crc32(block.view(keyAt, block.length)));
    this.#places.push(block.length);
  }

  /** To be asked for when they are written, not before. */
  operations(): WriteOperation[] {
    const places = this.#places;
    let at = 0;
    return this.#steps.map((step) => {
      if (!(step instanceof ByteWriter)) return step;
      const keyAt = places[at++] as number;
      const contentAt = places[at++] as number;
      const end = places[at++] as number;
      return { type: 'put', key: step.view(keyAt, contentAt), value: step.view(contentAt, end) };
    });
  }
}
