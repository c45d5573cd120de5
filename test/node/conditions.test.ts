/** Conditional writes: compare-and-set against what is live on this node. */

import { describe, expect, test } from 'vitest';
import { type BatchOperation, ConditionError, type Store } from '../../src/index.ts';
import { simulatedMap } from './simulated-map.ts';
import { contentsOf, temporaryDir, temporaryStore } from './temporary-store.ts';

const FAILED = { name: 'ConditionError', code: 'CONDITION_FAILED' };

async function holds(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionError) return false;
    throw error;
  }
}

describe('ifAbsent', () => {
  test('lets one of many writers make a key, and tells the others what is there', async () => {
    const store = await temporaryStore();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 100 }, (_, at) => store.put('k', at, { ifAbsent: true })),
    );
    const made = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    expect(made).toHaveLength(1);
    expect(await store.get('k')).toBe(0);
    const { version, actor } = (await store.getEntry('k')) ?? {};
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue;
      expect(outcome.reason).toBeInstanceOf(ConditionError);
      expect(outcome.reason).toMatchObject({ ...FAILED, key: 'k', present: { version, actor } });
    }
  });

  test('holds where an entry was deleted, or has expired', async () => {
    const { store, clock } = await simulatedMap();
    await store.put('deleted', 1);
    await store.del('deleted');
    await store.put('brief', 1, { ttlMs: 1000 });
    expect(await holds(store.put('brief', 2, { ifAbsent: true }))).toBe(false);
    await clock.advance(1000);
    expect(await holds(store.put('brief', 2, { ifAbsent: true }))).toBe(true);
    expect(await holds(store.put('deleted', 2, { ifAbsent: true }))).toBe(true);
  });

  test('that is false is no condition', async () => {
    const store = await temporaryStore();
    await store.put('k', 1);
    expect(await holds(store.put('k', 2, { ifAbsent: false }))).toBe(true);
  });
});

describe('ifVersion', () => {
  test('takes what a read or a write answered, or the version alone', async () => {
    const store = await temporaryStore();
    const first = await store.put('k', 1);
    const second = await store.put('k', 2, { ifVersion: first });
    const third = await store.put('k', 3, { ifVersion: second.version });
    const read = await store.getEntry('k');
    expect(read).toMatchObject({ value: 3, version: third.version, actor: third.actor });
    if (read === undefined) throw new Error('it is there');
    await store.put('k', 4, { ifVersion: read });
    expect(await holds(store.put('k', 5, { ifVersion: read }))).toBe(false);
    expect(await store.get('k')).toBe(4);
  });

  test('holds across a restart', async () => {
    const dir = await temporaryDir();
    const first = await temporaryStore({ dir });
    const written = await first.put('k', 1);
    await first.close();
    const second = await temporaryStore({ dir });
    expect(await holds(second.put('k', 2, { ifVersion: written }))).toBe(true);
    expect(await holds(second.put('k', 3, { ifVersion: written }))).toBe(false);
  });

  test('does not hold where another actor has given the same version', async () => {
    const store = await temporaryStore();
    const { version, actor } = await store.put('k', 1);
    const other = { version, actor: actor.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')) };
    expect(await holds(store.put('k', 2, { ifVersion: other }))).toBe(false);
    expect(await holds(store.put('k', 2, { ifVersion: version }))).toBe(true);
  });

  test('does not hold where nothing is, also where it was deleted or has expired', async () => {
    const { store, clock } = await simulatedMap();
    expect(await holds(store.put('never', 1, { ifVersion: 0 }))).toBe(false);
    const deleted = await store.put('deleted', 1);
    await store.del('deleted');
    expect(await holds(store.put('deleted', 2, { ifVersion: deleted }))).toBe(false);
    const brief = await store.put('brief', 1, { ttlMs: 1000 });
    await clock.advance(1000);
    expect(await holds(store.put('brief', 2, { ifVersion: brief }))).toBe(false);
    await expect(store.put('brief', 2, { ifVersion: brief })).rejects.toMatchObject({
      key: 'brief',
      present: undefined,
      message: `The key "brief" holds no live entry, and the write asks for version ${brief.version} of ${brief.actor}: nothing was changed; read the key again, and decide anew.`,
    });
  });

  test('of a delete takes out that very entry, or nothing', async () => {
    const store = await temporaryStore();
    const first = await store.put('k', 1);
    const second = await store.put('k', 2);
    expect(await holds(store.del('k', { ifVersion: first }))).toBe(false);
    expect(await store.get('k')).toBe(2);
    expect(await store.del('k', { ifVersion: second })).toMatchObject({ existed: true });
    expect(await holds(store.del('k', { ifVersion: second }))).toBe(false);
  });
});

describe('a condition that does not hold', () => {
  test('keeps a whole batch from being written, and names the key', async () => {
    const store = await temporaryStore();
    const a = await store.put('a', 1);
    await store.put('b', 1);
    const { lastVersion } = await store.status();
    const operations: BatchOperation[] = [
      { type: 'put', key: 'a', value: 2, ifVersion: a },
      { type: 'put', key: 'new', value: 2, ifAbsent: true },
      { type: 'del', key: 'b', ifVersion: a },
    ];
    await expect(store.batch(operations)).rejects.toMatchObject({ ...FAILED, key: 'b' });
    expect(await contentsOf(store)).toEqual(
      new Map([
        ['a', 1],
        ['b', 1],
      ]),
    );
    expect((await store.status()).lastVersion).toBe(lastVersion);
  });

  test('fails alone: others of the same commit are written', async () => {
    const store = await temporaryStore();
    const outcomes = await Promise.allSettled([
      store.put('a', 1),
      store.put('a', 2, { ifAbsent: true }),
      store.put('b', 2, { ifAbsent: true }),
      store.del('a', { ifVersion: 5 }),
      store.put('c', 3),
    ]);
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, false, true]);
    expect([...(await contentsOf(store)).keys()]).toEqual(['a', 'b', 'c']);
  });
});

describe('a batch with conditions', () => {
  test('is written where all of them hold, and answers each entry', async () => {
    const store = await temporaryStore();
    const a = await store.put('a', 1);
    const { dots } = await store.batch([
      { type: 'put', key: 'a', value: 2, ifVersion: a },
      { type: 'put', key: 'b', value: 2, ifAbsent: true },
    ]);
    for (const [at, key] of ['a', 'b'].entries())
      expect(await store.getEntry(key)).toMatchObject(dots[at] ?? {});
  });
});

describe('a condition that makes no sense', () => {
  const call = (store: Store, options: object): Promise<unknown> => store.put('k', 1, options);

  test.each([
    ['ifVersion that is undefined', { ifVersion: undefined }],
    ['ifVersion that is null', { ifVersion: null }],
    ['ifVersion that is text', { ifVersion: '5' }],
    ['ifVersion that is negative', { ifVersion: -1 }],
    ['ifVersion that is no integer', { ifVersion: 1.5 }],
    ['ifVersion without an actor', { ifVersion: { version: 5 } }],
    ['ifVersion with something for an actor', { ifVersion: { version: 5, actor: 'a' } }],
    ['ifAbsent that is no boolean', { ifAbsent: 'yes' }],
    ['both at once', { ifAbsent: true, ifVersion: 5 }],
  ])('is refused, and nothing is written: %s', async (_, options) => {
    const store = await temporaryStore();
    await expect(call(store, options)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(
      store.batch([{ type: 'put', key: 'k', value: 1, ...options } as BatchOperation]),
    ).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    expect(await store.count()).toBe(0);
  });

  test('is refused of a delete: ifAbsent', async () => {
    const store = await temporaryStore();
    await expect(store.del('k', { ifAbsent: true } as object)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
  });
});
