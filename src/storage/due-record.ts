/** A record of the due index: the dot of the entry that becomes collectable. Stale if the key holds another by now. */

import { ByteReader } from '../core/byte-reader.ts';
import { ByteWriter } from '../core/byte-writer.ts';
import type { Version } from '../core/version.ts';
import { type StoredEntry, TOMBSTONE } from './entry-record.ts';
import { DUE_EXPIRING, DUE_TOMBSTONE, dueKey } from './keyspace.ts';

export interface DueDot {
  readonly actorNo: number;
  readonly version: Version;
}

export function encodeDue(dot: DueDot): Uint8Array {
  const writer = new ByteWriter(12);
  writer.varint(dot.actorNo);
  writer.uint64(dot.version);
  return writer.finish();
}

export function decodeDue(content: Uint8Array): DueDot {
  const reader = new ByteReader(content);
  const actorNo = reader.varint();
  const version = reader.uint64() as Version;
  reader.end();
  return { actorNo, version };
}

/** Where the due index lists an entry, if it does. */
export function dueKeyOf(
  key: Uint8Array,
  { flags, version, expiresAt }: Pick<StoredEntry, 'flags' | 'version' | 'expiresAt'>,
): Uint8Array | undefined {
  if (flags & TOMBSTONE) return dueKey(DUE_TOMBSTONE, version, key);
  return expiresAt === undefined ? undefined : dueKey(DUE_EXPIRING, expiresAt, key);
}
