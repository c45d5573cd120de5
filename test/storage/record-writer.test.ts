import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WriteOperation } from '../../src/ports/ordered-store.ts';
import { seal } from '../../src/storage/checksum.ts';
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

function filled(length: number): Uint8Array {
  return new Uint8Array(length).fill(length);
}
