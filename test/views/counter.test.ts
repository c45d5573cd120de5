/** Counters: what they add, what they refuse, and what is stored of them. */

import { describe, expect, test } from 'vitest';
import { counterOf } from '../../src/index.ts';
import { contentsOf, temporaryDir, temporaryNode, temporaryStore } from '../node/temporary-store.ts';

describe('a counter', () => {
  test('begins with nothing, and adds up', async () => {
    const visits = counterOf(await temporaryStore(), 'visits');
    expect(await visits.value()).toBe(0);
    await visits.add();
    await visits.add(41);
    await visits.add(-10);
    expect(await visits.value()).toBe(32);
  });

  test('adds what comes together in few writes, through whichever of its handles', async () => {
    const store = await temporaryStore();
    await Promise.all(
      Array.from({ length: 500 }, (_, at) => counterOf(store, 'visits').add(at % 2 ? 3 : -1)),
    );
    expect(await counterOf(store, 'visits').value()).toBe(500);
    const registers = await contentsOf(store);
    expect([...registers.values()]).toEqual([{ increments: 750, decrements: 250 }]);
    expect([...registers.keys()]).toEqual([expect.stringMatching(/^visits\/[A-Za-z0-9_-]{16}$/)]);
  });

  test('has a register for each opening of its store: one that lost its disk overwrites none of its own', async () => {
    const dir = await temporaryDir();
    for (let run = 1; run <= 3; run++) {
      const store = await temporaryStore({ dir });
      await counterOf(store, 'visits').add(run);
      await store.close();
    }
    const store = await temporaryStore({ dir });
    expect(await counterOf(store, 'visits').value()).toBe(6);
    expect(await store.count()).toBe(3);
  });

  test('of two nodes that add at the same time is the sum', async () => {
    const a = await temporaryNode({ nodeId: 'a' });
    const b = await temporaryNode({ nodeId: 'b', peers: [a.address] });
    await Promise.all([counterOf(a, 'visits').add(5), counterOf(b, 'visits').add(7)]);
    const { token } = await counterOf(b, 'visits').add(30);
    expect(await counterOf(a, 'visits').value({ after: token })).toBe(42);
  });

  test('is another one than that of a longer name', async () => {
    const store = await temporaryStore();
    await counterOf(store, 'visits').add(1);
    await counterOf(store, 'visits/2026').add(10);
    expect(await counterOf(store, 'visits').value()).toBe(1);
    expect(await counterOf(store, 'visits/2026').value()).toBe(10);
  });

  test.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '1' as never, null as never])(
    'refuses to add %s',
    async (amount) => {
      const store = await temporaryStore();
      await expect(counterOf(store, 'visits').add(amount)).rejects.toMatchObject({ code: 'INVALID_VALUE' });
      expect(await store.count()).toBe(0);
    },
  );

  test('refuses what makes a register inexact, and goes on', async () => {
    const visits = counterOf(await temporaryStore(), 'visits');
    await visits.add(Number.MAX_SAFE_INTEGER);
    await expect(visits.add(1)).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    await visits.add(-1);
    expect(await visits.value()).toBe(Number.MAX_SAFE_INTEGER - 1);
  });

  test.each([5, 'x', null, {}, { increments: -1, decrements: 0 }, { increments: 1, decrements: 0.5 }])(
    'says which key is no register of it: %j',
    async (value) => {
      const store = await temporaryStore();
      await store.put('visits/other', value);
      await expect(counterOf(store, 'visits').value()).rejects.toMatchObject({
        code: 'SCHEMA_MISMATCH',
        message: expect.stringContaining('"visits/other"'),
      });
    },
  );

  test('fails as its store does, for everybody who adds', async () => {
    const store = await temporaryStore();
    const visits = counterOf(store, 'visits');
    await visits.add();
    await store.close();
    const results = await Promise.allSettled([visits.add(), visits.add()]);
    expect(results).toMatchObject([1, 2].map(() => ({ reason: { code: 'STORE_CLOSED' } })));
  });
});
