/** Every stored record ends with a checksum of its own, over its key and its content (CRC-32, as in zlib). */

import { crc32 } from 'node:zlib';
import { MalformedBytes } from '../core/byte-reader.ts';
import { newBytes, readUint32, writeUint32 } from '../core/bytes.ts';
import { damaged } from './damage.ts';

export const CHECKSUM_BYTES = 4;

/** The record to store under `key`. */
export function seal(key: Uint8Array, content: Uint8Array): Uint8Array {
  const record = newBytes(content.length + CHECKSUM_BYTES);
  record.set(content);
  // Of the copy: Node takes no bytes that lie nowhere, as an encoder's of no text may, for a new beginning.
  writeUint32(record, content.length, crc32(record.subarray(0, content.length), crc32(key)));
  return record;
}

/** The content of a record read under `key`. Fails with `RECORD_DAMAGED`. */
export function unseal(key: Uint8Array, record: Uint8Array): Uint8Array {
  const end = record.length - CHECKSUM_BYTES;
  if (end < 0) throw damaged('is too short');
  const content = record.subarray(0, end);
  if (readUint32(record, end) !== crc32(content, crc32(key))) throw damaged('does not match its checksum');
  return content;
}

/** Reads a record's content with `decode`; content that makes no sense is damage too. */
export function readRecord<T>(key: Uint8Array, record: Uint8Array, decode: (content: Uint8Array) => T): T {
  const content = unseal(key, record);
  try {
    return decode(content);
  } catch (error) {
    if (error instanceof MalformedBytes) throw damaged(`cannot be read: ${error.message}`);
    throw error;
  }
}
