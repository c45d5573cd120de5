import { describe, expect, test } from 'vitest';
import type { Change, Changes, Store } from '../../src/index.ts';
import { simulatedMap } from './simulated-map.ts';
import { temporaryNode } from './temporary-store.ts';

/** The next change, for people. */
async function next(changes: Changes): Promise<string> {
  const { value } = await changes.next();
  if (value === undefined) return 'end';
  return `${value.type} ${value.key}${value.type === 'put' ? ` ${String(value.value)}` : ''}`;
}

/** What the README advises: a copy of the map that follows it. */
function follow(copy: Map<string, Change>, change: Change): void {
  const held = copy.get(change.key);
  // There is one actor, so the version tells all.
  if (held !== undefined && change.version < held.version) return;
  if (change.type === 'put') copy.set(change.key, change);
  else copy.delete(change.key);
}

async function live(store: Store): Promise<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for await (const { key, value } of store.entries()) values[key] = value;
  return values;
}

describe('watch', () => {
  test('tells puts, deletes and expiries, with the dot of each and where it came from', async () => {
    const { store, clock } = await simulatedMap();
    const changes = store.watch();
    await changes.begun;
    await store.put('k', { a: 1 }, { ttlMs: 1000 });
    const put = await changes.next();
    const entry = await store.getEntry('k');
    expect(put.value).toEqual({ type: 'put', ...entry, origin: 'local', token: changes.token });
    const expiring = changes.next();
    await clock.advance(1000);
    const { version, actor } = entry as { version: number; actor: string };
    const token = expect.any(String) as string;
    expect((await expiring).value).toEqual({
      type: 'expired',
      key: 'k',
      version,
      actor,
      origin: 'local',
      token,
    });
    await store.del('k');
    expect((await changes.next()).value).toMatchObject({ type: 'del', key: 'k', origin: 'local' });
  });

  test('begins when it is called: what is written before the first change is asked for is told', async () => {
    const { store } = await simulatedMap();
    await store.put('before', 1);
    const changes = store.watch();
    await changes.begun;
    await store.put('after', 2);
    expect(await next(changes)).toBe('put after 2');
  });

  test('gives a token with the last change of what is told at once, and has one from the first on: it goes on from either', async () => {
    const { store } = await simulatedMap();
    const changes = store.watch({ prefix: 'k' });
    await changes.begun;
    const atFirst = changes.token;
    await store.batch([
      { type: 'put', key: 'k1', value: 1 },
      { type: 'put', key: 'k2', value: 2 },
      { type: 'put', key: 'k3', value: 3 },
      { type: 'put', key: 'other', value: 4 },
    ]);
    const tokens: (string | undefined)[] = [];
    const held: (string | undefined)[] = [];
    for (let taken = 0; taken < 3; taken++) {
      tokens.push((await changes.next()).value?.token);
      held.push(changes.token);
    }
    const [first, second, third] = held;
    expect(first).not.toBe(atFirst);
    expect(second).toBe(first);
    expect(tokens).toEqual([undefined, undefined, third]);
    await changes.return();
    await store.put('k4', 4);
    const begun = store.watch({ prefix: 'k', since: first as string });
    const told = [await next(begun), await next(begun), await next(begun), await next(begun)];
    expect(told).toEqual(['put k1 1', 'put k2 2', 'put k3 3', 'put k4 4']);
    expect(await next(store.watch({ prefix: 'k', since: third as string }))).toBe('put k4 4');
  });

  test('ends when its signal fires, when it is left, and when the store is closed', async () => {
    const { store } = await simulatedMap();
    const controller = new AbortController();
    const called = store.watch({ signal: controller.signal });
    const left = store.watch();
    const open = store.watch();
    const waiting = [called, left, open].map(next);
    controller.abort();
    await left.return();
    await store.close();
    expect(await Promise.all(waiting)).toEqual(['end', 'end', 'end']);
    expect(await next(called)).toBe('end');
    expect(() => store.watch()).toThrow(expect.objectContaining({ code: 'STORE_CLOSED' }));
  });

  test('with a signal that has fired before ends at once', async () => {
    const { store } = await simulatedMap();
    const changes = store.watch({ signal: AbortSignal.abort() });
    await changes.begun;
    expect(await next(changes)).toBe('end');
  });

  test.each([
    [{ prefix: 1 }, 'INVALID_OPTION'],
    [{ since: 1 }, 'INVALID_OPTION'],
    [{ form: 'now' }, 'INVALID_OPTION'],
    [{ prefix: '\ud800' }, 'INVALID_KEY'],
    [{ since: 'x' }, 'TOKEN_INVALID'],
  ])('refuses %j with %s', async (options, code) => {
    const { store } = await simulatedMap();
    expect(() => store.watch(options as never)).toThrow(expect.objectContaining({ code }));
  });

  test('lets a copy of the map follow it, whoever writes and however slow the reader is', async () => {
    const { store } = await simulatedMap();
    await store.put('old', 1);
    const changes = store.watch();
    await changes.begun;
    const copy = new Map<string, Change>();
    for await (const entry of store.entries())
      copy.set(entry.key, { type: 'put', origin: 'local', ...entry });
    for (let write = 0; write < 60; write++) {
      const key = `k${write % 7}`;
      await (write % 5 === 4 ? store.del(key) : store.put(key, write));
      if (write % 20 === 3) follow(copy, (await changes.next()).value as Change);
    }
    await store.del('old');
    for (;;) {
      const { value } = await changes.next();
      if (value === undefined) throw new Error('the watch ended');
      follow(copy, value);
      if (value.key === 'old') break;
    }
    const shown = [...copy].map(([key, change]) => [key, change.type === 'put' ? change.value : undefined]);
    expect(Object.fromEntries(shown)).toEqual(await live(store));
  });

  test('names the node that a change came from, and goes on at that node', async () => {
    const a = await temporaryNode({ nodeId: 'a' });
    const b = await temporaryNode({ nodeId: 'b', peers: [a.address] });
    const changes = b.watch();
    await changes.begun;
    await a.put('k', 1);
    await b.sync();
    const { value } = await changes.next();
    expect(value).toMatchObject({ type: 'put', key: 'k', value: 1, origin: 'peer', peer: 'a' });
    const since = changes.token as string;
    await a.put('l', 2);
    const resumed = a.watch({ since });
    expect((await resumed.next()).value).toMatchObject({ key: 'l', origin: 'local' });
    await a.close();
    expect(await next(resumed)).toBe('end');
  });
});
