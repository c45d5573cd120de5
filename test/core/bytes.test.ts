import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  asciiBytes,
  byteString,
  compareBytes,
  equalBytes,
  newBytes,
  readUint32,
  readUint64,
  startsWith,
  writeUint32,
  writeUint64,
} from '../../src/core/bytes.ts';
import { hex, unhex } from '../support/codec-arbitraries.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const byteArrays = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  // Alike, so that one is often the beginning of another.
  fc.array(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), { maxLength: 5 }).map((bytes) => Uint8Array.from(bytes)),
);

const wellFormed = fc.string({
  unit: fc.oneof(fc.constantFrom('a', 'é', '\u{7ff}', '\u{800}', '\ud7ff', '\ue000', '\uffff', '\u{10000}'), {
    arbitrary: fc.integer({ min: 0, max: 0x10_ffff }).map((point) => {
      return String.fromCodePoint(point >= 0xd800 && point <= 0xdfff ? 0x20 : point);
    }),
    weight: 1,
  }),
  maxLength: 6,
});

describe('byte strings', () => {
  test('are ordered by their bytes without sign, a beginning before what it begins', () => {
    fc.assert(
      fc.property(byteArrays, byteArrays, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
      }),
    );
    expect(compareBytes(unhex('7f'), unhex('80'))).toBeLessThan(0);
    expect(compareBytes(unhex('61'), unhex('6100'))).toBeLessThan(0);
    expect(compareBytes(unhex(''), unhex('00'))).toBeLessThan(0);
  });

  test('are equal if no byte differs and none is missing', () => {
    fc.assert(
      fc.property(byteArrays, byteArrays, (a, b) => {
        expect(equalBytes(a, b)).toBe(hex(a) === hex(b));
        expect(equalBytes(a, Uint8Array.from(a))).toBe(true);
      }),
    );
  });

  test('begin with a prefix if they have it whole, at their beginning', () => {
    fc.assert(
      fc.property(byteArrays, byteArrays, (bytes, prefix) => {
        expect(startsWith(bytes, prefix)).toBe(hex(bytes).startsWith(hex(prefix)));
        expect(startsWith(Uint8Array.of(...prefix, ...bytes), prefix)).toBe(true);
      }),
    );
  });

  test('of UTF-8 are ordered as the code points are that they stand for', () => {
    fc.assert(
      fc.property(wellFormed, wellFormed, (a, b) => {
        expect(Math.sign(compareBytes(utf8(a), utf8(b)))).toBe(compareCodePoints(a, b));
      }),
      { numRuns: 1000 },
    );
  });

  test('of UTF-8 are not in the order of JavaScript strings, which puts pairs of surrogates too early', () => {
    const [lower, upper] = ['\uffff', '\u{10000}'] as [string, string];
    expect(lower < upper).toBe(false);
    expect(compareBytes(utf8(lower), utf8(upper))).toBeLessThan(0);
  });
});

function compareCodePoints(a: string, b: string): number {
  const [left, right] = [a, b].map((text) =>
    Array.from(text, (character) => character.codePointAt(0) as number),
  );
  for (const [index, point] of (left as number[]).entries()) {
    const other = right?.[index];
    if (other === undefined) return 1;
    if (point !== other) return point < other ? -1 : 1;
  }
  return (left as number[]).length < (right as number[]).length ? -1 : 0;
}

describe('the string of some bytes', () => {
  test('has one character for each byte, at any length', () => {
    for (const length of [0, 1, 511, 512, 513, 1024, 1025, 200_000]) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 7) % 256);
      const text = byteString(bytes);
      expect(text).toHaveLength(length);
      expect(text).toBe(Buffer.from(bytes).toString('latin1'));
    }
  });

  test('is ordered, and equal, as the bytes are', () => {
    fc.assert(
      fc.property(byteArrays, byteArrays, (a, b) => {
        const [left, right] = [byteString(a), byteString(b)];
        expect(left < right ? -1 : Number(left > right)).toBe(Buffer.compare(a, b));
      }),
    );
  });

  test('gives the bytes back if they are ASCII', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
        expect(asciiBytes(text)).toEqual(utf8(text));
        expect(byteString(asciiBytes(text))).toBe(text);
      }),
    );
  });
});

describe('numbers', () => {
  const uint32s = fc.oneof(
    fc.integer({ min: 0, max: 0xffff_ffff }),
    fc.constantFrom(0, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
  );
  const uint64s = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 0xffff_ffff, 2 ** 32, 2 ** 53 - 1));

  test('of 32 bits are written high byte first, and come back, at any offset', () => {
    fc.assert(
      fc.property(uint32s, fc.nat({ max: 5 }), (value, at) => {
        const bytes = new Uint8Array(10).fill(0xaa);
        const expected = Buffer.alloc(10, 0xaa);
        expected.writeUInt32BE(value, at);
        writeUint32(bytes, at, value);
        expect(hex(bytes)).toBe(hex(expected));
        expect(readUint32(bytes, at)).toBe(value);
      }),
    );
  });

  test('of 53 bits are written high byte first in 8 bytes, and come back, at any offset', () => {
    fc.assert(
      fc.property(uint64s, fc.nat({ max: 5 }), (value, at) => {
        const bytes = new Uint8Array(14).fill(0xaa);
        const expected = Buffer.alloc(14, 0xaa);
        expected.writeBigUInt64BE(BigInt(value), at);
        writeUint64(bytes, at, value);
        expect(hex(bytes)).toBe(hex(expected));
        expect(readUint64(bytes, at)).toBe(value);
      }),
    );
  });

  test('are ordered as their bytes are', () => {
    fc.assert(
      fc.property(uint64s, uint64s, (a, b) => {
        const [left, right] = [new Uint8Array(8), new Uint8Array(8)];
        writeUint64(left, 0, a);
        writeUint64(right, 0, b);
        expect(Math.sign(compareBytes(left, right))).toBe(Math.sign(a - b));
      }),
    );
  });
});

describe('new bytes', () => {
  const lengths = fc.array(
    fc.oneof(fc.nat({ max: 300 }), fc.constantFrom(0, 1, 2047, 2048, 2049, 16 * 1024)),
    { maxLength: 60 },
  );

  test('are zero, as many as asked for, and nobody else’s, whoever asked before', () => {
    fc.assert(
      fc.property(lengths, (some) => {
        const pieces = some.map((length) => newBytes(length));
        expect(pieces.map(({ length }) => length)).toEqual(some);
        for (const piece of pieces) expect(piece.every((byte) => byte === 0)).toBe(true);
        for (const [index, piece] of pieces.entries()) piece.fill(index + 1);
        for (const [index, piece] of pieces.entries()) {
          expect(piece.every((byte) => byte === index + 1)).toBe(true);
        }
      }),
    );
  });

  test('share slabs of 16 KiB if there are at most 2 KiB of them, so that many small ones take few', () => {
    for (let bytes = 0; bytes < 64 * 1024; bytes += 2048) {
      expect(newBytes(2048).buffer.byteLength).toBe(16 * 1024);
      expect(newBytes(2049).buffer.byteLength).toBe(2049);
    }
    const slabs = new Set(Array.from({ length: 1024 }, () => newBytes(16).buffer));
    expect(slabs.size).toBeLessThanOrEqual(2);
  });
});
