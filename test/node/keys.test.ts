import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { simulatedMap } from './simulated-map.ts';
import { keysOf, temporaryDir, temporaryStore } from './temporary-store.ts';

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Where UTF-16 and UTF-8 order, encodings of one to four bytes, and what is often special meet. */
const CURIOUS = [
  '\u0000',
  '\u0000\u0000',
  '\t\n',
  ' ',
  '/',
  '\u007F',
  '\u0080',
  '\u07FF',
  '\u0800',
  '\uD7FF',
  '\uE000',
  '\uFEFF',
  '\uFEFFa',
  '\uFFFD',
  '\uFFFE',
  '\uFFFF',
  '\u{10000}',
  '\u{1F600}',
  '\u{10FFFF}',
  'e\u0301',
  '\u00E9',
  '__proto__',
  'constructor',
];

describe('a key', () => {
  test('comes back as it was, whatever well-formed string it is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), { maxLength: 20 }),
        async (keys) => {
          const { store } = await simulatedMap();
          for (const [index, key] of keys.entries()) await store.put(key, index);
          expect(await store.getMany(keys)).toEqual(keys.map((_, index) => index));
          expect(await keysOf(store)).toEqual(keys.toSorted(byBytes));
          await store.close();
        },
      ),
      { numRuns: 40 },
    );
  });

  test('is one of its own if it looks or sorts like another, also after a restart', async () => {
    const dir = await temporaryDir();
    const first = await temporaryStore({ dir });
    await first.batch(CURIOUS.map((key, value) => ({ type: 'put', key, value })));
    await first.close();
    const second = await temporaryStore({ dir });
    expect(await second.getMany(CURIOUS)).toEqual(CURIOUS.map((_, value) => value));
    expect((await second.getEntry('\uFEFFa'))?.key).toBe('\uFEFFa');
  });

  test.each([
    ['nothing', ''],
    ['a number', 5],
    ['null', null],
    ['undefined', undefined],
    ['bytes', new Uint8Array([97])],
    ['a list', ['a']],
    ['a high surrogate alone', 'a\uD83D'],
    ['a low surrogate alone', '\uDE00a'],
    ['surrogates the wrong way round', '\uDE00\uD83D'],
  ])('that is %s is refused everywhere with one sentence, and nothing is stored', async (_name, bad) => {
    const store = await temporaryStore();
    const key = bad as string;
    const refused = {
      name: 'BoatoError',
      code: 'INVALID_KEY',
      message: expect.stringMatching(/^A key must [^.]+\.$/),
    };
    await expect(store.put(key, 1)).rejects.toMatchObject(refused);
    await expect(store.get(key)).rejects.toMatchObject(refused);
    await expect(store.getEntry(key)).rejects.toMatchObject(refused);
    await expect(store.getMany(['a', key])).rejects.toMatchObject(refused);
    await expect(store.del(key)).rejects.toMatchObject(refused);
    await expect(
      store.batch([
        { type: 'put', key: 'a', value: 1 },
        { type: 'put', key, value: 1 },
      ]),
    ).rejects.toMatchObject(refused);
    expect(await store.count()).toBe(0);
    expect((await store.status()).entries).toBe(0);
  });
});

describe('the order of keys', () => {
  test('is that of their UTF-8 bytes, in which surrogate pairs follow U+FFFF', async () => {
    const store = await temporaryStore();
    await store.batch(CURIOUS.map((key) => ({ type: 'put', key, value: 1 })));
    const keys = await keysOf(store);
    expect(keys).toEqual(CURIOUS.toSorted(byBytes));
    expect(keys).not.toEqual(CURIOUS.toSorted());
    expect(keys.indexOf('\uFFFF')).toBeLessThan(keys.indexOf('\u{10000}'));
    expect(await keysOf(store, { reverse: true })).toEqual(keys.toReversed());
    expect(await keysOf(store, { gt: '\uFFFF' })).toEqual(['\u{10000}', '\u{1F600}', '\u{10FFFF}']);
    expect(await keysOf(store, { lt: '\u{10000}', gt: '\uFFFD' })).toEqual(['\uFFFE', '\uFFFF']);
  });
});
