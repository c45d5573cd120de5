import { describe, expect, test } from 'vitest';
import { brotli } from '../../src/adapters/brotli.ts';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import { compressed, plain } from '../../src/gossip/compressed.ts';

const text = new TextEncoder().encode('a place of the world, '.repeat(1000));
const random = createSeededRandom(1);
const small = await brotli.compress(text);
const noise = Uint8Array.from({ length: 20_000 }, () => random.uint32());

describe('a chunk', () => {
  test('travels smaller, and comes back as it was', async () => {
    const travelling = await compressed(brotli, text);
    expect(travelling.plainBytes).toBe(text.length);
    expect(travelling.entries.length).toBeLessThan(text.length / 20);
    expect(await plain(brotli, travelling)).toEqual(text);
  });

  test.each([
    ['that does not shrink', brotli, noise],
    ['that is small', brotli, text.subarray(0, 511)],
    ['of a session that is not compressed', undefined, text],
  ])('%s travels as it is', async (_, compressor, entries) => {
    const travelling = await compressed(compressor, entries);
    expect(travelling).toEqual({ entries, plainBytes: 0 });
    expect(await plain(compressor, travelling)).toBe(entries);
  });

  test.each([
    ['was not asked for', undefined, (length: number) => length],
    ['is longer than was said', brotli, (length: number) => length - 1],
    ['is shorter than was said', brotli, (length: number) => length + 1],
    ['is said to be longer than a message may be', brotli, () => 2 ** 24 + 1],
  ])('that %s is malformed', async (_, compressor, said) => {
    const { entries, plainBytes } = await compressed(brotli, text);
    await expect(plain(compressor, { entries, plainBytes: said(plainBytes) })).rejects.toThrow(
      MalformedBytes,
    );
  });

  test.each([
    ['that is no stream', noise],
    ['that is cut off', small.subarray(0, 20)],
  ])('%s is malformed', async (_, entries) => {
    await expect(plain(brotli, { entries, plainBytes: text.length })).rejects.toThrow(MalformedBytes);
  });

  test('that would fill the memory is not unpacked further than was said', async () => {
    const bomb = await brotli.compress(new Uint8Array(2 ** 26));
    expect(bomb.length).toBeLessThan(20_000);
    await expect(plain(brotli, { entries: bomb, plainBytes: 1000 })).rejects.toThrow(MalformedBytes);
  });
});
