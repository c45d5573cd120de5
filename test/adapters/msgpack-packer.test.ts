import { describe, expect, test } from 'vitest';
import { packer } from '../../src/adapters/msgpack-packer.ts';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import { contents } from '../contract/contents.ts';
import { describePacker } from '../contract/packer.contract.ts';
import { unhex } from '../support/codec-arbitraries.ts';

describePacker('msgpack', packer);

function nested(depth: number): Uint8Array {
  return Uint8Array.from([...Array.from({ length: depth }, () => 0x91), 0xc0]);
}

describe('packed bytes', () => {
  test.each<[string, unknown, string]>([
    ['nothing', null, 'c0'],
    ['truth', [false, true], '92 c2 c3'],
    ['small integers', [0, 127, -1, -32], '94 00 7f ff e0'],
    ['larger integers', [255, 65_535, 4_294_967_295], '93 cc ff cd ffff ce ffffffff'],
    ['lower integers', [-128, -32_768, -2_147_483_648], '93 d0 80 d1 8000 d2 80000000'],
    ['integers beyond 32 bits', [2 ** 40], '91 cb 4270000000000000'],
    ['fractions', [0.5], '91 cb 3fe0000000000000'],
    ['text', ['é'], '91 a2 c3a9'],
    ['bytes', [Uint8Array.of(1, 2)], '91 c4 02 0102'],
    ['lists', [[], [[]]], '92 90 91 90'],
  ])('of %s are as the protocol says', (_, tree, packed) => {
    expect(contents(packer.pack(tree))).toBe(packed.replaceAll(' ', ''));
    expect(packer.unpack(unhex(packed))).toStrictEqual(tree);
  });

  test.each([
    ['an array of 16 bits', 'dc ffff 00'],
    ['an array of 32 bits', 'dd ffffffff 00'],
    ['an array one longer than its bytes', '93 00 00'],
    ['arrays inside one another', 'dd 00000006 dd ffffffff 00 00'],
    ['a string of 8 bits', 'd9 ff 61'],
    ['a string of 16 bits', 'da ffff 61'],
    ['a string of 32 bits', 'db ffffffff 61'],
    ['a short string', 'a2 61'],
    ['bytes of 8 bits', 'c4 ff 00'],
    ['bytes of 16 bits', 'c5 ffff 00'],
    ['bytes of 32 bits', 'c6 ffffffff 00'],
    ['an integer', 'ce 000000'],
    ['a fraction', 'cb 00000000000000'],
    ['a length', 'dd 0000'],
    ['nothing', ''],
  ])('that claim more than is there are refused: %s', (_, packed) => {
    expect(() => packer.unpack(unhex(packed))).toThrow(MalformedBytes);
  });

  test.each([
    ['an empty map', '80'],
    ['a map', '81 a161 01'],
    ['a map named __proto__', '81 a9 5f5f70726f746f5f5f 80'],
    ['a map of 16 bits', 'de 0001 a161 01'],
    ['a map of 32 bits', 'df 00000001 a161 01'],
    ['a map in an array', '92 01 80'],
    ['an extension of one byte', 'd4 01 00'],
    ['an undefined of the library', 'd4 00 00'],
    ['a record of the library', 'd4 72 40 91 a161 01'],
    ['an error of the library', 'c7 05 65 93 a0 a0 c0'],
    ['a set of the library', 'c7 02 73 91 01'],
    ['an extension of 2 bytes', 'd5 01 0000'],
    ['a timestamp of 32 bits', 'd6 ff 00000000'],
    ['a timestamp of 64 bits', 'd7 ff 0000000000000000'],
    ['an extension of 16 bytes', `d8 01 ${'00'.repeat(16)}`],
    ['a timestamp of 96 bits', `c7 0c ff ${'00'.repeat(12)}`],
    ['an extension of 16 bits', 'c8 0001 01 00'],
    ['an extension of 32 bits', 'c9 00000001 01 00'],
    ['the byte that is never used', 'c1'],
  ])('of a kind that is not allowed are refused: %s', (_, packed) => {
    expect(() => packer.unpack(unhex(packed))).toThrow('a kind of value that is not allowed here');
  });

  test('may hold arrays 16 deep, and no deeper', () => {
    expect(JSON.stringify(packer.unpack(nested(16)))).toBe(`${'['.repeat(16)}null${']'.repeat(16)}`);
    expect(() => packer.unpack(nested(17))).toThrow('arrays nested too deep');
    expect(() => packer.unpack(nested(1_000_000))).toThrow('arrays nested too deep');
  });

  test.each([
    ['numbers', '00'],
    ['empty arrays', '90'],
    ['empty strings', 'a0'],
    ['nothings', 'c0'],
  ])('may hold 100,000 values, and no more, which would take memory out of proportion: %s', (_, value) => {
    const some = (count: number): Uint8Array =>
      Buffer.concat([unhex(`dd ${count.toString(16).padStart(8, '0')}`), Buffer.alloc(count, unhex(value))]);
    expect(packer.unpack(some(99_999))).toHaveLength(99_999);
    const before = process.memoryUsage();
    expect(() => packer.unpack(some(8_000_000))).toThrow('more than 100000 values');
    const after = process.memoryUsage();
    expect(after.heapUsed - before.heapUsed).toBeLessThan(32 * 2 ** 20);
  });

  test('are one tree: more than that is refused', () => {
    expect(() => packer.unpack(unhex('c0 c0'))).toThrow('1 bytes too many');
  });
});
