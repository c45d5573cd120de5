/**
 * Makes what LevelDB must not trust in its tables unreadable. classic-level has it check no block's checksum, and offers no
 * option for it. A damaged value is found by the checksum of our record; but a compaction that meets keys out of order fails
 * an assertion (`TableBuilder::Add`), which ends the process, again after each restart, and a damaged filter hides keys. A
 * block of unknown type LevelDB refuses with an error, as a table whose magic number is another.
 *
 * 1. A damaged block whose keys still ascend, within those of its neighbours, is left: what else it holds can be read.
 * 2. Of any other damaged block the type goes; where the index is damaged, the magic number of the table.
 *
 *     table  = block… footer                                   (LevelDB, `doc/table_format.md`; blocks: `level-block.ts`)
 *     block  = content type:1 checksum:4                       CRC-32C of content and type, masked
 *     footer = metaindex index padding magic:8                 handles; 48 bytes
 *     handle = offset:varint size:varint                       of a block's content
 *
 * The index has the handles of the blocks of entries, each under a key that lies behind them and before the next; the
 * metaindex that of the filter.
 */

import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import crc32c from 'crc-32/crc32c.js';
import { ByteReader, MalformedBytes } from '../core/byte-reader.ts';
import { ascends, entriesOf, unpackBlock } from './level-block.ts';

const TABLE = /\.(?:ldb|sst)$/u;
const FOOTER_BYTES = 48;
const MAGIC = Buffer.from('57fb808b247547db', 'hex');
const TRAILER_BYTES = 5;
/** Of no kind of block. */
const NO_TYPE = 0xff;
const MASK = 0xa282ead8;

/** Bytes looked at in one go, while others wait. */
const PIECE_BYTES = 2 ** 20;

interface Handle {
  readonly offset: number;
  readonly size: number;
}

/** A block of entries, with the key that the index has for it. */
interface Indexed {
  readonly handle: Handle;
  readonly upTo: Uint8Array;
}

interface Layout {
  readonly blocks: readonly Indexed[];
  /** The metaindex, and what it names. */
  readonly others: readonly Handle[];
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
      await markIn(file, onPiece);
    } finally {
      await file.close();
    }
  }
}

async function markIn(file: FileHandle, onPiece: () => void): Promise<void> {
  const bytes = await file.readFile().catch(() => undefined);
  // One that is still being written has no footer yet.
  if (bytes === undefined || !bytes.subarray(-MAGIC.length).equals(MAGIC)) return;
  const layout = layoutOf(bytes);
  if (layout === undefined) return mark(file, bytes.length - 1, 0);
  for (const handle of layout.others) if (!isSound(bytes, handle)) await mark(file, endOf(handle), NO_TYPE);
  let before: Uint8Array | undefined;
  let seen = 0;
  for (const block of layout.blocks) {
    const { handle, upTo } = block;
    if (!isSound(bytes, handle) && !isOrderly(bytes, block, before)) await mark(file, endOf(handle), NO_TYPE);
    before = upTo;
    seen += handle.size;
    if (seen < PIECE_BYTES) continue;
    seen = 0;
    onPiece();
    await turn();
  }
}

/** Best effort: on a disk that takes no write LevelDB writes no table either. */
async function mark(file: FileHandle, at: number, byte: number): Promise<void> {
  await file.write(Uint8Array.of(byte), 0, 1, at).catch(() => undefined);
  await file.datasync().catch(() => undefined);
}

/** `undefined` where the index cannot be read. */
function layoutOf(bytes: Uint8Array): Layout | undefined {
  try {
    const footer = new ByteReader(bytes.subarray(-FOOTER_BYTES));
    const metaindex = readHandle(footer, bytes);
    const index = readHandle(footer, bytes);
    if (!isSound(bytes, index)) return undefined;
    const blocks = handlesIn(bytes, index);
    const filters = isSound(bytes, metaindex) ? handlesIn(bytes, metaindex) : [];
    return { blocks, others: [metaindex, ...filters.map(({ handle }) => handle)] };
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error;
    return undefined;
  }
}

function handlesIn(bytes: Uint8Array, block: Handle): Indexed[] {
  return [...entriesOf(contentOf(bytes, block))].map(({ key, value }) => ({
    handle: readHandle(new ByteReader(value), bytes),
    upTo: key,
  }));
}

/** Whether LevelDB can go through all of it. */
function isOrderly(bytes: Uint8Array, { handle, upTo }: Indexed, before: Uint8Array | undefined): boolean {
  try {
    let last = before;
    for (const { key } of entriesOf(contentOf(bytes, handle))) {
      if (last !== undefined && !ascends(last, key)) return false;
      last = key;
    }
    return last === undefined || last === before || !ascends(upTo, last);
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error;
    return false;
  }
}

function contentOf(bytes: Uint8Array, handle: Handle): Uint8Array {
  return unpackBlock(bytes.subarray(handle.offset, endOf(handle)), bytes[endOf(handle)]);
}

function readHandle(reader: ByteReader, bytes: Uint8Array): Handle {
  const handle = { offset: reader.varint(), size: reader.varint() };
  if (endOf(handle) + TRAILER_BYTES > bytes.length - FOOTER_BYTES)
    throw new MalformedBytes('a block beyond the end');
  return handle;
}

/** Where its type is. */
function endOf({ offset, size }: Handle): number {
  return offset + size;
}

function isSound(bytes: Uint8Array, handle: Handle): boolean {
  const end = endOf(handle);
  const crc = crc32c.buf(bytes.subarray(handle.offset, end + 1));
  const masked = (((crc >>> 15) | (crc << 17)) + MASK) >>> 0;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(end + 1, true) === masked;
}
