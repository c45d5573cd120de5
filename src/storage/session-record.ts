/** How a puller's session rests on disk (R5): its head once, its progress with each chunk. */

import { isNodeId } from '../core/actor.ts';
import { ByteReader, MalformedBytes } from '../core/byte-reader.ts';
import { ByteWriter } from '../core/byte-writer.ts';
import { byteString } from '../core/bytes.ts';
import { decodeRows, encodeRows } from '../core/row-codec.ts';
import type { Version } from '../core/version.ts';
import type { NewSession, StoredSession } from '../ports/replica.ts';

export type SessionHead = Omit<NewSession, 'epoch' | 'rumoured'> & Pick<StoredSession, 'exempt' | 'mixed'>;
export type SessionProgress = Pick<StoredSession, 'cursor' | 'entries' | 'bytes'>;

const KEY_ORDER = 1;
const SERVER_BOOTSTRAPPING = 2;
const EXEMPT = 4;
const MIXED = 8;
const ALL_FLAGS = 15;

export function encodeHead(head: SessionHead): Uint8Array {
  const writer = new ByteWriter(1024);
  writer.byte(
    (head.order === 'key' ? KEY_ORDER : 0) |
      (head.serverBootstrapping ? SERVER_BOOTSTRAPPING : 0) |
      (head.exempt ? EXEMPT : 0) |
      (head.mixed ? MIXED : 0),
  );
  writer.asciiPrefixed(head.peer);
  writer.asciiPrefixed(head.name);
  writer.uint64(head.horizon);
  writer.uint64(head.serverEntries);
  writer.uint64(head.openedAt);
  writer.raw(encodeRows(head.rows));
  return writer.finish();
}

export function decodeHead(content: Uint8Array): SessionHead {
  const reader = new ByteReader(content);
  const flags = reader.byte();
  if (flags > ALL_FLAGS) throw new MalformedBytes('unknown flags of a session');
  const peer = byteString(reader.lengthPrefixed());
  const name = byteString(reader.lengthPrefixed());
  const horizon = reader.uint64() as Version;
  const serverEntries = reader.uint64();
  const openedAt = reader.uint64() as Version;
  const rows = decodeRows(reader.raw(reader.left));
  if (!isNodeId(peer)) throw new MalformedBytes('a malformed peer name');
  return {
    peer,
    name,
    order: flags & KEY_ORDER ? 'key' : 'version',
    rows,
    horizon,
    serverEntries,
    openedAt,
    serverBootstrapping: (flags & SERVER_BOOTSTRAPPING) !== 0,
    exempt: (flags & EXEMPT) !== 0,
    mixed: (flags & MIXED) !== 0,
  };
}

export function encodeProgress(progress: SessionProgress): Uint8Array {
  const writer = new ByteWriter(64);
  writer.varint(progress.entries);
  writer.varint(progress.bytes);
  writer.raw(progress.cursor);
  return writer.finish();
}

export function decodeProgress(content: Uint8Array): SessionProgress {
  const reader = new ByteReader(content);
  const entries = reader.varint();
  const bytes = reader.varint();
  // A copy: what was read may be a view into a buffer of the database.
  return { entries, bytes, cursor: reader.raw(reader.left).slice() };
}
