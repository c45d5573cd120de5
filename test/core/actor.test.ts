import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Actor,
  ACTOR_BYTES_MAX,
  birthOf,
  isActor,
  isNodeId,
  makeActor,
  nodeIdOf,
} from '../../src/core/actor.ts';
import { compareBytes } from '../../src/core/bytes.ts';
import { type Version, VERSION_MAX, VERSION_ZERO } from '../../src/core/version.ts';
import { nodeId, versions } from '../support/codec-arbitraries.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const NAME_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-';

const names = fc
  .string({ unit: fc.constantFrom(...NAME_CHARACTERS.split('')), minLength: 1, maxLength: 64 })
  .map(nodeId);
const randoms = fc.integer({ min: 0, max: 0xffff_ffff });
/** Some alike in their first parts, so that the later ones decide. */
const parts = fc.tuple(
  fc.oneof(names, fc.constantFrom('a', 'ab', 'a-', 'a.', 'B').map(nodeId)),
  versions,
  randoms,
);

describe('a node id', () => {
  test.each(['a', '-', '.', '_', '0', 'node-1.example_B', 'n'.repeat(64)])('may be %s', (name) => {
    expect(isNodeId(name)).toBe(true);
  });

  test.each([
    '',
    'n'.repeat(65),
    'a b',
    'a+b',
    'a/b',
    'a\n',
    '\na',
    'é',
    'ａ',
    'a\0',
    1,
    null,
    undefined,
    ['a'],
  ])('is never %j', (name) => {
    expect(isNodeId(name)).toBe(false);
  });

  test('is made of letters, digits, dot, underscore and hyphen, and of nothing else', () => {
    for (let code = 0; code < 0x300; code++) {
      const character = String.fromCharCode(code);
      expect(isNodeId(character), `U+${code.toString(16)}`).toBe(NAME_CHARACTERS.includes(character));
    }
  });
});

describe('an actor', () => {
  test('is the node id, the birth in 14 hexadecimal digits, and the random bits in 8', () => {
    expect(makeActor(nodeId('berlin'), 0x3_0000_0000_0001 as Version, 0xbeef)).toBe(
      'berlin+03000000000001+0000beef',
    );
    expect(makeActor(nodeId('b'), VERSION_ZERO, 0)).toBe('b+00000000000000+00000000');
    expect(makeActor(nodeId('b'), VERSION_MAX, 0xffff_ffff)).toBe('b+1fffffffffffff+ffffffff');
  });

  test('tells the node and the birth it was made of', () => {
    fc.assert(
      fc.property(parts, ([name, birth, random]) => {
        const actor = makeActor(name, birth, random);
        expect(isActor(actor)).toBe(true);
        expect(nodeIdOf(actor)).toBe(name);
        expect(birthOf(actor)).toBe(birth);
      }),
    );
  });

  test('is ordered by node id, then birth, then random bits, as its bytes are', () => {
    fc.assert(
      fc.property(parts, parts, fc.nat({ max: 3 }), (a, other, same) => {
        // The first parts are the same in some runs.
        const b = [
          same > 0 ? a[0] : other[0],
          same > 1 ? a[1] : other[1],
          same > 2 ? a[2] : other[2],
        ] as const;
        const expected = compareBytes(utf8(a[0]), utf8(b[0])) || a[1] - b[1] || a[2] - b[2];
        const [left, right] = [makeActor(...a), makeActor(...b)];
        expect(left < right ? -1 : Number(left > right)).toBe(Math.sign(expected));
        expect(Math.sign(compareBytes(utf8(left), utf8(right)))).toBe(Math.sign(expected));
      }),
    );
  });

  test('of a node whose name begins with the whole name of another comes after all of the other’s', () => {
    const last = makeActor(nodeId('a'), VERSION_MAX, 0xffff_ffff);
    for (const next of ['-', '.', '0', 'A', '_', 'a']) {
      expect(makeActor(nodeId(`a${next}`), VERSION_ZERO, 0) > last, next).toBe(true);
    }
  });

  test('of the longest name has the most bytes that an actor may have', () => {
    const longest = makeActor(nodeId('n'.repeat(64)), VERSION_MAX, 0xffff_ffff);
    expect(longest).toHaveLength(88);
    expect(ACTOR_BYTES_MAX).toBe(88);
  });

  test.each([
    ['more than 32 random bits', 0, 2 ** 32],
    ['fewer than none', 0, -1],
    ['a part of a bit', 0, 0.5],
    ['a birth below 0', -1, 0],
    ['a birth above 2^53 - 1', 2 ** 53, 0],
    ['a birth between two versions', 0.5, 0],
    ['no birth', Number.NaN, 0],
  ])('is never made of %s', (_, birth, random) => {
    expect(() => makeActor(nodeId('a'), birth as Version, random)).toThrow('Invariant broken');
  });

  test.each([
    '',
    'a',
    'a+03000000000000',
    'a+03000000000000+0000000',
    'a+03000000000000+000000000',
    'a+3000000000000+00000000',
    'a+003000000000000+00000000',
    'a+03000000000000-00000000',
    '+03000000000000+00000000',
    `${'n'.repeat(65)}+03000000000000+00000000`,
    'a+b+03000000000000+00000000',
    'a+0300000000000A+00000000',
    'a+03000000000000+0000000F',
    'a+20000000000000+00000000',
    'a+03000000000000+00000000\n',
    ' a+03000000000000+00000000',
    7,
    null,
    undefined,
    ['a+03000000000000+00000000'],
  ])('is never %j', (value) => {
    expect(isActor(value)).toBe(false);
  });

  test('has the largest birth just where versions end', () => {
    expect(birthOf('a+1fffffffffffff+00000000' as Actor)).toBe(VERSION_MAX);
    expect(isActor('a+1fffffffffffff+00000000')).toBe(true);
  });
});
