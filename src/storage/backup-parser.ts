/** Reads the file of a backup as it comes in, and checks all of its marks. */

import { crc32 } from 'node:zlib';
import { isNodeId } from '../core/actor.ts';
import { ByteReader, MalformedBytes } from '../core/byte-reader.ts';
import { byteString, compareBytes, equalBytes, readUint32 } from '../core/bytes.ts';
import { BoatoError, isErrorCode } from '../core/errors.ts';
import type { Hash64 } from '../ports/hash64.ts';
import type { StoredRecord } from '../ports/ordered-store.ts';
import {
  BACKUP_FORMAT_VERSION,
  BACKUP_MAGIC,
  type BackupHead,
  BLOCK_BYTES_MAX,
  BLOCK_HEAD_BYTES,
  BLOCK_TAIL_BYTES,
  END_BLOCK,
  FAILURE_BLOCK,
  HEADER_BLOCK,
  RECORDS_BLOCK,
} from './backup-format.ts';
import { ByteQueue } from './byte-queue.ts';
import { unseal } from './checksum.ts';
import { isCleanMarker } from './clean-stop.ts';
import { isDamage } from './damage.ts';
import { isBackedUp } from './keyspace.ts';
import { FORMAT_VERSION } from './meta-record.ts';

const decoder = new TextDecoder();

export class BackupParser {
  readonly #hash64: Hash64;
  readonly #queue = new ByteQueue();
  #state: 'magic' | 'header' | 'records' | 'ended' = 'magic';
  #hash = 0n;
  #lastKey: Uint8Array = new Uint8Array(0);
  #head: BackupHead | undefined;
  /** So far. */
  records = 0;
  bytes = 0;

  constructor(hash64: Hash64) {
    this.#hash64 = hash64;
  }

  /** Known once its block has come. */
  get head(): BackupHead | undefined {
    return this.#head;
  }

  /**
   * The records that are complete with this chunk, one list for each block. They may share memory with it. Fails with
   * `BACKUP_INVALID`, `FORMAT_UNSUPPORTED`, or what made the backup fail.
   */
  *push(chunk: Uint8Array): Generator<readonly StoredRecord[], void, undefined> {
    this.#queue.push(chunk);
    this.bytes += chunk.length;
    try {
      if (this.#state === 'magic') this.#readMagic();
      for (;;) {
        const block = this.#state === 'magic' ? undefined : this.#takeBlock();
        if (block === undefined) return;
        const records = this.#read(block[0], block[1]);
        if (records.length > 0) yield records;
      }
    } catch (error) {
      if (error instanceof MalformedBytes) throw invalid(error.message, error);
      throw error;
    }
  }

  /** Nothing more comes. Fails with `BACKUP_INVALID` if that is too early. */
  end(): BackupHead {
    if (this.#state === 'magic') throw invalid('it is no backup, or cut off');
    if (this.#state !== 'ended' || this.#head === undefined) throw invalid('it is cut off');
    return this.#head;
  }

  #readMagic(): void {
    const magic = this.#queue.peek(BACKUP_MAGIC.length);
    if (magic === undefined) return;
    if (!equalBytes(magic, BACKUP_MAGIC)) throw invalid('it is no backup');
    const [version] = this.#queue.peek(BACKUP_MAGIC.length + 1)?.subarray(-1) ?? [];
    if (version === undefined) return;
    if (version !== BACKUP_FORMAT_VERSION) throw unsupported(version, BACKUP_FORMAT_VERSION);
    this.#queue.take(BACKUP_MAGIC.length + 1);
    this.#state = 'header';
  }

  #takeBlock(): readonly [type: number, body: Uint8Array] | undefined {
    const head = this.#queue.peek(BLOCK_HEAD_BYTES);
    if (this.#state === 'ended' && this.#queue.length > 0)
      throw new MalformedBytes('something follows its end');
    if (head === undefined) return undefined;
    const length = readUint32(head, 1);
    if (length > BLOCK_BYTES_MAX) throw new MalformedBytes('a block is too long');
    const end = BLOCK_HEAD_BYTES + length;
    const block = this.#queue.take(end + BLOCK_TAIL_BYTES);
    if (block === undefined) return undefined;
    if (readUint32(block, end) !== crc32(block.subarray(0, end)))
      throw new MalformedBytes('a block does not match its checksum');
    return [block[0] as number, block.subarray(BLOCK_HEAD_BYTES, end)];
  }

  #read(type: number, body: Uint8Array): readonly StoredRecord[] {
    if (type === FAILURE_BLOCK) throw readFailure(body);
    if (type === END_BLOCK && this.#state === 'records') {
      this.#readEnd(body);
      return [];
    }
    const expected = this.#state === 'header' ? HEADER_BLOCK : RECORDS_BLOCK;
    if (type !== expected) throw new MalformedBytes('a block is out of its place');
    this.#hash = this.#hash64(body, this.#hash);
    if (type === RECORDS_BLOCK) return this.#readRecords(body);
    this.#head = readHead(body);
    this.#state = 'records';
    return [];
  }

  #readRecords(body: Uint8Array): readonly StoredRecord[] {
    const reader = new ByteReader(body);
    const records: StoredRecord[] = [];
    while (reader.left > 0) {
      const key = reader.lengthPrefixed();
      const record = reader.lengthPrefixed();
      if (!isBackedUp(key) || isCleanMarker(key)) throw new MalformedBytes('a record is none of a backup');
      if (compareBytes(this.#lastKey, key) >= 0) throw new MalformedBytes('records are out of order');
      checkRecord(key, record);
      records.push([key, record]);
      this.#lastKey = key;
    }
    this.records += records.length;
    return records;
  }

  #readEnd(body: Uint8Array): void {
    const reader = new ByteReader(body);
    const count = reader.varint();
    const hash = reader.bigUint64();
    reader.end();
    if (count !== this.records || hash !== this.#hash) throw new MalformedBytes('records are missing');
    this.#state = 'ended';
  }
}

function checkRecord(key: Uint8Array, record: Uint8Array): void {
  try {
    unseal(key, record);
  } catch (error) {
    throw isDamage(error) ? invalid('a record does not match its checksum', error) : error;
  }
}

function readHead(body: Uint8Array): BackupHead {
  const reader = new ByteReader(body);
  const formatVersion = reader.varint();
  if (formatVersion !== FORMAT_VERSION) throw unsupported(formatVersion, FORMAT_VERSION);
  const nodeId = byteString(reader.lengthPrefixed());
  const clusterId = byteString(reader.lengthPrefixed());
  const takenAtMs = reader.uint64();
  const checked = reader.byte();
  reader.end();
  if (checked > 1) throw new MalformedBytes('it is neither checked nor unchecked');
  if (!isNodeId(nodeId) || !isNodeId(clusterId)) throw new MalformedBytes('a malformed name');
  return { formatVersion, nodeId, clusterId, takenAtMs, isChecked: checked === 1 };
}

function readFailure(body: Uint8Array): BoatoError {
  const reader = new ByteReader(body);
  const code = byteString(reader.lengthPrefixed());
  const message = decoder.decode(reader.lengthPrefixed());
  reader.end();
  // Of a later version, or changed on its way.
  return isErrorCode(code)
    ? new BoatoError(code, message)
    : invalid(`making it failed (${JSON.stringify(code)}): ${message}`);
}

/** `why`: the end of "The backup cannot be used: …". */
export function invalid(why: string, cause?: unknown): BoatoError {
  return new BoatoError('BACKUP_INVALID', `The backup cannot be used: ${why}.`, { cause });
}

function unsupported(found: number, known: number): BoatoError {
  return new BoatoError(
    'FORMAT_UNSUPPORTED',
    `The backup has format ${found}, and this version of Boato reads format ${known}: use the version that wrote it.`,
  );
}
