import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry, Value } from '../../src/node/api.ts';
import {
  entryFromShown,
  exportedEntry,
  parseOperation,
  parsePutLine,
  shownEntry,
  type ShownEntry,
} from '../../src/server/line-format.ts';
import { valueFromJson, valueToJson } from '../../src/server/value-json.ts';

const bytes = fc.uint8Array({ maxLength: 40 });
const text = fc.string({ unit: 'grapheme' });
const name = text.filter((candidate) => candidate !== '__proto__');

/** Everything a store takes, the four forms of JSON and what is nested in them. */
const value: fc.Arbitrary<Value> = fc.letrec<{ readonly tree: Value }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.double().filter((number) => !Object.is(number, -0)),
    fc.integer(),
    fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n })
      .filter((big) => big < -(2n ** 53n) || big > 2n ** 53n),
    text,
    bytes,
    fc.date({ noInvalidDate: true }),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(name, tie('tree'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).tree;

const entry: fc.Arbitrary<Entry> = fc
  .record(
    {
      key: text,
      value,
      version: fc.maxSafeNat(),
      actor: fc.constant('a+00000000000000+00000000'),
      expiresAt: fc.maxSafeNat(),
    },
    { requiredKeys: ['key', 'value', 'version', 'actor'] },
  )
  // Its records have no prototype.
  .map((record) => Object.assign({}, record));

describe('lines of JSON', () => {
  it('bring every entry back as it was: type, binary, expiry', () => {
    fc.assert(
      fc.property(entry, (original) => {
        const line = JSON.stringify(exportedEntry(original));
        expect(line).not.toContain('\n');
        const read = parsePutLine(line);
        expect(read.key).toBe(original.key);
        expect(read.value).toStrictEqual(original.value);
        expect(read.options).toStrictEqual(
          original.expiresAt === undefined ? {} : { expiresAt: original.expiresAt },
        );
      }),
      { numRuns: 500 },
    );
  });

  it('bring a shown entry back with its dot', () => {
    fc.assert(
      fc.property(entry, (original) => {
        const shown = JSON.parse(JSON.stringify(shownEntry(original))) as ShownEntry;
        expect(entryFromShown(shown)).toStrictEqual(original);
      }),
    );
  });

  it('read the operations of a batch', () => {
    fc.assert(
      fc.property(entry, fc.boolean(), ({ key, value: stored }, isPut) => {
        const operation = isPut
          ? ({ type: 'put', key, value: stored, ttlMs: 5 } as const)
          : ({ type: 'del', key } as const);
        const body = isPut ? { op: 'put', key, ...valueToJson(stored), ttlMs: 5 } : { op: 'del', key };
        expect(parseOperation(JSON.parse(JSON.stringify(body)))).toStrictEqual(operation);
      }),
    );
  });

  it('name the form of a value', () => {
    expect(
      [
        null,
        true,
        1.5,
        'text',
        new Uint8Array([1, 2]),
        { a: [1] },
        Number.NaN,
        5n,
        [new Uint8Array([1])],
      ].map(valueToJson),
    ).toMatchInlineSnapshot(`
      [
        {
          "type": "json",
          "value": null,
        },
        {
          "type": "json",
          "value": true,
        },
        {
          "type": "json",
          "value": 1.5,
        },
        {
          "type": "text",
          "value": "text",
        },
        {
          "type": "binary",
          "value": "AQI=",
        },
        {
          "type": "json",
          "value": {
            "a": [
              1,
            ],
          },
        },
        {
          "type": "msgpack",
          "value": "y3/4AAAAAAAA",
        },
        {
          "type": "msgpack",
          "value": "0wAAAAAAAAAF",
        },
        {
          "type": "msgpack",
          "value": "kcQBAQ==",
        },
      ]
    `);
  });

  it('read a value without a type as the JSON that it is', () => {
    expect(parsePutLine('{"key": "a", "value": {"b": [1, "c"]}}')).toStrictEqual({
      key: 'a',
      value: { b: [1, 'c'] },
      options: {},
    });
  });

  it('ignore the dot that `list --json` adds', () => {
    const { options } = parsePutLine('{"key": "a", "value": 1, "version": 7, "actor": "x"}');
    expect(options).toStrictEqual({});
  });

  it.each([
    ['not JSON', '{"key": ', /not JSON/],
    ['no object', '[1]', /must be a JSON object/],
    ['null', 'null', /must be a JSON object/],
    ['no key', '{"value": 1}', /"key" must be a string/],
    ['a number as key', '{"key": 1, "value": 1}', /"key" must be a string/],
    ['no value', '{"key": "a"}', /"value" is missing/],
    ['an unknown type', '{"key": "a", "value": 1, "type": "yaml"}', /one of text, json, binary, msgpack/],
    ['text that is none', '{"key": "a", "value": 1, "type": "text"}', /must be a string/],
    ['base64 that is none', '{"key": "a", "value": "AQI", "type": "binary"}', /must be base64/],
    [
      'base64 of nothing packed',
      '{"key": "a", "value": "kQ==", "type": "msgpack"}',
      /does not hold a packed value/,
    ],
    ['a number that is too large', '{"key": "a", "value": [1e999]}', /would not come back/],
    ['minus zero', '{"key": "a", "value": -0}', /would not come back/],
    [
      'an expiry that is none',
      '{"key": "a", "value": 1, "expiresAt": "soon"}',
      /"expiresAt" must be a number/,
    ],
    [
      'an expiry that is too large',
      '{"key": "a", "value": 1, "expiresAt": 1e999}',
      /"expiresAt" must be a number/,
    ],
    ['a lifetime that is too large', '{"key": "a", "value": 1, "ttlMs": 1e999}', /"ttlMs" must be a number/],
    ['a misspelt field', '{"key": "a", "value": 1, "expireAt": 5}', /"expireAt" is unknown/],
  ])('refuse %s', (_name, line, reason) => {
    expect(() => parsePutLine(line)).toThrow(reason);
  });

  it('survive JSON of any depth', () => {
    const depth = 100_000;
    const deep = JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown;
    expect(() => valueFromJson(deep, 'json')).not.toThrow();
  });
});
