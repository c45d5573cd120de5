/** Unpacks Snappy, as LevelDB packs the blocks of its tables (google/snappy, `format_description.txt`). */

import { ByteReader, MalformedBytes } from '../core/byte-reader.ts';

/** Throws `MalformedBytes`. `bytesMax`: what is longer unpacked is refused before it is made. */
export function unpackSnappy(packed: Uint8Array, bytesMax: number): Uint8Array {
  const reader = new ByteReader(packed);
  const length = reader.varint();
  if (length > bytesMax) throw new MalformedBytes('longer than it may be');
  const bytes = new Uint8Array(length);
  let at = 0;
  while (reader.left > 0) {
    const tag = reader.byte();
    const kind = tag & 3;
    if (kind === 0) {
      const literal = reader.raw(literalLength(reader, tag >>> 2));
      if (literal.length > length - at) throw new MalformedBytes('longer than it says');
      bytes.set(literal, at);
      at += literal.length;
      continue;
    }
    const count = kind === 1 ? 4 + ((tag >>> 2) & 7) : 1 + (tag >>> 2);
    const offset = kind === 1 ? ((tag >>> 5) << 8) | reader.byte() : littleEndian(reader, kind === 2 ? 2 : 4);
    if (offset === 0 || offset > at || count > length - at) throw new MalformedBytes('a copy of nothing');
    // Byte by byte: a copy may reach into what it writes.
    for (let copied = 0; copied < count; copied++, at++) bytes[at] = bytes[at - offset] as number;
  }
  if (at !== length) throw new MalformedBytes('shorter than it says');
  return bytes;
}

function literalLength(reader: ByteReader, tag: number): number {
  return 1 + (tag < 60 ? tag : littleEndian(reader, tag - 59));
}

function littleEndian(reader: ByteReader, count: number): number {
  let value = 0;
  for (let at = 0; at < count; at++) value += reader.byte() * 2 ** (8 * at);
  return value;
}
