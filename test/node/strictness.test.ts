import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openNode, openStore } from '../../src/index.ts';
import { temporaryDir, temporaryStore } from './temporary-store.ts';

const nothing = null as unknown as undefined;

test('what is no options object is refused by name, everywhere', async () => {
  const store = await temporaryStore();
  for (const refused of [
    store.put('k', 1, nothing),
    store.count(nothing),
    store.entries(nothing).next(),
    store.count({ limit: 1 } as object),
    store.batch([{ type: 'del', key: 'k', ttlMs: 1 } as never]),
  ]) {
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  }
});

test('holes in lists are refused like what is not there', async () => {
  const store = await temporaryStore();
  const operations: never[] = [];
  operations.length = 1;
  await expect(store.batch(operations)).rejects.toMatchObject({ code: 'BATCH_INVALID' });
  const keys: string[] = [];
  keys[1] = 'k';
  await expect(store.getMany(keys)).rejects.toMatchObject({ code: 'INVALID_KEY' });
});

test.each([
  ['tombstoneTtlMs', 5.5],
  ['tombstoneTtlMs', Number.NaN],
  ['tombstoneTtlMs', 5n],
  ['log', 5],
  ['log', null],
  ['log', {}],
  ['limits', null],
  ['limits', []],
])('the option %s is refused as %s, with a sentence that names it', async (field, value) => {
  const dir = await temporaryDir();
  await expect(openStore({ dir, [field]: value })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringContaining(`\`${field}\``) as string,
  });
});

test.each(['listen', 'peers'] as const)(
  'the option %s is named when an address in it is wrong',
  async (field) => {
    const dir = await temporaryDir();
    const value = field === 'peers' ? ['non sense'] : 'nonsense';
    await expect(openNode({ dir, [field]: value })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(`\`${field}\``) as string,
    });
  },
);

test('a key longer than this node may write can be read', async () => {
  const dir = await temporaryDir();
  const before = await openStore({ dir });
  await before.put('longer', 1);
  await before.close();
  const store = await openStore({ dir, limits: { keyBytesMax: 3 } });
  expect(await store.get('longer')).toBe(1);
  expect(await store.getMany(['longer'])).toEqual([1]);
  await expect(store.put('longer', 2)).rejects.toMatchObject({ code: 'INVALID_KEY' });
  await store.close();
});

test('a folder whose holder cannot be noted is refused with a sentence, and is not left locked', async () => {
  const dir = await temporaryDir();
  await mkdir(join(dir, 'holder.json'), { recursive: true });
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(openStore({ dir })).rejects.toMatchObject({ code: 'STORE_UNREADABLE' });
  }
});

test('a count is right while writes are on their way', async () => {
  const store = await temporaryStore();
  await store.put('k', 1);
  for (let round = 0; round < 40; round++) {
    const writing = round % 2 === 0 ? store.put('k', 2, { ttlMs: 1e7 }) : store.put('k', 2);
    expect(await store.count()).toBe(1);
    await writing;
  }
});

test('closing waits for reads that were begun', async () => {
  const dir = await temporaryDir();
  const store = await openStore({ dir });
  const keys = Array.from({ length: 300 }, (_, index) => `k${index}`);
  await store.batch(
    keys.map((key, index) => ({ type: 'put', key, value: 'v'.repeat(index % 30 ? 1 : 9000) })),
  );
  const [values, counted, counts] = [store.getMany(keys), store.count({ prefix: 'k' }), store.count()];
  await store.close();
  expect((await values).every((value) => value !== undefined)).toBe(true);
  expect(await counted).toBe(300);
  expect(await counts).toBe(300);
});

test('a node that is closing takes nothing more', async () => {
  const node = await openNode({ dir: await temporaryDir() });
  const closing = node.close();
  for (const refused of [node.put('a', 1), node.sync(), node.status(), node.get('a')]) {
    await expect(refused).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  }
  await closing;
});
