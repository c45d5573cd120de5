/**
 * The file of a backup: `boato-bk`, one byte of format version, then blocks.
 *
 *     block   = type (1), length (4), body, CRC-32 of all three (4)
 *     header  = layout's format version (varint), node id, cluster id (length-prefixed), when (8), checked (1)
 *     records = (key, record as stored), each length-prefixed, in key order
 *     end     = number of records (varint), hash of all bodies before it (8)
 *     failure = code, sentence (length-prefixed): why there is no end
 *
 * The hash is xxHash64 of each body under the seed that the one before it came to. Numbers are big-endian.
 */

import { crc32 } from 'node:zlib';
import { ByteWriter } from '../core/byte-writer.ts';
import { asciiBytes } from '../core/bytes.ts';
import type { BoatoError } from '../core/errors.ts';
import type { Hash64 } from '../ports/hash64.ts';
import type { StoredRecord } from '../ports/ordered-store.ts';
import type { Identity } from './meta-record.ts';

export const BACKUP_MAGIC: Uint8Array = asciiBytes('boato-bk');

/** Of the file. One with another is refused. */
export const BACKUP_FORMAT_VERSION = 1;

export const HEADER_BLOCK = 1;
export const RECORDS_BLOCK = 2;
export const END_BLOCK = 3;
export const FAILURE_BLOCK = 4;

export const BLOCK_HEAD_BYTES = 5;
export const BLOCK_TAIL_BYTES = 4;

/** A block of records ends above this: few system calls, and little memory. */
const BLOCK_BYTES = 2 ** 18;

/** A full block (256 KiB) and one record more, at most a value (8 MiB) or a segment of the longest keys (1 MiB). */
export const BLOCK_BYTES_MAX: number = 16 * 2 ** 20;

export interface BackupHead extends Identity {
  /** Wall clock, milliseconds since 1970. */
  readonly takenAtMs: number;
  /** The entries were known to be sound: what is restored opens as after a clean stop. */
  readonly isChecked: boolean;
}

const encoder = new TextEncoder();

/** Builds the pieces of the file, one after another. */
export class BackupWriter {
  readonly #hash64: Hash64;
  #hash = 0n;
  #count = 0;
  #block = new ByteWriter();

  constructor(hash64: Hash64) {
    this.#hash64 = hash64;
  }

  begin(head: BackupHead): Uint8Array {
    const body = new ByteWriter();
    body.varint(head.formatVersion);
    body.asciiPrefixed(head.nodeId);
    body.asciiPrefixed(head.clusterId);
    body.uint64(head.takenAtMs);
    body.byte(head.isChecked ? 1 : 0);
    const writer = new ByteWriter();
    writer.raw(BACKUP_MAGIC);
    writer.byte(BACKUP_FORMAT_VERSION);
    writer.raw(this.#hashed(HEADER_BLOCK, body.finish()));
    return writer.finish();
  }

  /** A block, if there is enough for one. */
  add([key, record]: StoredRecord): Uint8Array | undefined {
    this.#block.lengthPrefixed(key);
    this.#block.lengthPrefixed(record);
    this.#count++;
    return this.#block.length < BLOCK_BYTES ? undefined : this.#takeBlock();
  }

  end(): Uint8Array {
    const writer = new ByteWriter();
    if (this.#block.length > 0) writer.raw(this.#takeBlock());
    const body = new ByteWriter();
    body.varint(this.#count);
    body.bigUint64(this.#hash);
    writer.raw(encodeBlock(END_BLOCK, body.finish()));
    return writer.finish();
  }

  #takeBlock(): Uint8Array {
    const body = this.#block.finish();
    this.#block = new ByteWriter(body.length + BLOCK_BYTES / 4);
    return this.#hashed(RECORDS_BLOCK, body);
  }

  #hashed(type: number, body: Uint8Array): Uint8Array {
    this.#hash = this.#hash64(body, this.#hash);
    return encodeBlock(type, body);
  }
}

/** What is sent in the place of an end when a backup fails half-way. */
export function failureBlock({ code, message }: Pick<BoatoError, 'code' | 'message'>): Uint8Array {
  const body = new ByteWriter();
  body.asciiPrefixed(code);
  body.lengthPrefixed(encoder.encode(message));
  return encodeBlock(FAILURE_BLOCK, body.finish());
}

function encodeBlock(type: number, body: Uint8Array): Uint8Array {
  const writer = new ByteWriter(BLOCK_HEAD_BYTES + body.length + BLOCK_TAIL_BYTES);
  writer.byte(type);
  writer.uint32(body.length);
  writer.raw(body);
  const checksum = crc32(writer.finish());
  writer.uint32(checksum);
  return writer.finish();
}
