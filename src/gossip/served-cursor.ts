/** Cursors: absolute positions in a served session. Only this server reads them; to the puller they are bytes. */

import { type Actor, isActor } from '../core/actor.ts';
import { ByteReader, MalformedBytes } from '../core/byte-reader.ts';
import { ByteWriter } from '../core/byte-writer.ts';
import { asciiBytes, byteString } from '../core/bytes.ts';
import type { Dot, Entry } from '../core/entry.ts';
import type { Version } from '../core/version.ts';
import type { SessionOrder } from '../ports/replica.ts';

/** After which entry a chunk begins: nothing, where it begins with the first. */
export type Position =
  | { readonly order: 'key'; readonly key: Uint8Array | undefined }
  | {
      readonly order: 'version';
      readonly after: { readonly actor: Actor; readonly version: Version } | undefined;
    };

const START = 0;
const AFTER_VERSION = 1;
const AFTER_KEY = 2;

export const START_CURSOR: Uint8Array = Uint8Array.of(START);

/** The position after an entry, or in version order after any dot. */
export function encodeCursor(
  order: SessionOrder,
  { key, actor, version }: Dot & Partial<Pick<Entry, 'key'>>,
): Uint8Array {
  const writer = new ByteWriter(128);
  if (order === 'key' && key !== undefined) {
    writer.byte(AFTER_KEY);
    writer.raw(key);
  } else {
    writer.byte(AFTER_VERSION);
    writer.uint64(version);
    writer.raw(asciiBytes(actor));
  }
  // A copy of its own: it outlives the chunk.
  return writer.finish().slice();
}

/** Throws `MalformedBytes` on what is not a cursor of a session in this order. */
export function decodeCursor(cursor: Uint8Array, order: SessionOrder): Position {
  const reader = new ByteReader(cursor);
  const kind = reader.byte();
  if (kind === START) {
    reader.end();
    return order === 'key' ? { order, key: undefined } : { order, after: undefined };
  }
  if (kind === AFTER_KEY && order === 'key') return { order, key: reader.raw(reader.left).slice() };
  if (kind === AFTER_VERSION && order === 'version') {
    const version = reader.uint64() as Version;
    const actor = byteString(reader.raw(reader.left));
    if (isActor(actor)) return { order, after: { actor, version } };
  }
  throw new MalformedBytes('a cursor that this session never gave');
}
