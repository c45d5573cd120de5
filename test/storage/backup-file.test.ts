/** Files of backups that no node wrote, though each of their checksums is right. */

import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { ByteWriter } from '../../src/core/byte-writer.ts';
import type { NodeId } from '../../src/core/actor.ts';
import type { StoredRecord } from '../../src/ports/ordered-store.ts';
import {
  BACKUP_FORMAT_VERSION,
  BACKUP_MAGIC,
  type BackupHead,
  BackupWriter,
  BLOCK_BYTES_MAX,
  END_BLOCK,
  FAILURE_BLOCK,
  HEADER_BLOCK,
  RECORDS_BLOCK,
} from '../../src/storage/backup-format.ts';
import { BackupParser } from '../../src/storage/backup-parser.ts';
import { seal } from '../../src/storage/checksum.ts';
import { cloudKey, entryKey, metaKey, progressKey, sessionKey } from '../../src/storage/keyspace.ts';
import { encodeIdentity, FORMAT_VERSION } from '../../src/storage/meta-record.ts';
import { type Restored, restoreRecords } from '../../src/storage/restore.ts';
import { forgetfulStore } from '../support/forgetful-store.ts';
import { hash64, utf8 } from '../support/replica-fixture.ts';

const HEAD: BackupHead = {
  formatVersion: FORMAT_VERSION,
  nodeId: 'a' as NodeId,
  clusterId: 'test',
  takenAtMs: 1_790_000_000_000,
  isChecked: true,
};
const IDENTITY = metaKey('identity');
const MAGIC = Uint8Array.of(...BACKUP_MAGIC, BACKUP_FORMAT_VERSION);

function sealed(key: Uint8Array, content: Uint8Array = new Uint8Array(0)): StoredRecord {
  return [key, seal(key, content)];
}

const OWN = sealed(IDENTITY, encodeIdentity(HEAD));
const RECORDS = [OWN, sealed(cloudKey(0, 7)), sealed(entryKey(utf8('k')))];

function fileOf(records: readonly StoredRecord[], head: BackupHead = HEAD): Uint8Array {
  const writer = new BackupWriter(hash64);
  const pieces = [writer.begin(head)];
  for (const record of records) pieces.push(writer.add(record) ?? new Uint8Array(0));
  return joined(...pieces, writer.end());
}

function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}

function block(type: number, write: (body: ByteWriter) => void): Uint8Array {
  const body = new ByteWriter();
  write(body);
  const writer = new ByteWriter();
  writer.byte(type);
  writer.uint32(body.length);
  writer.raw(body.finish());
  writer.uint32(crc32(writer.finish()));
  return writer.finish();
}

function header(changes: Partial<BackupHead> & { readonly checked?: number }): Uint8Array {
  const { formatVersion, nodeId, clusterId, takenAtMs, checked } = { ...HEAD, checked: 1, ...changes };
  return block(HEADER_BLOCK, (body) => {
    body.varint(formatVersion);
    body.asciiPrefixed(nodeId);
    body.asciiPrefixed(clusterId);
    body.uint64(takenAtMs);
    body.byte(checked);
  });
}

function end(records: number, hash: bigint): Uint8Array {
  return block(END_BLOCK, (body) => {
    body.varint(records);
    body.bigUint64(hash);
  });
}

/** Of an end after no more than the header. */
const hashOf = (head: Uint8Array): bigint => hash64(head.subarray(5, -4), 0n);

async function* inOneChunk(file: Uint8Array): AsyncGenerator<Uint8Array> {
  yield file;
}

async function restore(file: Uint8Array): Promise<Restored> {
  return restoreRecords(await new MemoryDisk().open(), inOneChunk(file), hash64);
}

/** A record of so many bytes of a file, up to 16 KiB. */
function recordOf(bytes: number): StoredRecord {
  // Each length is two bytes.
  return [new Uint8Array(200), new Uint8Array(bytes - 204)];
}

describe('a block of records', () => {
  test('ends as soon as it has 256 KiB, and nothing follows it but the next record', () => {
    for (const [last, isFull] of [
      [2 ** 14 - 1, false],
      [2 ** 14, true],
    ] as const) {
      const writer = new BackupWriter(hash64);
      writer.begin(HEAD);
      for (let count = 1; count < 16; count++) expect(writer.add(recordOf(2 ** 14))).toBeUndefined();
      const full = writer.add(recordOf(last));
      expect(full?.length).toBe(isFull ? 5 + 2 ** 18 + 4 : undefined);
      expect(writer.end()[0]).toBe(isFull ? END_BLOCK : RECORDS_BLOCK);
    }
  });
});

describe('a backup', () => {
  test('that is as it should be is restored', async () => {
    const file = fileOf(RECORDS);
    expect(await restore(file)).toEqual({
      nodeId: 'a',
      clusterId: 'test',
      takenAtMs: HEAD.takenAtMs,
      records: 3,
      bytes: file.length,
    });
  });

  test.each<[string, Uint8Array, string]>([
    ['a session in which its node pulled', fileOf([OWN, sealed(sessionKey('b'))]), 'none of a backup'],
    ['how far it pulled', fileOf([OWN, sealed(progressKey('b'))]), 'none of a backup'],
    ['the mark of a clean stop', fileOf([sealed(metaKey('clean')), ...RECORDS]), 'none of a backup'],
    ['a record of no key space', fileOf([...RECORDS, sealed(Uint8Array.of(0x77))]), 'none of a backup'],
    ['a record twice', fileOf([OWN, OWN]), 'out of order'],
    ['records that do not ascend', fileOf(RECORDS.toReversed()), 'out of order'],
    ['a record that is not what was stored', fileOf([[IDENTITY, OWN[1].slice(1)]]), 'match its checksum'],
    ['a mark that is neither yes nor no', joined(MAGIC, header({ checked: 2 })), 'neither checked'],
    ['a malformed name', joined(MAGIC, header({ nodeId: 'a b' as NodeId })), 'a malformed name'],
    ['a malformed cluster', joined(MAGIC, header({ clusterId: 'a b' })), 'a malformed name'],
    ['two headers', joined(MAGIC, header({}), header({})), 'out of its place'],
    [
      'no header',
      joined(
        MAGIC,
        block(RECORDS_BLOCK, () => {}),
      ),
      'out of its place',
    ],
    ['an end for a header', joined(MAGIC, end(0, 0n)), 'out of its place'],
    [
      'a block of another kind',
      joined(
        MAGIC,
        header({}),
        block(9, () => {}),
      ),
      'out of its place',
    ],
    ['fewer records than it counts', joined(MAGIC, header({}), end(1, hashOf(header({})))), 'are missing'],
    ['other records than it had', joined(MAGIC, header({}), end(0, 1n)), 'are missing'],
    ['another node', fileOf(RECORDS, { ...HEAD, nodeId: 'b' as NodeId }), 'belong to another node'],
    ['another cluster', fileOf(RECORDS, { ...HEAD, clusterId: 'other' }), 'belong to another node'],
    ['nobody', fileOf(RECORDS.slice(1)), 'belong to another node'],
    ['who knows whom', fileOf([sealed(IDENTITY, utf8('?'))]), 'belong to another node'],
    ['somebody in bytes that make no sense', fileOf([sealed(IDENTITY)]), 'does not say whose it is'],
  ])('of %s is refused', async (_, file, why) => {
    await expect(restore(file)).rejects.toMatchObject({
      code: 'BACKUP_INVALID',
      message: expect.stringContaining(why),
    });
  });

  test('of another layout is refused as that', async () => {
    await expect(restore(joined(MAGIC, header({ formatVersion: FORMAT_VERSION + 1 })))).rejects.toMatchObject(
      {
        code: 'FORMAT_UNSUPPORTED',
        message: expect.stringContaining(`format ${FORMAT_VERSION + 1}`),
      },
    );
  });

  test('that failed for a reason that is not known here says it all the same', async () => {
    const failed = block(FAILURE_BLOCK, (body) => {
      body.asciiPrefixed('OF_LATER');
      body.lengthPrefixed(utf8('It was night.'));
    });
    await expect(restore(joined(MAGIC, header({}), failed))).rejects.toMatchObject({
      code: 'BACKUP_INVALID',
      message: expect.stringContaining('("OF_LATER"): It was night.'),
    });
  });

  test('opens as after a clean stop if its entries had been checked, and only then', async () => {
    for (const isChecked of [true, false]) {
      const store = await new MemoryDisk().open();
      await restoreRecords(store, inOneChunk(fileOf(RECORDS, { ...HEAD, isChecked })), hash64);
      expect((await store.get(metaKey('clean'))) !== undefined).toBe(isChecked);
    }
  });

  test('is on disk when it is restored', async () => {
    const store = await forgetfulStore();
    await restoreRecords(store, inOneChunk(fileOf(RECORDS)), hash64);
    const disk = await (await store.afterPowerLoss(store.batches, () => false)).open();
    for (const [key, record] of RECORDS) expect(await disk.get(key)).toEqual(record);
    expect(await disk.get(metaKey('clean'))).toBeDefined();
  });

  test('of which a block is longer than any is refused before the block has come', () => {
    for (const [over, why] of [
      [0, 'it is cut off'],
      [1, 'a block is too long'],
    ] as const) {
      const parser = new BackupParser(hash64);
      const begun = new ByteWriter();
      begun.byte(HEADER_BLOCK);
      begun.uint32(BLOCK_BYTES_MAX + over);
      expect(() => {
        for (const _ of parser.push(joined(MAGIC, begun.finish()))) expect.fail('no records have come');
        parser.end();
      }).toThrow(why);
    }
  });

  test('says what is wrong with its first bytes as soon as it can be told', () => {
    for (const [bytes, why] of [
      [BACKUP_MAGIC.subarray(0, 7), 'it is no backup, or cut off'],
      [BACKUP_MAGIC, 'it is no backup, or cut off'],
      [utf8('boato-bq'), 'it is no backup'],
      [MAGIC, 'it is cut off'],
    ] as const) {
      const parser = new BackupParser(hash64);
      expect(() => {
        for (const _ of parser.push(bytes)) expect.fail('no records have come');
        parser.end();
      }).toThrow(new RegExp(`: ${why}\\.$`, 'u'));
    }
  });
});
