/** Files of backups, which may come from anywhere. */

import { crc32 } from 'node:zlib';
import { createHash64 } from '../../../src/adapters/xxhash.ts';
import { ByteReader, MalformedBytes } from '../../../src/core/byte-reader.ts';
import { ByteWriter } from '../../../src/core/byte-writer.ts';
import { readUint32 } from '../../../src/core/bytes.ts';
import { ERROR_CODES } from '../../../src/core/errors.ts';
import type { StoredRecord } from '../../../src/ports/ordered-store.ts';
import {
  BACKUP_MAGIC,
  type BackupHead,
  BackupWriter,
  BLOCK_HEAD_BYTES,
  BLOCK_TAIL_BYTES,
  END_BLOCK,
  failureBlock,
  RECORDS_BLOCK,
} from '../../../src/storage/backup-format.ts';
import { BackupParser } from '../../../src/storage/backup-parser.ts';
import { seal } from '../../../src/storage/checksum.ts';
import { encodeEntry } from '../../../src/storage/entry-record.ts';
import { entryKey, metaKey } from '../../../src/storage/keyspace.ts';
import { encodeIdentity, FORMAT_VERSION } from '../../../src/storage/meta-record.ts';
import { ENTRIES, NODE } from '../samples.ts';
import { checkRoundTrip, failsWith, type Target } from '../target.ts';

const hash64 = await createHash64();
const HEAD: BackupHead = {
  formatVersion: FORMAT_VERSION,
  nodeId: NODE,
  clusterId: 'cluster',
  takenAtMs: 1_790_000_000_000,
  isChecked: true,
};

interface Backup {
  readonly head: BackupHead;
  readonly records: readonly StoredRecord[];
}

export const backup: Target = {
  run: (input) =>
    // What made a backup fail has a code of its own.
    void checkRoundTrip(input, { decode: parse, encode: write, refuses: failsWith(...ERROR_CODES) }),
  seeds: () => {
    const whole = write({ head: HEAD, records: RECORDS });
    const failed = failureBlock({ code: 'STORE_CLOSED', message: 'The node is stopping.' });
    const begun = new BackupWriter(hash64).begin(HEAD);
    return { whole, empty: write({ head: HEAD, records: [] }), failed: Uint8Array.of(...begun, ...failed) };
  },
  mend,
};

const RECORDS: readonly StoredRecord[] = [
  sealed(metaKey('identity'), encodeIdentity(HEAD)),
  ...['a', 'b', 'long'.repeat(30)].map((key) =>
    sealed(entryKey(Buffer.from(key)), encodeEntry(1, ENTRIES[0] as (typeof ENTRIES)[number])),
  ),
];

function sealed(key: Uint8Array, content: Uint8Array): StoredRecord {
  return [key, seal(key, content)];
}

/** In pieces of 1,000 bytes. */
function parse(bytes: Uint8Array): Backup {
  const parser = new BackupParser(hash64);
  const records: StoredRecord[] = [];
  for (let at = 0; at < bytes.length; at += 1000)
    for (const some of parser.push(bytes.subarray(at, at + 1000))) records.push(...some);
  return { head: parser.end(), records };
}

function write({ head, records }: Backup): Uint8Array {
  const writer = new BackupWriter(hash64);
  const pieces = [writer.begin(head)];
  for (const record of records) pieces.push(writer.add(record) ?? new Uint8Array(0));
  return new Uint8Array(Buffer.concat([...pieces, writer.end()]));
}

/** The checksums of records, of blocks, and the hash and the count of the end. */
function mend(input: Uint8Array): Uint8Array {
  const start = BACKUP_MAGIC.length + 1;
  const out = new ByteWriter(input.length + 64);
  out.raw(input.subarray(0, start));
  let hash = 0n;
  let count = 0;
  let at = start;
  while (at + BLOCK_HEAD_BYTES <= input.length) {
    const length = readUint32(input, at + 1);
    const bodyAt = at + BLOCK_HEAD_BYTES;
    if (bodyAt + length + BLOCK_TAIL_BYTES > input.length) break;
    const type = input[at] as number;
    let body = input.subarray(bodyAt, bodyAt + length);
    if (type === RECORDS_BLOCK) [body, count] = resealed(body, count);
    if (type === END_BLOCK) body = endOf(count, hash);
    else hash = hash64(body, hash);
    const block = new ByteWriter(body.length + 16);
    block.byte(type);
    block.uint32(body.length);
    block.raw(body);
    out.raw(block.finish());
    out.uint32(crc32(block.finish()));
    at = bodyAt + length + BLOCK_TAIL_BYTES;
  }
  out.raw(input.subarray(Math.min(at, input.length)));
  return out.finish();
}

function resealed(body: Uint8Array, before: number): [Uint8Array, number] {
  const reader = new ByteReader(body);
  const out = new ByteWriter(body.length + 64);
  let count = before;
  try {
    while (reader.left > 0) {
      const key = reader.lengthPrefixed();
      const record = reader.lengthPrefixed();
      out.lengthPrefixed(key);
      out.lengthPrefixed(seal(key, record.subarray(0, Math.max(0, record.length - 4))));
      count++;
    }
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error;
    return [body, count];
  }
  return [out.finish(), count];
}

function endOf(count: number, hash: bigint): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(count);
  writer.bigUint64(hash);
  return writer.finish();
}
