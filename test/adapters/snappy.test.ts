import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unpackSnappy } from '../../src/adapters/snappy.ts';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import { ByteWriter } from '../../src/core/byte-writer.ts';

const MAX = 2 ** 20;

/** A literal, or a copy of `count` bytes from `back` bytes ago, in the `form` of one, two or four bytes of offset. */
type Element =
  | { readonly literal: Uint8Array }
  | { readonly count: number; readonly back: number; readonly form: 1 | 2 | 3 };

/** As the format has it, and what it stands for. */
function packed(elements: readonly Element[]): { readonly bytes: Uint8Array; readonly plain: Uint8Array } {
  const writer = new ByteWriter(64);
  const plain: number[] = [];
  for (const element of elements) {
    if ('literal' in element) {
      const { literal } = element;
      const less = literal.length - 1;
      if (less < 60) writer.byte(less << 2);
      else {
        const bytes = less < 2 ** 8 ? 1 : 2;
        writer.byte((59 + bytes) << 2);
        for (let at = 0; at < bytes; at++) writer.byte((less >>> (8 * at)) & 0xff);
      }
      writer.raw(literal);
      plain.push(...literal);
      continue;
    }
    const { form } = element;
    if (plain.length === 0) continue;
    const back = Math.min(element.back, plain.length);
    const count = form === 1 ? 4 + (element.count % 8) : element.count;
    if (form === 1) writer.byte(1 | ((count - 4) << 2) | ((back >>> 8) << 5));
    else writer.byte(form | ((count - 1) << 2));
    for (let at = 0; at < 2 ** (form - 1); at++) writer.byte((back >>> (8 * at)) & 0xff);
    for (let copied = 0; copied < count; copied++) plain.push(plain[plain.length - back] as number);
  }
  const whole = new ByteWriter(64);
  whole.varint(plain.length);
  whole.raw(writer.finish());
  return { bytes: whole.finish(), plain: Uint8Array.from(plain) };
}

const elements: fc.Arbitrary<readonly Element[]> = fc.array(
  fc.oneof(
    fc.record({ literal: fc.uint8Array({ minLength: 1, maxLength: 400 }) }),
    fc.record({
      count: fc.integer({ min: 1, max: 64 }),
      back: fc.integer({ min: 1, max: 2000 }),
      form: fc.constantFrom(1 as const, 2 as const, 3 as const),
    }),
  ),
  { maxLength: 20 },
);

/** Of what is unpacked; 0 if it is refused. */
function unpackedBytes(bytes: Uint8Array): number {
  try {
    return unpackSnappy(bytes, MAX).length;
  } catch (error) {
    if (error instanceof MalformedBytes) return 0;
    throw error;
  }
}

describe('Snappy', () => {
  test('unpacks literals and copies of every form, also such as reach into what they write', () => {
    fc.assert(
      fc.property(elements, (made) => {
        const { bytes, plain } = packed(made);
        expect(unpackSnappy(bytes, MAX)).toEqual(plain);
      }),
    );
  });

  test('refuses what was cut or changed, or unpacks it to what it says is its length', () => {
    fc.assert(
      fc.property(elements, fc.nat(), fc.nat({ max: 255 }), (made, at, byte) => {
        const { bytes } = packed(made);
        bytes[at % bytes.length] = byte;
        expect(unpackedBytes(bytes)).toBeLessThanOrEqual(MAX);
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
    ['more than it may', [0x81, 0x80, 0x40]],
  ])('refuses %s', (_, bytes) => {
    expect(() => unpackSnappy(Uint8Array.from(bytes), MAX)).toThrow(MalformedBytes);
  });
});
