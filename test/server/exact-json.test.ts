import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoatoError } from '../../src/core/errors.ts';
import { parseExactJson } from '../../src/server/exact-json.ts';
import { parseJson, parsePutLine } from '../../src/server/line-format.ts';

function parse(text: string): unknown {
  return parseExactJson(text, () => new BoatoError('INVALID_OPTION', 'It is not JSON.'));
}

function isTaken(text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('JSON from outside', () => {
  it.each([
    '9007199254740993',
    '-9007199254740993',
    '12345678901234567890',
    '18446744073709551616',
    '1000000000000000000001',
    '[1, 9007199254740993]',
    '{"a": {"b": [true, "x", -12345678901234567890]}}',
    '{"\\"": 9007199254740993}',
    '["\\\\", 9007199254740993]',
  ])('is refused for an integer that would be rounded: %s', (text) => {
    expect(() => parse(text)).toThrow(/would not come back as it is; store it as text\.$/);
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }) as Error);
  });

  it.each([
    '9007199254740992',
    '9007199254740994',
    '-9007199254740992',
    '18446744073709552000',
    '10000000000000000',
    '1000000000000000000000',
    '0.1',
    '0.12345678901234567890',
    '1e3',
    '1e22',
    '12345678901234567890.5',
    '"9007199254740993"',
    '{"9007199254740993": "\\"9007199254740993"}',
    '["\\\\\\" 9007199254740993"]',
  ])('is taken as it is: %s', (text) => {
    expect(parse(text)).toStrictEqual(JSON.parse(text));
  });

  it('is taken whatever JSON.stringify wrote', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.double({ noNaN: true, noDefaultInfinity: true }), (value, number) => {
        const text = JSON.stringify([value, number, `${number}"\\`]);
        expect(JSON.stringify(parse(text))).toBe(text);
      }),
    );
  });

  it('is refused for every integer that does not print back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 69n), max: 2n ** 69n }), (integer) => {
        const text = String(integer);
        const printsBack = String(Number(text)) === text;
        expect(isTaken(text)).toBe(printsBack);
      }),
    );
  });

  it('of many quotes, backslashes and digits is read in one pass', () => {
    const text = JSON.stringify(['"'.repeat(200_000), '\\'.repeat(200_000), '9'.repeat(200_000)]);
    expect(parse(text)).toStrictEqual(JSON.parse(text));
    expect(() => parse('9'.repeat(200_000))).not.toThrow();
  });

  it('has the same rule in lines of an import and in bodies', () => {
    expect(() => parsePutLine('{"key":"a","value":12345678901234567890}')).toThrow(/come back/);
    expect(() => parseJson('{"value":12345678901234567890}', 'INVALID_OPTION', 'The body')).toThrow(
      expect.objectContaining({ code: 'INVALID_VALUE' }) as Error,
    );
    expect(() => parseJson('{', 'INVALID_OPTION', 'The body')).toThrow(/^The body is not JSON: /);
  });
});
