import { describe, expect, test } from 'vitest';
import { openStore, type Store } from '../../src/index.ts';
import { contentsOf, temporaryDir, temporaryNode, temporaryStore } from './temporary-store.ts';

const CLOSED = { name: 'BoatoError', code: 'STORE_CLOSED' };

/** Each call of a store, made in a way that a failure is a rejection. */
const CALLS: readonly (readonly [name: string, call: (store: Store) => Promise<unknown>])[] = [
  ['put', (store) => store.put('k', 1)],
  ['get', (store) => store.get('k')],
  ['getEntry', (store) => store.getEntry('k')],
  ['getMany', (store) => store.getMany(['k'])],
  ['getMany of nothing', (store) => store.getMany([])],
  ['del', (store) => store.del('k')],
  ['batch', (store) => store.batch([{ type: 'del', key: 'k' }])],
  ['batch of nothing', (store) => store.batch([])],
  ['entries', (store) => store.entries().next()],
  ['count', (store) => store.count()],
  ['count of a prefix', (store) => store.count({ prefix: 'k' })],
  ['status', async (store) => store.status()],
  ['collect', (store) => store.collect()],
  ['compact', (store) => store.compact()],
];

describe('close', () => {
  test('waits for every write that was begun, and a reopening finds them', async () => {
    const dir = await temporaryDir();
    const store = await openStore({ dir });
    await store.put('deleted', 1);
    const begun = [
      ...Array.from({ length: 2000 }, (_, at) => store.put(`k${at}`, at)),
      store.batch([
        { type: 'put', key: 'a', value: 1 },
        { type: 'put', key: 'large', value: 'v'.repeat(100_000) },
      ]),
      store.del('deleted'),
    ];
    await store.close();
    const outcomes = await Promise.all(begun);
    expect(outcomes.at(-1)).toMatchObject({ existed: true });
    const contents = await contentsOf(await temporaryStore({ dir }));
    expect(contents.size).toBe(2002);
    expect(contents.get('k1999')).toBe(1999);
    expect(contents.has('deleted')).toBe(false);
  });

  test('waits for reads and counts that were begun', async () => {
    const store = await temporaryStore();
    await store.batch([
      { type: 'put', key: 'k', value: 1 },
      { type: 'put', key: 'l', value: 2 },
    ]);
    const begun = [store.get('k'), store.getMany(['l', 'none', 'k']), store.count()];
    await store.close();
    expect(await Promise.all(begun)).toEqual([1, [2, undefined, 1], 2]);
  });

  test('lets every call fail that comes after it, also while it is under way', async () => {
    const store = await temporaryStore();
    await store.put('k', 1);
    const closing = store.close();
    for (const [name, call] of CALLS) await expect(call(store), name).rejects.toMatchObject(CLOSED);
    await closing;
    for (const [name, call] of CALLS) await expect(call(store), name).rejects.toMatchObject(CLOSED);
  });

  test('of a node lets every call fail that comes after it', async () => {
    const node = await temporaryNode();
    await node.put('k', 1);
    await node.close();
    for (const [name, call] of CALLS) await expect(call(node), name).rejects.toMatchObject(CLOSED);
    await expect(node.sync({ wait: true })).rejects.toMatchObject(CLOSED);
  });

  test('is harmless when repeated, at the same time and later', async () => {
    const dir = await temporaryDir();
    const store = await openStore({ dir });
    await Promise.all([store.close(), store.close(), store[Symbol.asyncDispose]()]);
    await store.close();
    const next = await temporaryStore({ dir });
    await store.close();
    await next.put('k', 1);
    expect(await next.get('k')).toBe(1);
  });

  test.each([
    ['a store', (dir: string) => openStore({ dir })],
    ['a node', (dir: string) => temporaryNode({ dir })],
  ])('is what disposing of %s does', async (_name, open) => {
    const dir = await temporaryDir();
    const store = await open(dir);
    await store.put('k', 1);
    await store[Symbol.asyncDispose]();
    await expect(store.get('k')).rejects.toMatchObject(CLOSED);
    expect(await (await temporaryStore({ dir })).get('k')).toBe(1);
  });

  test('marks its stop as clean, so that nothing is said of it at the next start', async () => {
    const dir = await temporaryDir();
    const lines: string[] = [];
    const add = (_fields: object, message: string): void => void lines.push(message);
    const log = { debug: add, info: add, warn: add, error: add };
    for (let run = 0; run < 2; run++) {
      const store = await openStore({ dir, log });
      await store.put('k', run);
      await store.close();
    }
    expect(lines).toEqual([]);
  });
});

describe('entries that are open when the store closes', () => {
  test('fail with a code, and never look like the end', async () => {
    const dir = await temporaryDir();
    const store = await openStore({ dir });
    const count = 2000;
    await store.batch(
      Array.from({ length: count }, (_, at) => ({ type: 'put', key: `k${at}`, value: 1 }) as const),
    );
    const entries = store.entries();
    const state = { seen: 0 };
    await entries.next();
    state.seen++;
    await store.close();
    const readOn = async (): Promise<void> => {
      for await (const _ of entries) state.seen++;
    };
    await expect(readOn()).rejects.toMatchObject(CLOSED);
    expect(state.seen).toBeLessThan(count);
    expect(await (await temporaryStore({ dir })).count()).toBe(count);
  });

  test('can be left without a failure', async () => {
    const store = await temporaryStore();
    await store.batch(
      Array.from({ length: 600 }, (_, at) => ({ type: 'put', key: `k${at}`, value: 1 }) as const),
    );
    const entries = store.entries();
    await entries.next();
    await store.close();
    expect(await entries.return?.()).toEqual({ done: true, value: undefined });
  });
});
