import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader } from '../../src/core/byte-reader.ts';
import { ByteWriter } from '../../src/core/byte-writer.ts';
import { HASH_MAX, hex, unhex } from '../support/codec-arbitraries.ts';

function writtenBy(work: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter();
  work(writer);
  return hex(writer.finish());
}

describe('a byte writer', () => {
  test('writes fixed numbers high byte first', () => {
    expect(writtenBy((writer) => writer.byte(0xfe))).toBe('fe');
    expect(writtenBy((writer) => writer.uint32(0x8102_0304))).toBe('81020304');
    expect(writtenBy((writer) => writer.uint64(2 ** 53 - 1))).toBe('001fffffffffffff');
    expect(writtenBy((writer) => writer.bigUint64(0x8102_0304_0506_0708n))).toBe('8102030405060708');
    expect(writtenBy((writer) => writer.bigUint64(HASH_MAX))).toBe('ffffffffffffffff');
  });

  test.each([
    [0, '00'],
    [1, '01'],
    [127, '7f'],
    [128, '8001'],
    [300, 'ac02'],
    [2 ** 14 - 1, 'ff7f'],
    [2 ** 14, '808001'],
    [2 ** 31, '8080808008'],
    [2 ** 32, '8080808010'],
    [2 ** 49 - 1, 'ffffffffffff7f'],
    [2 ** 49, '8080808080808001'],
    [2 ** 53 - 1, 'ffffffffffffff0f'],
  ])('writes %d in as few bytes as it takes', (value, bytes) => {
    expect(writtenBy((writer) => writer.varint(value))).toBe(bytes);
    expect(new ByteReader(unhex(bytes)).varint()).toBe(value);
  });

  test('writes bytes as they are, and after their length', () => {
    expect(writtenBy((writer) => writer.raw(unhex('0102')))).toBe('0102');
    expect(writtenBy((writer) => writer.lengthPrefixed(unhex('0102')))).toBe('020102');
    expect(writtenBy((writer) => writer.lengthPrefixed(new Uint8Array(0)))).toBe('00');
    const prefixed = writtenBy((writer) => writer.lengthPrefixed(new Uint8Array(128)));
    expect(prefixed).toBe(`8001${'00'.repeat(128)}`);
  });

  test('copies what it writes: later changes do not reach it', () => {
    const writer = new ByteWriter();
    const bytes = unhex('0102');
    writer.raw(bytes);
    bytes.fill(0xff);
    expect(hex(writer.finish())).toBe('0102');
  });

  test('of nothing has written nothing', () => {
    expect(new ByteWriter().finish()).toHaveLength(0);
    expect(new ByteWriter(0).finish()).toHaveLength(0);
  });
});

type Kind = 'byte' | 'uint32' | 'uint64' | 'bigUint64' | 'varint' | 'raw' | 'lengthPrefixed';
type Item = { readonly kind: Kind; readonly number: number; readonly bytes: Uint8Array };

const items: fc.Arbitrary<Item[]> = fc.array(
  fc.record({
    kind: fc.constantFrom<Kind[]>('byte', 'uint32', 'uint64', 'bigUint64', 'varint', 'raw', 'lengthPrefixed'),
    number: fc.oneof(fc.maxSafeNat(), fc.nat({ max: 300 })),
    bytes: fc.uint8Array({ maxLength: 300 }),
  }),
  { maxLength: 30 },
);

function write(writer: ByteWriter, { kind, number, bytes }: Item): void {
  switch (kind) {
    case 'byte':
      return writer.byte(number % 256);
    case 'uint32':
      return writer.uint32(number % 2 ** 32);
    case 'uint64':
      return writer.uint64(number);
    case 'bigUint64':
      return writer.bigUint64(largeOf(number));
    case 'varint':
      return writer.varint(number);
    case 'raw':
      return writer.raw(bytes);
    case 'lengthPrefixed':
      return writer.lengthPrefixed(bytes);
  }
}

/** What was written of an item, and what is read where it stands. */
function compare(reader: ByteReader, { kind, number, bytes }: Item): { written: unknown; read: unknown } {
  switch (kind) {
    case 'byte':
      return { written: number % 256, read: reader.byte() };
    case 'uint32':
      return { written: number % 2 ** 32, read: reader.uint32() };
    case 'uint64':
      return { written: number, read: reader.uint64() };
    case 'bigUint64':
      return { written: largeOf(number), read: reader.bigUint64() };
    case 'varint':
      return { written: number, read: reader.varint() };
    case 'raw':
      return { written: hex(bytes), read: hex(reader.raw(bytes.length)) };
    case 'lengthPrefixed':
      return { written: hex(bytes), read: hex(reader.lengthPrefixed()) };
  }
}

/** Of all 64 bits. */
function largeOf(number: number): bigint {
  return BigInt(number) * 2048n + 7n;
}

test('what is written is read again, item by item, however small the writer began', () => {
  fc.assert(
    fc.property(items, fc.constantFrom(0, 1, 7, 256), (some, capacity) => {
      const writer = new ByteWriter(capacity);
      for (const item of some) write(writer, item);
      const { length } = writer;
      const bytes = writer.finish();
      expect(bytes).toHaveLength(length);
      const reader = new ByteReader(bytes);
      for (const item of some) {
        const { written, read } = compare(reader, item);
        expect(read).toBe(written);
      }
      reader.end();
    }),
  );
});

test('what is written does not depend on the capacity at the start', () => {
  fc.assert(
    fc.property(items, (some) => {
      const [small, large] = [new ByteWriter(0), new ByteWriter(2 ** 16)];
      for (const item of some) {
        write(small, item);
        write(large, item);
      }
      expect(hex(small.finish())).toBe(hex(large.finish()));
    }),
  );
});
