import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { VALUE_DEPTH_MAX } from '../../src/adapters/value-check.ts';
import { packValue, unpackValue } from '../../src/adapters/value-codec.ts';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import { BoatoError } from '../../src/core/errors.ts';
import type { Value } from '../../src/node/api.ts';
import { damaged, unhex } from '../support/codec-arbitraries.ts';

class Point {
  readonly x = 1;
}

class MyBytes extends Uint8Array {}

const surrogate = '\uD800';
const holes = Object.assign<unknown[], object>([], { 0: 'a', 2: 'c' });
const cycle: Record<string, unknown> = {};
cycle.self = cycle;

function inArrays(depth: number, inner: unknown = 1): unknown {
  let value = inner;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

function inObjects(depth: number, inner: unknown = 1): unknown {
  let value = inner;
  for (let level = 0; level < depth; level++) value = { o: value };
  return value;
}

function refusal(value: unknown): unknown {
  try {
    packValue(value);
  } catch (error) {
    return error;
  }
  return 'accepted';
}

describe('a value that would not come back as it was', () => {
  const deep = 'a cycle, or more than 64 levels of arrays and objects,';
  test.each<[string, unknown, string]>([
    ['undefined', undefined, 'undefined'],
    ['a function', () => 1, 'a function'],
    ['a class', Point, 'a function'],
    ['a symbol', Symbol('s'), 'a symbol'],
    ['zero below zero', -0, '-0'],
    ['a bigint above 64 bits', 2n ** 64n, 'a bigint of more than 64 bits'],
    ['a bigint below 64 bits', -(2n ** 63n) - 1n, 'a bigint of more than 64 bits'],
    ['a high surrogate alone', 'a\uD83D', 'a string with a lone surrogate'],
    ['a low surrogate alone', '\uDE00b', 'a string with a lone surrogate'],
    ['surrogates in the wrong order', '\uDE00\uD83D', 'a string with a lone surrogate'],
    ['a Set', new Set(), 'a Set'],
    ['a Map', new Map(), 'a Map'],
    ['a RegExp', /a/u, 'a RegExp'],
    ['an Error', new Error('no'), 'an Error'],
    ['a kind of Error', new TypeError('no'), 'a TypeError'],
    ['a Promise', Promise.resolve(1), 'a Promise'],
    ['a WeakMap', new WeakMap(), 'a WeakMap'],
    ['a boxed number', new Object(1), 'a Number'],
    ['a boxed string', new Object('a'), 'a String'],
    ['an Int8Array', Int8Array.of(1), 'an Int8Array'],
    ['a Float64Array', Float64Array.of(1), 'a Float64Array'],
    ['a BigInt64Array', BigInt64Array.of(1n), 'a BigInt64Array'],
    ['a DataView', new DataView(new ArrayBuffer(1)), 'a DataView'],
    ['an ArrayBuffer', new ArrayBuffer(1), 'an ArrayBuffer'],
    ['bytes of a class of their own', MyBytes.of(1), 'a MyBytes'],
    ['an instance of a class', new Point(), 'a Point'],
    ['an object that inherits', Object.create({ inherited: 1 }), 'an object with a prototype'],
    ['what looks like bytes', Object.create(Uint8Array.prototype), 'an object that only looks like bytes'],
    ['what looks like an array', Object.create(Array.prototype), 'an object that only looks like an array'],
    ['what looks like a Date', Object.create(Date.prototype), 'an object that only looks like a Date'],
    ['an array that is not one', Object.setPrototypeOf([], null), 'an array without its prototype'],
    ['a Date that is invalid', new Date(Number.NaN), 'an invalid Date'],
    ['a Date with more', Object.assign(new Date(0), { zone: 'UTC' }), 'a Date with properties of its own'],
    ['an array with more', Object.assign([1], { more: 2 }), 'an array with properties of its own'],
    ['a symbol as a name', { [Symbol('s')]: 1 }, 'a property named by a symbol'],
    ['the name __proto__', JSON.parse('{"__proto__": 1}'), 'a property named __proto__'],
    ['a surrogate in a name', { [surrogate]: 1 }, 'a property name with a lone surrogate'],
    ['undefined in an object', { a: { b: undefined } }, 'undefined at .a.b'],
    ['a function in an object', { call() {} }, 'a function at .call'],
    ['a symbol in an array', [[], [1, Symbol('s')]], 'a symbol at [1][1]'],
    ['a Set in an object in an array', [0, { tags: new Set() }], 'a Set at [1].tags'],
    ['-0 under names that are no words', { 'a b': { 9: { '"': -0 } } }, String.raw`-0 at ["a b"]["9"]["\""]`],
    ['-0 under names of other scripts', { größe: { имя: [-0] } }, '-0 at .größe.имя[0]'],
    ['a bad name inside', { a: [JSON.parse('{"__proto__": 1}')] }, 'a property named __proto__ at .a[0]'],
    ['a surrogate inside', { a: ['b', surrogate] }, 'a string with a lone surrogate at .a[1]'],
    ['a bigint inside', { a: 2n ** 70n }, 'a bigint of more than 64 bits at .a'],
    ['an invalid Date inside', [new Date(Number.NaN)], 'an invalid Date at [0]'],
    ['a hole', holes, 'a hole in an array, or a hidden item, at [1]'],
    ['holes only', Object.assign([], { length: 2 }), 'a hole in an array, or a hidden item, at [0]'],
    [
      'a getter',
      {
        a: {
          get b() {
            return 1;
          },
        },
      },
      'a computed property at .a.b',
    ],
    ['a getter in an array', Object.defineProperty([1], 0, { get: () => 1 }), 'a computed item at [0]'],
    [
      'a hidden item',
      Object.defineProperty([1], 0, { enumerable: false }),
      'a hole in an array, or a hidden item, at [0]',
    ],
    ['a hidden property', Object.defineProperty({}, 'a', { value: 1 }), 'a hidden property at .a'],
    ['arrays 65 deep', inArrays(65), `${deep} at ${'[0]'.repeat(40)}…`],
    ['objects 65 deep', inObjects(65), `${deep} at ${'.o'.repeat(60)}…`],
    ['a cycle', cycle, `${deep} at ${'.self'.repeat(24)}…`],
    ['undefined under a long name', { ['x'.repeat(300)]: undefined }, `undefined at .${'x'.repeat(119)}…`],
    [
      'undefined behind half a pair',
      { [`${'x'.repeat(118)}😀`]: undefined },
      `undefined at ["${'x'.repeat(118)}…`,
    ],
  ])('is refused in a sentence that names the place: %s', (_, value, what) => {
    const error = refusal(value);
    expect(error).toBeInstanceOf(BoatoError);
    expect(error).toMatchObject({
      code: 'INVALID_VALUE',
      message: `The value cannot be stored: ${what}.`,
    });
  });

  test('is refused without calling what it holds', () => {
    let calls = 0;
    const call = (): number => calls++;
    const getter = Object.defineProperty({}, 'a', { get: call, enumerable: true });
    const item = Object.defineProperty([1], 0, { get: call, enumerable: true });
    for (const value of [getter, item, { toJSON: call }, { valueOf: call }]) {
      expect(refusal(value)).toMatchObject({ code: 'INVALID_VALUE' });
    }
    expect(calls).toBe(0);
  });
});

const integers = fc.oneof(
  fc.integer({ min: -200, max: 70_000 }),
  fc.maxSafeInteger(),
  fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 32 - 1, -(2 ** 31), 2 ** 53, -(2 ** 53), 2 ** 63, 2 ** 64),
);

const bigints = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.constantFrom(0n, -1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n, -(2n ** 63n)),
);

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.constantFrom(
    '',
    '\uFEFF',
    `\uFEFF${'x'.repeat(100)}`,
    '\uFFFD',
    '\0',
    'é'.repeat(40),
    'x'.repeat(70_000),
  ),
);

const dates = fc.oneof(
  fc.date({ noInvalidDate: true }),
  fc
    .constantFrom(0, -1, 1, 999, -1000, 2 ** 32 * 1000 - 1, 2 ** 32 * 1000, 2 ** 34 * 1000, 8.64e15, -8.64e15)
    .map((ms) => new Date(ms)),
);

/** Names that mean something to objects, or to whoever writes them. */
const names = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }).filter((name) => name !== '__proto__'),
  fc.constantFrom(
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'toJSON',
    'then',
    'length',
    '0',
    '',
  ),
);

const { values } = fc.letrec<{ values: Value }>((tie) => ({
  values: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    integers,
    fc.double().map((number) => (number === 0 ? 0 : number)),
    bigints,
    texts,
    fc.uint8Array({ maxLength: 300 }),
    dates,
    fc.array(tie('values'), { maxLength: 20 }),
    fc.dictionary(names, tie('values'), { maxKeys: 20, noNullPrototype: true }),
  ),
}));

describe('a value', () => {
  test('that is accepted comes back deeply equal, of the same types', () => {
    fc.assert(
      fc.property(values, (value) => {
        // Vitest would take a property named `constructor` for the class.
        expect(isDeepStrictEqual(unpackValue(packValue(value)), value)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test.each<[string, Value]>([
    ['not a number', Number.NaN],
    ['infinities', [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
    ['the smallest and the largest fraction', [Number.MIN_VALUE, Number.MAX_VALUE]],
    ['one as a number and as a bigint', [1, 1n]],
    ['bigints at the edge of 64 bits', [2n ** 64n - 1n, -(2n ** 63n)]],
    ['dates before 1970, and at both ends of time', [new Date(-1), new Date(8.64e15), new Date(-8.64e15)]],
    ['a list of 70,000', Array.from({ length: 70_000 }, () => 1)],
    ['an object of 70,000', Object.fromEntries(Array.from({ length: 70_000 }, (_, at) => [`n${at}`, at]))],
    ['bytes of 70,000', new Uint8Array(70_000).fill(7)],
    ['arrays 64 deep', inArrays(64) as Value],
    ['objects 64 deep', inObjects(64) as Value],
    ['something simple under 64 levels', inArrays(32, inObjects(32, new Date(5))) as Value],
    ['empty ones', [[], {}, '', new Uint8Array(0)]],
    ['what is not in Unicode yet, or never', '\uFFFE\uFFFF\u{10FFFF}\uE000'],
  ])('comes back: %s', (_, value) => {
    expect(isDeepStrictEqual(unpackValue(packValue(value)), value)).toBe(true);
  });

  test('may hold the same object twice, which comes back as two', () => {
    const shared = { a: 1 };
    const back = unpackValue(packValue([shared, shared])) as object[];
    expect(back).toStrictEqual([shared, shared]);
    expect(back[0]).not.toBe(back[1]);
  });

  test('keeps the order of its names', () => {
    const value = { b: 1, a: 2, '10': 3, '9': 4 };
    expect(Object.keys(unpackValue(packValue(value)) as object)).toEqual(Object.keys(value));
  });

  test('of class Buffer comes back as plain bytes, an object without a prototype as a plain one', () => {
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    const back = unpackValue(packValue([Buffer.of(1, 2), bare]));
    expect(back).toStrictEqual([Uint8Array.of(1, 2), { a: 1 }]);
  });

  test('shares no memory with its bytes, nor with what was packed', () => {
    const given = Uint8Array.of(1, 2);
    const packed = packValue([given, 'text']);
    given.fill(9);
    const back = unpackValue(packed);
    packed.fill(0xc1);
    expect(back).toStrictEqual([Uint8Array.of(1, 2), 'text']);
  });

  test('is read from the middle of other bytes', () => {
    const packed = packValue({ a: [1, 'b'] });
    const around = new Uint8Array(packed.length + 20).fill(0xc1);
    around.set(packed, 10);
    expect(unpackValue(around.subarray(10, 10 + packed.length))).toStrictEqual({ a: [1, 'b'] });
  });

  test('leaves what was packed before it alone', () => {
    const packed = Array.from({ length: 50 }, (_, at) => packValue(['x'.repeat(at * 400), at]));
    for (let at = 0; at < 50; at++) packValue(['y'.repeat(at * 400), 7]);
    for (const [at, bytes] of packed.entries()) {
      expect(unpackValue(bytes)).toStrictEqual(['x'.repeat(at * 400), at]);
    }
  });
});

describe('bytes that no value packs to', () => {
  /** What `unpackValue` makes of `bytes`; `other` is a defect. */
  function outcome(bytes: Uint8Array): 'value' | 'refused' | 'other' {
    let value: Value;
    try {
      value = unpackValue(bytes);
    } catch (error) {
      return error instanceof BoatoError && error.code === 'RECORD_DAMAGED' ? 'refused' : 'other';
    }
    return isDeepStrictEqual(unpackValue(packValue(value)), value) ? 'value' : 'other';
  }

  test('are told of in a sentence, with the cause beside it', () => {
    expect(() => unpackValue(unhex('c1'))).toThrow(
      expect.objectContaining({
        code: 'RECORD_DAMAGED',
        message: 'A stored value is not a packed value.',
        cause: expect.any(MalformedBytes),
      }),
    );
  });

  test('are refused, or give a value that can be packed again, whatever they are', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const found = outcome(bytes);
        seen.add(found);
        expect(found).not.toBe('other');
      }),
      { numRuns: 3000 },
    );
    expect(seen).toEqual(new Set(['value', 'refused']));
  });

  test('are refused, or give a value that can be packed again, when a value was damaged', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        values.chain((value) => damaged(packValue(value))),
        (bytes) => {
          const found = outcome(bytes);
          seen.add(found);
          expect(found).not.toBe('other');
        },
      ),
      { numRuns: 1000 },
    );
    expect(seen).toEqual(new Set(['value', 'refused']));
  });

  test('are refused or safe at each first byte, whatever follows it', () => {
    const defects: number[][] = [];
    for (let first = 0; first < 256; first++) {
      for (const follows of [0x00, 0x01, 0x7f, 0x80, 0xff]) {
        for (const length of [0, 1, 2, 4, 8, 9, 13, 16]) {
          const bytes = Uint8Array.from([first, ...Array.from({ length }, () => follows)]);
          if (outcome(bytes) === 'other') defects.push([...bytes]);
        }
      }
    }
    expect(defects).toEqual([]);
  });

  test.each([
    ['none', ''],
    ['two values', 'c0 c0'],
    ['the byte that is never used', 'c1'],
    ['an array of four billion', 'dd ffffffff 00'],
    ['an array of 65,535', 'dc ffff 00'],
    ['an object of four billion', 'df ffffffff a161 00'],
    ['a string of four billion', 'db ffffffff 61'],
    ['bytes of four billion', 'c6 ffffffff 00'],
    ['an integer cut short', 'ce 000000'],
    ['a fraction of 32 bits', 'ca 3f000000'],
    ['-0', 'cb 8000000000000000'],
    ['a string that is not UTF-8', 'a2 c328'],
    ['a string that is half a surrogate', 'a3 eda080'],
    ['a name that is not UTF-8', '81 a1 ff 00'],
    ['a name that is a number', '81 01 01'],
    ['a name that is nothing', '81 c0 01'],
    ['a name twice', '82 a161 01 a161 02'],
    ['the name __proto__', '81 a9 5f5f70726f746f5f5f 80'],
    ['undefined, of the library', 'd4 00 00'],
    ['a record, of the library', 'd4 72 40 91 a161 01'],
    ['an error, of the library', 'c7 05 65 93 a0 a0 c0'],
    ['a set, of the library', 'c7 02 73 91 01'],
    ['a regular expression, of the library', 'c7 04 78 92 a161 a0'],
    ['an extension of 2 bytes', 'd5 ff 0000'],
    ['an extension of 16 bytes', `d8 ff ${'00'.repeat(16)}`],
    ['an extension of 16 bits', 'c8 0004 ff 00000000'],
    ['a date of another type', 'd6 fe 00000000'],
    ['a date of no length', 'c7 00 ff'],
    ['a date of 5 bytes', 'c7 05 ff 0000000000'],
    ['a date between milliseconds', 'd7 ff 00000004 00000000'],
    ['a date with a second of too many nanoseconds', 'c7 0c ff 3b9aca00 0000000000000000'],
    ['a date beyond the end of time', 'c7 0c ff 00000000 7fffffffffffffff'],
  ])('are refused: %s', (_, bytes) => {
    expect(outcome(unhex(bytes))).toBe('refused');
  });

  test.each([
    ['arrays', (depth: number) => [...Array.from({ length: depth }, () => [0x91]), [0xc0]].flat()],
    [
      'objects',
      (depth: number) => [...Array.from({ length: depth }, () => [0x81, 0xa1, 0x6f]), [0xc0]].flat(),
    ],
  ])('are refused when they hold %s deeper than a value may', (_, nested) => {
    expect(outcome(Uint8Array.from(nested(VALUE_DEPTH_MAX)))).toBe('value');
    expect(outcome(Uint8Array.from(nested(VALUE_DEPTH_MAX + 1)))).toBe('refused');
    expect(outcome(Uint8Array.from(nested(100_000)))).toBe('refused');
  });
});
