/** Positional arrays in msgpack through `msgpackr`; bytes are looked over before they are unpacked. */

import { Packr } from 'msgpackr';
import { ByteReader, MalformedBytes } from '../core/byte-reader.ts';
import type { Packer } from '../ports/packer.ts';

/** Trees on wire and disk are a few levels deep. */
const DEPTH_MAX = 16;

/** Values of one tree. A message has some ten; of 16 MiB of empty arrays half a gigabyte would be made. */
const VALUES_MAX = 100_000;

const packr = new Packr({ useRecords: false, moreTypes: false, int64AsType: 'number', copyBuffers: true });

export const packer: Packer = {
  pack: (tree) => packr.pack(tree),
  unpack(bytes) {
    const reader = new ByteReader(bytes);
    scan(reader, DEPTH_MAX, { left: VALUES_MAX });
    reader.end();
    return packr.unpack(plainView(bytes));
  },
};

/** `msgpackr` makes byte strings of the class of what it reads: `Buffer` in, `Buffer` out. */
function plainView(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Passes over one value of the kinds that `Packer` allows, so that a hostile length or an extension never reaches the
 * decoder. Format bytes: msgpack specification, "Formats".
 */
function scan(reader: ByteReader, depth: number, values: { left: number }): void {
  if (values.left-- === 0) throw new MalformedBytes(`more than ${VALUES_MAX} values`);
  const format = reader.byte();
  if (format <= 0x7f || format >= 0xe0) return;
  if (format >= 0x90 && format <= 0x9f) return scanArray(reader, format & 0x0f, depth, values);
  if (format >= 0xa0 && format <= 0xbf) return skip(reader, format & 0x1f);
  switch (format) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return;
    case 0xc4:
    case 0xd9:
      return skip(reader, reader.byte());
    case 0xc5:
    case 0xda:
      return skip(reader, uint16(reader));
    case 0xc6:
    case 0xdb:
      return skip(reader, reader.uint32());
    case 0xcc:
    case 0xd0:
      return skip(reader, 1);
    case 0xcd:
    case 0xd1:
      return skip(reader, 2);
    case 0xca:
    case 0xce:
    case 0xd2:
      return skip(reader, 4);
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return skip(reader, 8);
    case 0xdc:
      return scanArray(reader, uint16(reader), depth, values);
    case 0xdd:
      return scanArray(reader, reader.uint32(), depth, values);
    default:
      throw new MalformedBytes('a kind of value that is not allowed here');
  }
}

function scanArray(reader: ByteReader, length: number, depth: number, values: { left: number }): void {
  if (depth === 0) throw new MalformedBytes('arrays nested too deep');
  if (length > reader.left) throw new MalformedBytes('an array longer than its message');
  for (let index = 0; index < length; index++) scan(reader, depth - 1, values);
}

function skip(reader: ByteReader, count: number): void {
  reader.raw(count);
}

function uint16(reader: ByteReader): number {
  return reader.byte() * 256 + reader.byte();
}
