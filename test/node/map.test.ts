import { describe, expect, test } from 'vitest';
import type { Value } from '../../src/index.ts';
import { temporaryDir, temporaryStore } from './temporary-store.ts';

const PAST = Date.UTC(2025, 0, 1);
const FUTURE = Date.UTC(2080, 0, 1);

describe('put and get', () => {
  test('give back each kind of value as it was, also after a restart', async () => {
    const values: Readonly<Record<string, Value>> = {
      nothing: null,
      no: false,
      zero: 0,
      half: -0.5,
      infinite: Number.NEGATIVE_INFINITY,
      large: 2n ** 64n - 1n,
      empty: '',
      text: 'Olá 😀',
      bytes: new Uint8Array([0, 255]),
      date: new Date(-1),
      list: [1, [2n, []]],
      object: { a: { b: [null] }, '': 1 },
      apart: 'v'.repeat(100_000),
    };
    const dir = await temporaryDir();
    const first = await temporaryStore({ dir });
    for (const [key, value] of Object.entries(values)) await first.put(key, value);
    expect(await first.getMany(Object.keys(values))).toStrictEqual(Object.values(values));
    await first.close();
    const second = await temporaryStore({ dir });
    expect(await second.getMany(Object.keys(values))).toStrictEqual(Object.values(values));
  });

  test('know no key that was never put', async () => {
    const store = await temporaryStore();
    expect(await store.get('k')).toBeUndefined();
    expect(await store.getEntry('k')).toBeUndefined();
    expect(await store.getMany([])).toEqual([]);
  });

  test('tell the last value, whether its predecessor was larger, smaller, or to expire', async () => {
    const store = await temporaryStore();
    for (const value of ['short', 'v'.repeat(50_000), 'short again', null]) {
      await store.put('k', value);
      expect(await store.get('k')).toBe(value);
    }
    await store.put('k', 1, { expiresAt: FUTURE });
    await store.put('k', 2);
    expect(await store.getEntry('k')).toEqual({
      key: 'k',
      value: 2,
      version: expect.any(Number),
      actor: expect.any(String),
    });
  });

  test('of one key at the same time end with the value that was put last', async () => {
    const store = await temporaryStore();
    await Promise.all(Array.from({ length: 100 }, (_, value) => store.put('k', value)));
    expect(await store.get('k')).toBe(99);
    expect(await store.count()).toBe(1);
  });

  test('refuse a value that would come back changed, and keep what was there', async () => {
    const store = await temporaryStore();
    await store.put('k', 'before');
    for (const value of [undefined, new Map(), -0, '\uD800', () => 1]) {
      await expect(store.put('k', value as Value)).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    }
    expect(await store.get('k')).toBe('before');
    expect((await store.status()).entries).toBe(1);
  });

  test('refuse an option that they do not know', async () => {
    const store = await temporaryStore();
    const options = { ttl: 5 } as object;
    await expect(store.put('k', 1, options)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: 'The option `ttl` is not known; known are ttlMs, expiresAt, ifVersion, ifAbsent.',
    });
    expect(await store.get('k')).toBeUndefined();
  });
});

describe('getEntry', () => {
  test('adds the version, which grows with each write, the actor, and the expiry', async () => {
    const store = await temporaryStore({ nodeId: 'lisboa' });
    await store.put('a', 1);
    await store.put('b', 2, { expiresAt: FUTURE });
    const a = await store.getEntry('a');
    const b = await store.getEntry('b');
    expect(a).toMatchObject({ key: 'a', value: 1, actor: expect.stringMatching(/^lisboa\+/) });
    expect(a).not.toHaveProperty('expiresAt');
    expect(b).toMatchObject({ key: 'b', value: 2, actor: a?.actor, expiresAt: FUTURE });
    expect(b?.version).toBeGreaterThan(a?.version ?? Number.POSITIVE_INFINITY);
  });
});

describe('getMany', () => {
  test('answers in the order of the keys, with gaps, and as often as a key is asked for', async () => {
    const store = await temporaryStore();
    await store.batch([
      { type: 'put', key: 'a', value: 1 },
      { type: 'put', key: 'b', value: 2 },
      { type: 'put', key: 'gone', value: 3, expiresAt: PAST },
    ]);
    const keys = ['b', 'none', 'a', 'gone', 'b'];
    expect(await store.getMany(keys)).toEqual([2, undefined, 1, undefined, 2]);
  });

  test('takes a list only', async () => {
    const store = await temporaryStore();
    await expect(store.getMany('ab' as unknown as string[])).rejects.toMatchObject({ code: 'INVALID_KEY' });
  });
});

describe('del', () => {
  test('tells whether there was a live entry', async () => {
    const store = await temporaryStore();
    expect(await store.del('k')).toMatchObject({ existed: false });
    await store.put('k', null);
    expect(await store.del('k')).toMatchObject({ existed: true });
    expect(await store.del('k')).toMatchObject({ existed: false });
    await store.put('k', 1, { expiresAt: PAST });
    expect(await store.del('k')).toMatchObject({ existed: false });
    await store.put('k', 1, { expiresAt: FUTURE });
    expect(await store.del('k')).toMatchObject({ existed: true });
    expect(await store.get('k')).toBeUndefined();
  });

  test('tells it right of writes that are under way', async () => {
    const store = await temporaryStore();
    const outcomes = await Promise.all([
      store.put('k', 1),
      store.del('k'),
      store.del('k'),
      store.put('k', 1, { expiresAt: PAST }),
      store.del('k'),
      store.put('k', 1, { expiresAt: FUTURE }),
      store.del('k'),
    ]);
    const deleted = outcomes.filter((outcome) => 'existed' in outcome);
    expect(deleted.map(({ existed }) => existed)).toEqual([true, false, false, true]);
  });

  test('tells it right after a restart, also of what expires', async () => {
    const dir = await temporaryDir();
    const first = await temporaryStore({ dir });
    await first.put('plain', 1);
    await first.put('gone', 1, { expiresAt: PAST });
    await first.put('going', 1, { expiresAt: FUTURE });
    await first.put('deleted', 1);
    await first.del('deleted');
    await first.close();
    const second = await temporaryStore({ dir });
    const keys = ['plain', 'gone', 'going', 'deleted'];
    const outcomes = await Promise.all(keys.map((key) => second.del(key)));
    expect(outcomes.map(({ existed }) => existed)).toEqual([true, false, true, false]);
  });
});

describe('count', () => {
  test('leaves out what is deleted or expired, with a prefix and without', async () => {
    const store = await temporaryStore();
    await store.batch([
      { type: 'put', key: 'a/1', value: 1 },
      { type: 'put', key: 'a/2', value: 1, expiresAt: FUTURE },
      { type: 'put', key: 'a/3', value: 1, expiresAt: PAST },
      { type: 'put', key: 'b/1', value: 1 },
    ]);
    await store.del('b/1');
    expect(await store.count()).toBe(2);
    expect(await store.count({ prefix: '' })).toBe(2);
    expect(await store.count({ prefix: 'a/' })).toBe(2);
    expect(await store.count({ prefix: 'a/1' })).toBe(1);
    expect(await store.count({ prefix: 'b' })).toBe(0);
    expect(await store.status()).toMatchObject({ entries: 4, permanent: 1 });
  });

  test('refuses a prefix that is no string, and what it does not know', async () => {
    const store = await temporaryStore();
    for (const options of [{ prefix: 5 }, { prefx: 'a' }]) {
      await expect(store.count(options as object)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    }
  });
});
