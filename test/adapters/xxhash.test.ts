import { beforeAll, describe, expect, test } from 'vitest';
import { createHash64 } from '../../src/adapters/xxhash.ts';
import type { Hash64 } from '../../src/core/hash64.ts';
import { utf8 } from '../support/replica-fixture.ts';

const PRIME32 = 2_654_435_761n;
const PRIME64 = 11_400_714_785_074_694_797n;

/** The bytes of the sanity check that comes with the reference implementation. */
function sanityBytes(length: number): Uint8Array {
  let generator = PRIME32;
  return Uint8Array.from({ length }, () => {
    const byte = Number(generator >> 56n);
    generator = BigInt.asUintN(64, generator * PRIME64);
    return byte;
  });
}

let hash64: Hash64;
beforeAll(async () => {
  hash64 = await createHash64();
});

describe('xxHash64', () => {
  test.each([
    ['', 0xef46_db37_51d8_e999n],
    ['a', 0xd24e_c4f1_a98c_6e5bn],
    ['as', 0x1c33_0fb2_d66b_e179n],
    ['asd', 0x631c_37ce_72a9_7393n],
    ['asdf', 0x4158_72f5_99ce_a71en],
    ['abc', 0x44bc_2cf5_ad77_0999n],
    ['Call me Ishmael. Some years ago--never mind how long precisely-', 0x02a2_e854_70d6_fd96n],
  ])('of %j without a seed is as published', (text, hash) => {
    expect(hash64(utf8(text))).toBe(hash);
    expect(hash64(utf8(text), 0n)).toBe(hash);
  });

  test.each([
    [0, 0n, 0xef46_db37_51d8_e999n],
    [0, PRIME32, 0xac75_fda2_929b_17efn],
    [1, 0n, 0xe934_a84a_db05_2768n],
    [1, PRIME32, 0x5014_6076_43a9_b4c3n],
    [4, 0n, 0x9136_a0dc_a574_57een],
    [14, 0n, 0x8282_dcc4_994e_35c8n],
    [14, PRIME32, 0xc3bd_6bf6_3deb_6df0n],
    [222, 0n, 0xb641_ae8c_b691_c174n],
    [222, PRIME32, 0x20cb_8ab7_ae10_c14an],
  ])('of %i bytes with the seed %s is as in the reference', (length, seed, hash) => {
    expect(hash64(sanityBytes(length), seed)).toBe(hash);
  });

  test('is an unsigned integer of 64 bits, the upper half of which is used', () => {
    const hashes = Array.from({ length: 64 }, (_, length) => hash64(sanityBytes(length)));
    expect(hashes.every((hash) => hash >= 0n && hash < 2n ** 64n)).toBe(true);
    expect(hashes.some((hash) => hash >= 2n ** 63n)).toBe(true);
  });

  test('is of the bytes in view only, wherever they lie, and leaves them as they are', () => {
    const around = Uint8Array.from([9, ...utf8('asdf'), 9]);
    const view = around.subarray(1, 5);
    expect(hash64(view)).toBe(0x4158_72f5_99ce_a71en);
    expect(hash64(Buffer.from('asdf'))).toBe(0x4158_72f5_99ce_a71en);
    expect([...around]).toEqual([9, ...utf8('asdf'), 9]);
  });

  test('takes seeds of 64 bits', () => {
    const bytes = utf8('asdf');
    const seeds = [0n, 1n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n];
    expect(new Set(seeds.map((seed) => hash64(bytes, seed))).size).toBe(seeds.length);
  });

  test('does not remember: long bytes before change nothing', () => {
    hash64(new Uint8Array(300_000).fill(7));
    expect(hash64(new Uint8Array(0))).toBe(0xef46_db37_51d8_e999n);
  });
});
