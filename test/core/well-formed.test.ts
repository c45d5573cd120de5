import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isWellFormed } from '../../src/core/well-formed.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const decoded = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

test.each(['', 'a', 'é', '\0', '\ufffd', '\ufeff', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'])(
  'a string of whole characters is well-formed (%j)',
  (whole) => {
    expect(isWellFormed(whole)).toBe(true);
  },
);

test.each([
  '\ud800',
  '\udbff',
  '\udc00',
  '\udfff',
  'a\ud800',
  '\ud800a',
  '\udc00\ud800',
  '\ud800\ud800\udc00',
])('a string with half a pair of surrogates is not (%j)', (half) => {
  expect(isWellFormed(half)).toBe(false);
});

test('a string is well-formed exactly if it comes back from UTF-8 as it was', () => {
  const units = fc.array(
    fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7ff, max: 0xe000 })),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(units, (some) => {
      const any = String.fromCharCode(...some);
      // The decoder drops a byte order mark at the very beginning: one letter keeps it from being there.
      expect(isWellFormed(any)).toBe(decoded(utf8(`.${any}`)) === `.${any}`);
    }),
    { numRuns: 1000 },
  );
});
