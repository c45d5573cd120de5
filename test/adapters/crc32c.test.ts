import { describe, expect, test } from 'vitest';
import { crc32c } from '../../src/adapters/crc32c.ts';

/** A bit at a time. */
function slowly(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

describe('crc32c', () => {
  test('is as RFC 3720 and LevelDB have it', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, at) => at))).toBe(0x46dd794e);
  });

  test('is the same whatever the length, and wherever in memory the bytes are', () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, at) => (at * 37) & 0xff);
    for (let from = 0; from < 9; from++)
      for (let to = from; to < 60; to++)
        expect(crc32c(bytes.subarray(from, to))).toBe(slowly(bytes.subarray(from, to)));
  });
});
