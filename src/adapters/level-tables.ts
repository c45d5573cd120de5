/**
 * Makes damaged blocks of LevelDB's tables unreadable. classic-level has LevelDB check no block's checksum, and offers no
 * option for it: a get or a scan then shows what is there, which the checksums of our records tell, but a compaction that
 * meets keys out of order fails an assertion (`TableBuilder::Add`), which ends the process, again after each restart. A
 * block of unknown type LevelDB refuses with an error: so where a checksum does not fit, the type goes.
 *
 *     table  = block… footer                                   (LevelDB, `doc/table_format.md`)
 *     block  = content type:1 checksum:4                       CRC-32C of content and type, masked
 *     footer = metaindex index padding magic:8                 handles; 48 bytes
 *     handle = offset:varint size:varint                       of a block's content
 *
 * The index has the handles of blocks of entries, the metaindex that of the filter. Where the index does not fit, the table
 * is made none.
 */

import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { ByteReader, MalformedBytes } from '../core/byte-reader.ts';
import { crc32c } from './crc32c.ts';
import { unpackSnappy } from './snappy.ts';

const TABLE = /\.(?:ldb|sst)$/u;
const FOOTER_BYTES = 48;
const MAGIC = Buffer.from('57fb808b247547db', 'hex');
const TRAILER_BYTES = 5;
const SNAPPY = 1;
/** Of no kind of block. */
const NO_TYPE = 0xff;
const MASK = 0xa282ead8;

/** An index is a few hundredths of its table. */
const INDEX_BYTES_MAX = 2 ** 28;

/** Bytes looked at in one go, while others wait. */
const PIECE_BYTES = 2 ** 20;

interface Handle {
  readonly offset: number;
  readonly size: number;
}

/**
 * In all tables in the folder of a database, which may be open. `onPiece` may throw, to call it off. A file that cannot be
 * read is left to LevelDB.
 */
export async function markDamagedBlocks(location: string, onPiece: () => void): Promise<void> {
  const names = (await readdir(location).catch((): string[] => [])).filter((name) => TABLE.test(name));
  for (const name of names) {
    const file = await open(join(location, name), 'r+').catch(() => undefined);
    if (file === undefined) continue;
    try {
      await markOf(file, onPiece);
    } finally {
      await file.close();
    }
  }
}

async function markOf(file: FileHandle, onPiece: () => void): Promise<void> {
  const bytes = await file.readFile().catch(() => undefined);
  // One that is still being written has no footer yet.
  if (bytes === undefined || !bytes.subarray(-MAGIC.length).equals(MAGIC)) return;
  const handles = handlesOf(bytes);
  if (handles === undefined) return mark(file, bytes.length - 1, 0);
  let seen = 0;
  for (const handle of handles) {
    if (!isSound(bytes, handle)) await mark(file, handle.offset + handle.size, NO_TYPE);
    seen += handle.size;
    if (seen < PIECE_BYTES) continue;
    seen = 0;
    onPiece();
    await turn();
  }
}

async function mark(file: FileHandle, at: number, byte: number): Promise<void> {
  await file.write(Uint8Array.of(byte), 0, 1, at);
  await file.datasync();
}

/** Of all blocks but the index; `undefined` where that cannot be read. */
function handlesOf(bytes: Uint8Array): Handle[] | undefined {
  try {
    const footer = new ByteReader(bytes.subarray(-FOOTER_BYTES));
    const metaindex = readHandle(footer);
    const index = readHandle(footer);
    if (!isSound(bytes, index) || !isWithin(bytes, metaindex)) return undefined;
    const filters = isSound(bytes, metaindex) ? entriesOf(bytes, metaindex) : [];
    return [...entriesOf(bytes, index), metaindex, ...filters];
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error;
    return undefined;
  }
}

/** The handles in a block of them, whose keys do not matter. */
function entriesOf(bytes: Uint8Array, { offset, size }: Handle): Handle[] {
  const content = bytes.subarray(offset, offset + size);
  const plain = bytes[offset + size] === SNAPPY ? unpackSnappy(content, INDEX_BYTES_MAX) : content;
  const view = new DataView(plain.buffer, plain.byteOffset, plain.byteLength);
  // After the entries: where some of them begin, four bytes each, and how many of these there are.
  const restarts = plain.length < 4 ? 0 : view.getUint32(plain.length - 4, true);
  const end = plain.length - 4 - 4 * restarts;
  if (end < 0) throw new MalformedBytes('an index without an end');
  const reader = new ByteReader(plain.subarray(0, end));
  const handles: Handle[] = [];
  while (reader.left > 0) {
    reader.varint();
    const keyBytes = reader.varint();
    const valueBytes = reader.varint();
    reader.raw(keyBytes);
    const handle = readHandle(new ByteReader(reader.raw(valueBytes)));
    if (!isWithin(bytes, handle)) throw new MalformedBytes('a block beyond the end');
    handles.push(handle);
  }
  return handles;
}

function readHandle(reader: ByteReader): Handle {
  return { offset: reader.varint(), size: reader.varint() };
}

function isWithin(bytes: Uint8Array, { offset, size }: Handle): boolean {
  return offset + size + TRAILER_BYTES <= bytes.length - FOOTER_BYTES;
}

function isSound(bytes: Uint8Array, handle: Handle): boolean {
  if (!isWithin(bytes, handle)) return false;
  const end = handle.offset + handle.size;
  const crc = crc32c(bytes.subarray(handle.offset, end + 1));
  const masked = (((crc >>> 15) | (crc << 17)) + MASK) >>> 0;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(end + 1, true) === masked;
}
