import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Actor } from '../../src/core/actor.ts';
import { assert } from '../../src/core/assert.ts';
import type { Version } from '../../src/core/version.ts';
import type { WriteOperation } from '../../src/ports/ordered-store.ts';
import { CHECKSUM_BYTES, seal } from '../../src/storage/checksum.ts';
import { RecordWriter } from '../../src/storage/record-writer.ts';

/** More than the largest block. */
const BYTES_MAX = 70_000;

test('records are those that are sealed one by one, in their order, however long they are', () => {
  const bytes = (max: number): fc.Arbitrary<Uint8Array> =>
    fc.oneof({ weight: 20, arbitrary: fc.uint8Array({ maxLength: 300 }) }, fc.nat({ max }).map(filled));
  const step = fc.record({ key: bytes(2000), content: bytes(BYTES_MAX), isApart: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const records = new RecordWriter();
      const expected: WriteOperation[] = [];
      for (const { key, content, isApart } of steps) {
        expected.push(isApart ? { type: 'del', key } : { type: 'put', key, value: seal(key, content) });
        if (isApart) {
          records.push({ type: 'del', key });
          continue;
        }
        const writer = records.begin(key.length + content.length);
        writer.raw(key);
        records.endKey();
        writer.raw(content);
        records.end();
      }
      expect(records.operations()).toEqual(expected);
      expect(records.count).toBe(expected.length);
    }),
  );
});

test('records lie in blocks of 512 bytes, and each of twice as many, up to 64 KiB', () => {
  expect(runsOf(recordsOf(100, 2000))).toEqual([5, 10, 20, 40, 81, 163, 327, 655, 655, 44]);
  // What fits to the byte, and what is three bytes too long with its checksum.
  expect(runsOf(recordsOf(128, 4))).toEqual([4]);
  expect(runsOf(recordsOf(103, 5))).toEqual([4, 1]);
});

test('a record that is longer than a block has memory of its length, whatever it is of', () => {
  const key = filled(70_000);
  const version = 7 as Version;
  const records = new RecordWriter();
  const entry = { key, actor: '' as Actor, version, first: version, last: version };
  records.entry(1, { ...entry, value: filled(4000), tombstone: false, expiresAt: undefined });
  records.singleDot(1, { version, key });
  const bytes = records.operations().map((operation) => operation.key.buffer.byteLength);
  expect(bytes).toEqual([1 + key.length + 50 + 4000 + CHECKSUM_BYTES, 32 + key.length + CHECKSUM_BYTES]);
});

/** How many records in a row lie one behind the other, nothing between them. */
function runsOf(operations: readonly WriteOperation[]): number[] {
  const runs: number[] = [];
  let end: number | undefined;
  for (const operation of operations) {
    assert(operation.type === 'put', 'only records are written');
    const { key, value } = operation;
    expect([value.buffer === key.buffer, value.byteOffset]).toEqual([true, key.byteOffset + key.length]);
    if (key.byteOffset === end) runs.push((runs.pop() ?? 0) + 1);
    else runs.push(1);
    end = value.byteOffset + value.length;
  }
  return runs;
}

/** Records of so many bytes, their checksums among them. */
function recordsOf(bytes: number, count: number): WriteOperation[] {
  const records = new RecordWriter();
  for (let at = 0; at < count; at++) {
    const writer = records.begin(bytes - CHECKSUM_BYTES);
    writer.raw(filled(10));
    records.endKey();
    writer.raw(filled(bytes - CHECKSUM_BYTES - 10));
    records.end();
  }
  return records.operations();
}

function filled(length: number): Uint8Array {
  return new Uint8Array(length).fill(length);
}
