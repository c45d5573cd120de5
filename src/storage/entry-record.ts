/** How an entry rests on disk. Its key is the record's; its actor is a local number; a large value lies apart. */

import { ByteReader, MalformedBytes } from '../core/byte-reader.ts';
import { ByteWriter } from '../core/byte-writer.ts';
import type { Entry } from '../core/entry.ts';
import { FRAME_BYTES_MAX } from '../core/limits.ts';
import { isVersion, type Version } from '../core/version.ts';

export const TOMBSTONE = 1;
export const EXPIRING = 2;
/** The value lies in the key space of large values. */
export const LARGE = 4;
const IN_BATCH = 8;
const ALL_FLAGS = 15;

/** Values above this lie apart, so that scans of entries stay cheap (DESIGN: 4 KiB). */
export const INLINE_VALUE_BYTES_MAX = 4096;

/** An entry as stored; `value` is empty for a large one, `valueBytes` always its length. */
export interface StoredEntry {
  readonly flags: number;
  readonly actorNo: number;
  readonly version: Version;
  readonly first: Version;
  readonly last: Version;
  readonly expiresAt: number | undefined;
  readonly valueBytes: number;
  readonly value: Uint8Array;
}

export function flagsOf(entry: Pick<Entry, 'tombstone' | 'expiresAt' | 'value'>): number {
  return (
    (entry.tombstone ? TOMBSTONE : 0) |
    (entry.expiresAt === undefined ? 0 : EXPIRING) |
    (entry.value.length > INLINE_VALUE_BYTES_MAX ? LARGE : 0)
  );
}

/** Whether the second sum of R8 counts it: it is neither a tombstone nor expiring. */
export function isPermanent(flags: number): boolean {
  return (flags & (TOMBSTONE | EXPIRING)) === 0;
}

export function encodeEntry(actorNo: number, entry: Omit<Entry, 'actor' | 'key'>): Uint8Array {
  const writer = new ByteWriter(entryBytesMax(entry));
  writeEntry(writer, actorNo, entry);
  return writer.finish();
}

/** How long a record can be, at most. */
export function entryBytesMax({ value }: Pick<Entry, 'value'>): number {
  return 50 + (value.length > INLINE_VALUE_BYTES_MAX ? 0 : value.length);
}

export function writeEntry(writer: ByteWriter, actorNo: number, entry: Omit<Entry, 'actor' | 'key'>): void {
  const flags = flagsOf(entry);
  const inBatch = entry.first < entry.last;
  writer.byte(flags | (inBatch ? IN_BATCH : 0));
  writer.uint64(entry.version);
  writer.varint(actorNo);
  if (inBatch) {
    writer.varint(entry.version - entry.first);
    writer.varint(entry.last - entry.version);
  }
  if (entry.expiresAt !== undefined) writer.uint64(entry.expiresAt);
  writer.varint(entry.value.length);
  if (!(flags & LARGE)) writer.raw(entry.value);
}

export function decodeEntry(content: Uint8Array): StoredEntry {
  const reader = new ByteReader(content);
  const flags = reader.byte();
  if (flags > ALL_FLAGS) throw new MalformedBytes('unknown flags of an entry');
  const version = reader.uint64() as Version;
  const actorNo = reader.varint();
  const inBatch = (flags & IN_BATCH) !== 0;
  const first = (version - (inBatch ? reader.varint() : 0)) as Version;
  const last = (version + (inBatch ? reader.varint() : 0)) as Version;
  const expiresAt = flags & EXPIRING ? reader.uint64() : undefined;
  const valueBytes = reader.varint();
  const value = reader.raw(flags & LARGE ? 0 : valueBytes);
  reader.end();
  if (inBatch && (first === last || !isVersion(first) || !isVersion(last)))
    throw new MalformedBytes('a batch out of range');
  if (flags & TOMBSTONE && (flags & EXPIRING || valueBytes > 0))
    throw new MalformedBytes('a tombstone with a value, or an expiry');
  // What is longer than a frame could not travel.
  if (valueBytes > INLINE_VALUE_BYTES_MAX !== ((flags & LARGE) !== 0) || valueBytes > FRAME_BYTES_MAX)
    throw new MalformedBytes('a value out of its place');
  return { flags: flags & ~IN_BATCH, actorNo, version, first, last, expiresAt, valueBytes, value };
}
