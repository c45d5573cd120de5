import { describe, expect, test } from 'vitest';
import type { BatchOperation } from '../../src/index.ts';
import { contentsOf, temporaryDir, temporaryStore } from './temporary-store.ts';

describe('a batch', () => {
  test('puts and deletes together, also after a restart', async () => {
    const dir = await temporaryDir();
    const first = await temporaryStore({ dir });
    await first.put('old', 1);
    await first.batch([
      { type: 'put', key: 'a', value: 1 },
      { type: 'del', key: 'old' },
      { type: 'put', key: 'b', value: 2, ttlMs: 1_000_000 },
      { type: 'del', key: 'never' },
    ]);
    const expected = new Map([
      ['a', 1],
      ['b', 2],
    ]);
    expect(await contentsOf(first)).toEqual(expected);
    await first.close();
    expect(await contentsOf(await temporaryStore({ dir }))).toEqual(expected);
  });

  test('of nothing is done, and writes nothing', async () => {
    const store = await temporaryStore();
    await store.batch([]);
    expect(await store.status()).toMatchObject({ entries: 0, lastVersion: 0 });
  });

  test('is there as a whole or not at all, whenever it is read', async () => {
    const store = await temporaryStore();
    const keys = Array.from({ length: 300 }, (_, at) => `k${at}`);
    const write = async (): Promise<void> => {
      for (let round = 0; round < 20; round++) {
        await store.batch(keys.map((key) => ({ type: 'put', key, value: round })));
      }
    };
    const state = { isWriting: true, reads: 0 };
    const writing = write().finally(() => (state.isWriting = false));
    while (state.isWriting) {
      const values = await contentsOf(store);
      expect([0, keys.length]).toContain(values.size);
      expect(new Set(values.values()).size).toBeLessThanOrEqual(1);
      expect(new Set(await store.getMany(keys)).size).toBe(1);
      state.reads++;
    }
    await writing;
    expect(state.reads).toBeGreaterThan(0);
    expect(new Set((await contentsOf(store)).values())).toEqual(new Set([19]));
  });

  test('takes the values as they are when it is called', async () => {
    const store = await temporaryStore();
    const value = { name: 'before' };
    const operations: BatchOperation[] = [{ type: 'put', key: 'k', value }];
    const done = store.batch(operations);
    value.name = 'after';
    operations.length = 0;
    await done;
    expect(await store.get('k')).toEqual({ name: 'before' });
  });

  /** What is wrong with the last operation, the code, the sentence. */
  test.each([
    ['a key twice', { type: 'del', key: 'a' }, 'BATCH_INVALID', 'Operation 1 of the batch has a key that'],
    ['an unknown type', { type: 'get', key: 'b' }, 'BATCH_INVALID', 'Operation 1 of the batch must have'],
    ['no type', { key: 'b', value: 1 }, 'BATCH_INVALID', 'Operation 1 of the batch must have'],
    ['null', null, 'BATCH_INVALID', 'Operation 1 of the batch must have'],
    ['no key', { type: 'put', value: 1 }, 'INVALID_KEY', 'A key must be a string'],
    ['an empty key', { type: 'del', key: '' }, 'INVALID_KEY', 'A key must have at least one character'],
    ['no value', { type: 'put', key: 'b' }, 'INVALID_VALUE', 'The value cannot be stored: undefined'],
    ['a bad value', { type: 'put', key: 'b', value: -0 }, 'INVALID_VALUE', 'The value cannot be stored: -0'],
    ['a bad expiry', { type: 'put', key: 'b', value: 1, ttlMs: 0 }, 'INVALID_EXPIRY', 'ttlMs must be'],
    [
      'an unknown option',
      { type: 'put', key: 'b', value: 1, ttl: 1 },
      'INVALID_OPTION',
      '`ttl` is not known',
    ],
  ])('with %s is refused as a whole', async (_name, bad, code, sentence) => {
    const store = await temporaryStore();
    await store.put('a', 'before');
    const { lastVersion } = await store.status();
    const operations = [{ type: 'put', key: 'a', value: 'after' }, bad] as BatchOperation[];
    await expect(store.batch(operations)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(sentence),
    });
    expect(await contentsOf(store)).toEqual(new Map([['a', 'before']]));
    expect((await store.status()).lastVersion).toBe(lastVersion);
  });

  test.each([[undefined], [null], ['ab'], [{ type: 'del', key: 'a' }]])(
    'must be a list, not %j',
    async (operations) => {
      const store = await temporaryStore();
      await expect(store.batch(operations as unknown as BatchOperation[])).rejects.toMatchObject({
        code: 'BATCH_INVALID',
        message: 'A batch must be a list of operations.',
      });
    },
  );
});
