import { describe, expect, test } from 'vitest';
import type { BatchOperation, Store, Value } from '../../src/index.ts';
import { temporaryStore } from './temporary-store.ts';

const MIB = 2 ** 20;

/** What msgpack puts before the content of a long string or of many bytes: a type and 32 bits of length. */
const HEAD_BYTES = 5;

/** A value of `bytes` bytes packed. */
const packedTo = (bytes: number): Uint8Array => new Uint8Array(bytes - HEAD_BYTES).fill(7);

const puts = (count: number, value: Value = 1): BatchOperation[] =>
  Array.from({ length: count }, (_, at) => ({ type: 'put', key: `${at}`.padStart(5, '0'), value }));

/** Whatever was refused, nothing of it is there, and the store goes on. */
async function expectUntouched(store: Store): Promise<void> {
  expect(await store.status()).toMatchObject({ entries: 0, permanent: 0, lastVersion: 0 });
  await store.put('z', 1);
  expect(await store.count()).toBe(1);
}

describe('a key', () => {
  test.each([
    ['one byte', 'a'],
    ['1,024 bytes of ASCII', 'a'.repeat(1024)],
    ['1,024 bytes of characters of two', 'é'.repeat(512)],
    ['1,024 bytes of characters of three, and one', `${'€'.repeat(341)}a`],
    ['1,024 bytes of characters of four', '😀'.repeat(256)],
  ])('of %s is stored', async (_name, key) => {
    const store = await temporaryStore();
    await store.put(key, 'v');
    expect(await store.getEntry(key)).toMatchObject({ key, value: 'v' });
    expect(await store.del(key)).toMatchObject({ existed: true });
  });

  test.each([
    ['1,025 bytes of ASCII', 'a'.repeat(1025), 1025],
    ['513 characters of two bytes', 'é'.repeat(513), 1026],
    ['342 characters of three bytes', '€'.repeat(342), 1026],
    ['256 characters of four bytes, and one', `${'😀'.repeat(256)}a`, 1025],
  ])('of %s is refused everywhere, and nothing is stored', async (_name, key, bytes) => {
    const store = await temporaryStore();
    const refused = {
      code: 'INVALID_KEY',
      message: `A key must have at most 1024 bytes of UTF-8, and this one has ${bytes}.`,
    };
    await expect(store.put(key, 1)).rejects.toMatchObject(refused);
    await expect(store.del(key)).rejects.toMatchObject(refused);
    await expect(store.batch([...puts(3), { type: 'del', key }])).rejects.toMatchObject(refused);
    await expectUntouched(store);
  });
});

describe('a value', () => {
  test('of 8 MiB packed is stored, and comes back', async () => {
    const store = await temporaryStore();
    const value = packedTo(8 * MIB);
    await store.put('k', value);
    const read = await store.get('k');
    expect(read instanceof Uint8Array && Buffer.compare(read, value) === 0).toBe(true);
  });

  test('of one byte more is refused, and what was there stays', async () => {
    const store = await temporaryStore();
    await store.put('k', 'before');
    for (const value of [packedTo(8 * MIB + 1), 'x'.repeat(8 * MIB + 1 - HEAD_BYTES)]) {
      await expect(store.put('k', value)).rejects.toMatchObject({
        code: 'VALUE_TOO_LARGE',
        message: expect.stringMatching(/^A value must have at most 8388608 bytes .* has 8388609: .*\.$/),
      });
    }
    expect(await store.get('k')).toBe('before');
  });
});

describe('a batch', () => {
  test('of 10,000 operations is stored', async () => {
    const store = await temporaryStore();
    await store.batch(puts(10_000));
    expect(await store.count()).toBe(10_000);
    expect(await store.get('09999')).toBe(1);
  });

  test('of 10,001 operations is refused, and nothing is stored', async () => {
    const store = await temporaryStore();
    await expect(store.batch(puts(10_001))).rejects.toMatchObject({
      code: 'BATCH_TOO_LARGE',
      message: 'A batch must have at most 10000 operations, and this one has 10001.',
    });
    await expectUntouched(store);
  });

  test('of 8 MiB of keys and packed values is stored', async () => {
    const store = await temporaryStore();
    await store.batch(puts(8, packedTo(MIB - 5)));
    expect(await store.count()).toBe(8);
  });

  test('of one byte more is refused, also when it is one of a key, and nothing is stored', async () => {
    const store = await temporaryStore();
    const refused = {
      code: 'BATCH_TOO_LARGE',
      message: 'A batch must have at most 8388608 bytes of keys and packed values, and this one has more.',
    };
    const atTheLimit = puts(8, packedTo(MIB - 5));
    await expect(store.batch([...atTheLimit, { type: 'del', key: 'x' }])).rejects.toMatchObject(refused);
    await expect(
      store.batch([...atTheLimit.slice(1), { type: 'put', key: 'k', value: packedTo(MIB) }]),
    ).rejects.toMatchObject(refused);
    await expectUntouched(store);
  });
});

describe('a lower limit', () => {
  test('of a key holds at its edge', async () => {
    const store = await temporaryStore({ limits: { keyBytesMax: 3 } });
    await expect(store.put('abcd', 1)).rejects.toMatchObject({
      code: 'INVALID_KEY',
      message: 'A key must have at most 3 bytes of UTF-8, and this one has 4.',
    });
    await expect(store.put('éé', 1)).rejects.toMatchObject({ code: 'INVALID_KEY' });
    await expectUntouched(store);
    await store.put('€', 1);
    expect(await store.get('€')).toBe(1);
  });

  test('of a value holds at its edge, in a batch too', async () => {
    const store = await temporaryStore({ limits: { valueBytesMax: 3 } });
    const tooLarge = { code: 'VALUE_TOO_LARGE', message: expect.stringContaining('at most 3 bytes') };
    await expect(store.put('k', 'abc')).rejects.toMatchObject(tooLarge);
    await expect(store.batch(puts(2, 'abc'))).rejects.toMatchObject(tooLarge);
    await expectUntouched(store);
    await store.put('k', 'ab');
    expect(await store.get('k')).toBe('ab');
  });

  test('of operations holds at its edge', async () => {
    const store = await temporaryStore({ limits: { batchEntriesMax: 2 } });
    await expect(store.batch(puts(3))).rejects.toMatchObject({
      code: 'BATCH_TOO_LARGE',
      message: 'A batch must have at most 2 operations, and this one has 3.',
    });
    await expectUntouched(store);
    await store.batch(puts(2));
    expect(await store.count()).toBe(3);
  });

  test('of the bytes of a batch holds at its edge, and single writes do not count', async () => {
    const store = await temporaryStore({ limits: { batchBytesMax: 12 } });
    await expect(store.batch([...puts(2), { type: 'del', key: 'x' }])).rejects.toMatchObject({
      code: 'BATCH_TOO_LARGE',
      message: expect.stringContaining('at most 12 bytes'),
    });
    await expectUntouched(store);
    await store.batch(puts(2));
    await store.put('single', 'longer than twelve bytes');
    expect(await store.count()).toBe(4);
  });
});
