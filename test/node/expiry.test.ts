import { describe, expect, test } from 'vitest';
import type { PutOptions, Store } from '../../src/index.ts';
import { MAX_DRIFT_MS, simulatedMap, TOMBSTONE_TTL_MS } from './simulated-map.ts';
import { keysOf } from './temporary-store.ts';

/** Whether `k` is there, in the words of each call that can tell. */
async function isThere(store: Store): Promise<readonly boolean[]> {
  return [
    (await store.get('k')) !== undefined,
    (await store.getEntry('k')) !== undefined,
    (await store.getMany(['k']))[0] !== undefined,
    (await keysOf(store)).includes('k'),
    (await store.count()) === 1,
    (await store.count({ prefix: 'k' })) === 1,
  ];
}

const THERE = Array.from({ length: 6 }, () => true);
const GONE = Array.from({ length: 6 }, () => false);

describe('an entry that expires', () => {
  test.each([
    ['ttlMs', (_wallMs: number): PutOptions => ({ ttlMs: 1000 })],
    ['expiresAt', (wallMs: number): PutOptions => ({ expiresAt: wallMs + 1000 })],
  ])('by %s is there until the millisecond before, and gone at it', async (_name, options) => {
    const { store, clock } = await simulatedMap();
    await store.put('k', 'v', options(clock.wallMs()));
    expect((await store.getEntry('k'))?.expiresAt).toBe(clock.wallMs() + 1000);
    await clock.advance(999);
    expect(await isThere(store)).toEqual(THERE);
    await clock.advance(1);
    expect(await isThere(store)).toEqual(GONE);
    expect(await store.del('k')).toMatchObject({ existed: false });
  });

  test('is gone at once when its time is past or now', async () => {
    const { store, clock } = await simulatedMap();
    for (const expiresAt of [1, clock.wallMs() - 1, clock.wallMs()]) {
      await store.put('k', 'v', { expiresAt });
      expect(await isThere(store)).toEqual(GONE);
    }
  });

  test('replaces the one before it, which does not come back when it expires', async () => {
    const { store, clock } = await simulatedMap();
    await store.put('k', 'lasting');
    await store.put('k', 'short-lived', { ttlMs: 1 });
    await clock.advance(1);
    expect(await isThere(store)).toEqual(GONE);
  });

  test('lasts when it is put again without a time, and goes when it is put again with one', async () => {
    const { store, clock } = await simulatedMap();
    await store.put('k', 1, { ttlMs: 1000 });
    await store.put('k', 2);
    await clock.advance(1_000_000);
    expect(await isThere(store)).toEqual(THERE);
    await store.put('k', 3, { ttlMs: 1000 });
    await store.put('k', 4, { ttlMs: 2000 });
    await clock.advance(1999);
    expect(await store.get('k')).toBe(4);
    await clock.advance(1);
    expect(await isThere(store)).toEqual(GONE);
  });

  test('is deleted as a live one until the millisecond before', async () => {
    const { store, clock } = await simulatedMap();
    await store.put('k', 1, { ttlMs: 10 });
    await clock.advance(9);
    expect(await store.del('k')).toMatchObject({ existed: true });
  });

  test('in a batch goes alone', async () => {
    const { store, clock } = await simulatedMap();
    await store.batch([
      { type: 'put', key: 'k', value: 1, ttlMs: 10 },
      { type: 'put', key: 'l', value: 1 },
      { type: 'put', key: 'm', value: 1, expiresAt: clock.wallMs() + 11 },
    ]);
    await clock.advance(10);
    expect(await keysOf(store)).toEqual(['l', 'm']);
    expect(await store.count()).toBe(2);
  });
});

describe('an expiry', () => {
  test.each([
    [{ ttlMs: 0 }, 'ttlMs must be a positive integer of milliseconds, not 0.'],
    [{ ttlMs: -1 }, 'ttlMs must be a positive integer of milliseconds, not -1.'],
    [{ ttlMs: 1.5 }, 'ttlMs must be a positive integer of milliseconds, not 1.5.'],
    [{ ttlMs: Number.NaN }, 'ttlMs must be a positive integer of milliseconds, not NaN.'],
    [{ ttlMs: '1000' }, 'ttlMs must be a positive integer of milliseconds, not 1000.'],
    [{ ttlMs: null }, 'ttlMs must be a positive integer of milliseconds, not null.'],
    [{ ttlMs: Number.MAX_SAFE_INTEGER }, `not ${Number.MAX_SAFE_INTEGER}.`],
    [{ expiresAt: 0 }, 'expiresAt must be a positive integer, milliseconds since 1970, not 0.'],
    [{ expiresAt: 2 ** 53 }, `not ${2 ** 53}.`],
    [{ expiresAt: new Date(1).toISOString() }, 'not 1970-01-01T00:00:00.001Z.'],
    [{ ttlMs: 1, expiresAt: 1 }, 'Give either ttlMs or expiresAt, not both.'],
  ])('of %j is refused, and what was there stays', async (options, sentence) => {
    const { store } = await simulatedMap();
    await store.put('k', 'before');
    await expect(store.put('k', 'after', options as PutOptions)).rejects.toMatchObject({
      code: 'INVALID_EXPIRY',
      message: expect.stringContaining(sentence),
    });
    expect(await store.get('k')).toBe('before');
  });
});

describe('collect', () => {
  test('removes a tombstone when it is as old as the tombstone TTL, not before', async () => {
    const { store, clock } = await simulatedMap();
    await store.put('k', 1);
    await store.del('k');
    await clock.advance(TOMBSTONE_TTL_MS - 1);
    expect(await store.collect()).toEqual({ collected: 0, kept: 0 });
    await clock.advance(1);
    expect(await store.collect()).toEqual({ collected: 1, kept: 0 });
    expect((await store.status()).entries).toBe(0);
  });

  test('removes what expired the tombstone TTL ago, not before', async () => {
    const { store, clock } = await simulatedMap();
    await store.put('k', 1, { ttlMs: 1000 });
    await clock.advance(1000 + TOMBSTONE_TTL_MS - 1);
    expect(await store.collect()).toEqual({ collected: 0, kept: 0 });
    await clock.advance(1);
    expect(await store.collect()).toEqual({ collected: 1, kept: 0 });
    expect((await store.status()).entries).toBe(0);
  });

  test('keeps what is live, and what was put again after it was deleted', async () => {
    const { store, clock } = await simulatedMap();
    await store.put('k', 1);
    await store.del('k');
    await store.put('k', 2);
    await store.put('l', 1, { ttlMs: 1_000_000 });
    await clock.advance(2 * TOMBSTONE_TTL_MS);
    expect(await store.collect()).toEqual({ collected: 0, kept: 0 });
    expect(await keysOf(store)).toEqual(['k', 'l']);
  });

  test('removes nothing while the clock is in doubt, and says so', async () => {
    const { store, clock } = await simulatedMap();
    await store.del('k');
    clock.leap(MAX_DRIFT_MS + 1);
    const reason = "this machine's clock is in doubt";
    expect(await store.collect()).toEqual({ collected: 0, kept: 0, reason });
    expect(await store.status()).toMatchObject({ entries: 1, warnings: [{ code: 'CLOCK_IN_DOUBT' }] });
    clock.leap(-MAX_DRIFT_MS - 1);
    await clock.advance(TOMBSTONE_TTL_MS);
    expect(await store.collect()).toEqual({ collected: 1, kept: 0 });
  });
});

test('a write whose version would lie too far ahead of the clock is refused, and nothing changes', async () => {
  const { store, clock } = await simulatedMap();
  await store.put('k', 'before');
  clock.leap(-2.5 * MAX_DRIFT_MS);
  const refused = {
    code: 'CLOCK_AHEAD',
    message: expect.stringContaining("75 s ahead of this machine's clock"),
  };
  await expect(store.put('k', 'after')).rejects.toMatchObject(refused);
  await expect(store.del('k')).rejects.toMatchObject(refused);
  await expect(store.batch([{ type: 'del', key: 'k' }])).rejects.toMatchObject(refused);
  expect(await store.get('k')).toBe('before');
  await clock.advance(1);
  await store.put('k', 'after');
  expect(await store.get('k')).toBe('after');
});
