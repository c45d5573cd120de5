import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, MalformedBytes } from '../../src/core/byte-reader.ts';
import { ByteWriter } from '../../src/core/byte-writer.ts';
import { attempt, HASH_MAX, hex, unhex } from '../support/codec-arbitraries.ts';

const readerOf = (bytes: string): ByteReader => new ByteReader(unhex(bytes));

describe('a byte reader', () => {
  test('reads one thing after the other, and knows what is left', () => {
    const reader = readerOf('01 00000002 0000000000000003 8001 0203');
    expect(reader.left).toBe(17);
    expect(reader.byte()).toBe(1);
    expect(reader.uint32()).toBe(2);
    expect(reader.uint64()).toBe(3);
    expect(reader.varint()).toBe(128);
    expect(reader.left).toBe(2);
    expect(hex(reader.raw(2))).toBe('0203');
    expect(reader.left).toBe(0);
    reader.end();
  });

  test('reads all 64 bits of a hash', () => {
    expect(readerOf('ffffffffffffffff').bigUint64()).toBe(HASH_MAX);
    expect(readerOf('8000000000000001').bigUint64()).toBe(0x8000_0000_0000_0001n);
  });

  test('reads a part of larger memory, and not a byte beyond it', () => {
    const reader = new ByteReader(unhex('ff 0000000a ff').subarray(1, 5));
    expect(reader.uint32()).toBe(10);
    expect(reader.left).toBe(0);
    expect(() => reader.byte()).toThrow(MalformedBytes);
  });

  test('shares memory with the bytes that it gives out', () => {
    const bytes = unhex('010203');
    const reader = new ByteReader(bytes);
    const raw = reader.raw(2);
    bytes[1] = 9;
    expect(hex(raw)).toBe('0109');
  });

  test('copies bytes to where they are wanted, and not a byte beyond them', () => {
    const reader = readerOf('010203');
    const into = new Uint8Array(4);
    reader.copy(2, into, 1);
    expect(hex(into)).toBe('00010200');
    expect(reader.left).toBe(1);
    expect(() => reader.copy(2, into, 0)).toThrow(MalformedBytes);
    expect(hex(into)).toBe('00010200');
  });

  test('gives out no bytes where none are asked for, at the end too', () => {
    const reader = readerOf('00');
    expect(reader.lengthPrefixed()).toHaveLength(0);
    expect(reader.raw(0)).toHaveLength(0);
    reader.end();
  });

  test.each<[string, string, (reader: ByteReader) => unknown]>([
    ['a byte', '', (reader) => reader.byte()],
    ['a number of 32 bits', '000000', (reader) => reader.uint32()],
    ['a number of 64 bits', '00000000000000', (reader) => reader.uint64()],
    ['a hash', '00000000000000', (reader) => reader.bigUint64()],
    ['a short number', '', (reader) => reader.varint()],
    ['the rest of a short number', '80', (reader) => reader.varint()],
    ['bytes', '00', (reader) => reader.raw(2)],
    ['bytes after their length', '0200', (reader) => reader.lengthPrefixed()],
    ['bytes after a huge length', 'ffffffffffffff0f00', (reader) => reader.lengthPrefixed()],
  ])('refuses to read %s past the end', (_, bytes, read) => {
    expect(() => read(readerOf(bytes))).toThrow(MalformedBytes);
    expect(() => read(readerOf(bytes))).toThrow('the end came too early');
  });

  test('refuses integers above 2^53 - 1, and reads the largest', () => {
    expect(readerOf('001fffffffffffff').uint64()).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => readerOf('0020000000000000').uint64()).toThrow('an integer above 2^53 - 1');
    expect(() => readerOf('ffffffffffffffff').uint64()).toThrow(MalformedBytes);
    expect(readerOf('ffffffffffffff0f').varint()).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => readerOf('8080808080808010').varint()).toThrow('an integer above 2^53 - 1');
    expect(() => readerOf('ffffffffffffff7f').varint()).toThrow(MalformedBytes);
  });

  test('refuses a short number of more than 8 bytes', () => {
    expect(() => readerOf('808080808080808001').varint()).toThrow('an integer of more than 8 bytes');
  });

  test.each(['8000', '808000', 'ff00', '8080808080808000'])('refuses the roundabout number %s', (bytes) => {
    expect(() => readerOf(bytes).varint()).toThrow('an integer longer than need be');
  });

  test('refuses what is left over at the end', () => {
    const reader = readerOf('010203');
    reader.byte();
    expect(() => reader.end()).toThrow(MalformedBytes);
    expect(() => reader.end()).toThrow('2 bytes too many');
  });
});

test('of any bytes a short number is read only in the form in which it is written', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 10 }),
    fc
      .array(fc.constantFrom(0, 1, 0x0f, 0x10, 0x7f, 0x80, 0xff), { maxLength: 10 })
      .map((some) => Uint8Array.from(some)),
  );
  fc.assert(
    fc.property(bytes, (some) => {
      const reader = new ByteReader(some);
      const value = attempt(() => reader.varint());
      if (value instanceof MalformedBytes) return;
      expect(Number.isSafeInteger(value)).toBe(true);
      const writer = new ByteWriter();
      writer.varint(value);
      expect(hex(writer.finish())).toBe(hex(some.subarray(0, some.length - reader.left)));
    }),
    { numRuns: 2000 },
  );
});

test('malformed bytes are an error of their own kind', () => {
  const error = attempt(() => readerOf('').byte());
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: 'MalformedBytes', message: 'the end came too early' });
});
