import * as fc from 'fast-check';
import { compressSync } from 'snappy';
import { describe, expect, test } from 'vitest';
import { unpackBlock } from '../../src/adapters/level-block.ts';
import { ByteReader, MalformedBytes } from '../../src/core/byte-reader.ts';

const SNAPPY = 1;

/** Some of it is packed as copies of what is before it. */
const content: fc.Arbitrary<Uint8Array> = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 20 })), {
    maxLength: 10,
  })
  .map((parts) =>
    Buffer.concat(parts.flatMap(([bytes, times]) => Array.from({ length: times }, () => bytes))),
  );

/** `undefined` if it is refused. */
function unpackedOf(packed: Uint8Array): Uint8Array | undefined {
  try {
    return unpackBlock(packed, SNAPPY);
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}

describe('a block that Snappy packed', () => {
  test('is unpacked to what it was', () => {
    fc.assert(
      fc.property(content, (bytes) => {
        expect(Buffer.compare(unpackBlock(compressSync(bytes), SNAPPY), bytes)).toBe(0);
      }),
    );
  });

  test('and that was cut or changed is refused, or unpacked to as many bytes as it says', () => {
    fc.assert(
      fc.property(content, fc.nat(), fc.nat({ max: 255 }), fc.nat(), (bytes, at, byte, cut) => {
        const packed = Uint8Array.from(compressSync(bytes));
        packed[at % packed.length] = byte;
        const left = packed.subarray(0, packed.length - (cut % packed.length));
        const unpacked = unpackedOf(left);
        if (unpacked === undefined) return;
        expect(unpacked.length).toBe(new ByteReader(left).varint());
      }),
    );
  });

  test.each([
    ['nothing', []],
    ['a copy before the beginning', [4, 0x01, 1]],
    ['a copy from nowhere', [5, 0, 65, 0x01, 0]],
    ['a literal that is cut', [4, 3 << 2, 65]],
    ['more than it says', [1, 1 << 2, 65, 66]],
    ['less than it says', [3, 1 << 2, 65, 66]],
    ['more than a block has, before room is made for it', [0x81, 0x80, 0x80, 0x80, 0x01]],
  ])('is refused if it is %s', (_, bytes) => {
    expect(() => unpackBlock(Uint8Array.from(bytes), SNAPPY)).toThrow(MalformedBytes);
  });
});
