/**
 * Records of one commit, written one after another into common memory, each behind its key: its checksum is one pass, and
 * there is nothing to copy.
 */

import { crc32 } from 'node:zlib';
import { ByteWriter } from '../core/byte-writer.ts';
import type { WriteOperation } from '../ports/ordered-store.ts';
import { CHECKSUM_BYTES } from './checksum.ts';

/** Of a first block, for a put alone; each is twice as long as the one before, up to the last one. */
const BLOCK_BYTES_MIN = 512;
const BLOCK_BYTES_MAX = 64 * 1024;

export class RecordWriter {
  #block = new ByteWriter(0);
  #blockBytes = BLOCK_BYTES_MIN / 2;
  #keyAt = 0;
  #contentAt = 0;

  /** Takes the key of the next record, and, after `endKey`, its content: no more than `bytesMax` both together. */
  begin(bytesMax: number): ByteWriter {
    const needed = bytesMax + CHECKSUM_BYTES;
    if (this.#block.left < needed) {
      this.#blockBytes = Math.min(2 * this.#blockBytes, BLOCK_BYTES_MAX);
      this.#block = new ByteWriter(Math.max(needed, this.#blockBytes));
    }
    this.#keyAt = this.#block.length;
    return this.#block;
  }

  endKey(): void {
    this.#contentAt = this.#block.length;
  }

  /** As `seal` makes it. */
  finish(): WriteOperation {
    const block = this.#block;
    block.uint32(crc32(block.view(this.#keyAt, block.length)));
    return {
      type: 'put',
      key: block.view(this.#keyAt, this.#contentAt),
      value: block.view(this.#contentAt, block.length),
    };
  }
}
