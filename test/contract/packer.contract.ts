/** What every packer promises (`src/ports/packer.ts`). */

import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Packer } from '../../src/ports/packer.ts';
import { damaged } from '../support/codec-arbitraries.ts';
import { contents } from './contents.ts';

const numbers = fc.oneof(
  fc.integer({ min: -200, max: 70_000 }),
  fc.maxSafeInteger(),
  fc.constantFrom(
    2 ** 31,
    2 ** 32,
    2 ** 32 - 1,
    -(2 ** 31),
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
  ),
  // Zero has no sign on wire and disk.
  fc.double().map((value) => (value === 0 ? 0 : value)),
);

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom('é'.repeat(16), 'x'.repeat(255), 'x'.repeat(256), 'x'.repeat(65_536)),
);

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.constantFrom(255, 256, 65_536).map((length) => new Uint8Array(length).fill(length)),
);

const { trees } = fc.letrec((tie) => ({
  trees: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    numbers,
    texts,
    bytes,
    fc.array(tie('trees'), { maxLength: 20 }),
  ),
}));

/** Whether a tree is of the kinds that the port names, and of nothing else. */
function isPlain(tree: unknown): boolean {
  if (Array.isArray(tree)) return tree.every(isPlain);
  return tree === null || tree instanceof Uint8Array || ['boolean', 'number', 'string'].includes(typeof tree);
}

export function describePacker(name: string, packer: Packer): void {
  function unpackOrRefuse(packed: Uint8Array): unknown {
    try {
      return packer.unpack(packed);
    } catch (error) {
      return error;
    }
  }

  describe(`${name}, a packer`, () => {
    test('gives back every tree as it was, byte strings as plain bytes', () => {
      fc.assert(
        fc.property(trees, (tree) => {
          expect(isDeepStrictEqual(packer.unpack(packer.pack(tree)), tree)).toBe(true);
        }),
        { numRuns: 300 },
      );
    });

    test('packs a tree of a list longer than 65,535 items', () => {
      const tree = Array.from({ length: 70_000 }, (_, at) => at % 3);
      expect(String(packer.unpack(packer.pack(tree)))).toBe(String(tree));
    });

    test('takes bytes from the middle of others, of any class', () => {
      const packed = packer.pack([1, Uint8Array.of(2), 'three']);
      const around = new Uint8Array(packed.length + 20).fill(0xc1);
      around.set(packed, 10);
      const view = around.subarray(10, 10 + packed.length);
      expect(packer.unpack(view)).toStrictEqual([1, Uint8Array.of(2), 'three']);
      expect(packer.unpack(Buffer.from(packed))).toStrictEqual([1, Uint8Array.of(2), 'three']);
    });

    test('leaves what it packed before alone', () => {
      const packed = Array.from({ length: 50 }, (_, at) => packer.pack([at, 'x'.repeat(at * 400)]));
      const before = packed.map(contents);
      for (let at = 0; at < 50; at++) packer.pack(['y'.repeat(at * 400), 7]);
      expect(packed.map(contents)).toEqual(before);
    });

    test('refuses a tree that is cut short, or followed by anything', () => {
      fc.assert(
        fc.property(trees, fc.uint8Array({ minLength: 1, maxLength: 4 }), (tree, more) => {
          const packed = packer.pack(tree);
          for (const end of [0, packed.length >> 1, packed.length - 1]) {
            expect(() => packer.unpack(packed.subarray(0, end))).toThrow(Error);
          }
          expect(() => packer.unpack(Buffer.concat([packed, more]))).toThrow(Error);
        }),
      );
    });

    test('makes of damaged bytes a tree of the kinds that it packs, or refuses them', () => {
      const some = fc.oneof(
        fc.uint8Array(),
        trees.chain((tree) => damaged(packer.pack(tree))),
      );
      fc.assert(
        fc.property(some, (bad) => {
          const tree = unpackOrRefuse(bad);
          expect(tree instanceof Error || isPlain(tree)).toBe(true);
        }),
        { numRuns: 1000 },
      );
    });
  });
}
