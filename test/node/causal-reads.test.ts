/** Tokens: a read on one node that waits for a write of another. Nodes here round only when they connect, or are asked to. */

import { describe, expect, test } from 'vitest';
import type { Node, ReadOptions, Store } from '../../src/index.ts';
import { NOBODY } from './ports.ts';
import { keysOf, temporaryDir, temporaryNode, temporaryStore } from './temporary-store.ts';

async function pair(): Promise<readonly [a: Node, b: Node]> {
  const a = await temporaryNode({ nodeId: 'a' });
  const b = await temporaryNode({ nodeId: 'b', peers: [a.address] });
  await b.sync({ wait: true });
  return [a, b];
}

/** Each kind of read. */
const READS: readonly (readonly [
  name: string,
  read: (store: Store, options: ReadOptions) => Promise<unknown>,
])[] = [
  ['get', (store, options) => store.get('k', options)],
  ['getEntry', async (store, options) => (await store.getEntry('k', options))?.value],
  ['getMany', async (store, options) => (await store.getMany(['k'], options))[0]],
  ['entries', async (store, options) => (await keysOf(store, { prefix: 'k', ...options })).length],
  ['count', (store, options) => store.count(options)],
  ['count of a prefix', (store, options) => store.count({ prefix: 'k', ...options })],
];

describe('a read after a write of another node', () => {
  test.each(READS)('sees it, and asks for it at once: %s', async (_, read) => {
    const [a, b] = await pair();
    const { token } = await a.put('k', 1);
    expect(await read(b, { after: token })).toBe(1);
  });

  test('sees a deletion, and a batch as a whole', async () => {
    const [a, b] = await pair();
    await a.put('k', 1);
    await b.sync();
    const deleted = await a.del('k');
    expect(await b.get('k', { after: deleted.token })).toBeUndefined();
    const keys = Array.from({ length: 2000 }, (_, at) => `k${at}`);
    const { token } = await a.batch(keys.map((key) => ({ type: 'put', key, value: 1 })));
    expect(new Set(await b.getMany(keys, { after: token }))).toEqual(new Set([1]));
  });

  test('sees what superseded it', async () => {
    const [a, b] = await pair();
    const { token } = await a.put('k', 1);
    await b.sync();
    await b.put('k', 2);
    expect(await b.get('k', { after: token })).toBe(2);
    await b.sync({ wait: true });
    expect(await a.get('k', { after: token })).toBe(2);
  });

  test('sees it on a node that has everything to copy yet', async () => {
    const a = await temporaryNode({ nodeId: 'a' });
    await a.batch(
      Array.from({ length: 3000 }, (_, at) => ({ type: 'put', key: `k${at}`, value: 'v'.repeat(500) })),
    );
    const { token } = await a.batch([
      { type: 'put', key: 'z', value: 1 },
      { type: 'put', key: 'a', value: 2 },
    ]);
    const b = await temporaryNode({ nodeId: 'b', peers: [a.address] });
    expect(await b.getMany(['a', 'z'], { after: token })).toEqual([2, 1]);
  });

  test('many at once wait for one another', async () => {
    const [a, b] = await pair();
    const tokens = await Promise.all(
      Array.from({ length: 50 }, async (_, at) => (await a.put(`k${at}`, at)).token),
    );
    const read = await Promise.all(tokens.map((after, at) => b.get(`k${at}`, { after })));
    expect(read).toEqual(tokens.map((_, at) => at));
  });

  test('sees it when it comes by a node between them', async () => {
    const [a, b] = await pair();
    const c = await temporaryNode({ nodeId: 'c', peers: [b.address], gossipIntervalMs: 50 });
    const { token } = await a.put('k', 1);
    const reading = c.get('k', { after: token, timeoutMs: 30_000 });
    await b.sync();
    expect(await reading).toBe(1);
  });
});

describe('a read after a write of its own node', () => {
  test.each(READS)('does not wait, also without a node: %s', async (_, read) => {
    const store = await temporaryStore();
    const { token } = await store.put('k', 1);
    expect(await read(store, { after: token })).toBe(1);
  });

  test('does not wait after a restart', async () => {
    const dir = await temporaryDir();
    const first = await temporaryStore({ dir });
    const { token } = await first.put('k', 1);
    await first.close();
    expect(await (await temporaryStore({ dir })).get('k', { after: token })).toBe(1);
  });

  test('does not wait after a batch of nothing, which every node has seen', async () => {
    const store = await temporaryStore();
    const { token } = await store.batch([]);
    expect(await store.get('k', { after: token })).toBeUndefined();
  });
});

describe('a read after a write that does not come', () => {
  test.each(READS)('fails after its time, with a sentence that names the node: %s', async (_, read) => {
    const stranger = await temporaryStore({ nodeId: 'stranger' });
    const { token } = await stranger.put('k', 1);
    const node = await temporaryNode({ peers: [NOBODY[0]] });
    await expect(read(node, { after: token, timeoutMs: 50 })).rejects.toMatchObject({
      name: 'BoatoError',
      code: 'TIMEOUT',
      message:
        'The write of node stranger that `after` names was not seen here within 50 ms: wait longer, see whether its peers can be reached, or read without `after`.',
    });
  });

  test('fails at once on a store without a node', async () => {
    const { token } = await (await temporaryStore({ nodeId: 'stranger' })).put('k', 1);
    const store = await temporaryStore();
    await expect(store.get('k', { after: token, timeoutMs: 1_000_000 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('nothing arrives without a running node') as string,
    });
  });

  test.each(READS)('ends when it is called off, before and while it waits: %s', async (_, read) => {
    const { token } = await (await temporaryStore({ nodeId: 'stranger' })).put('k', 1);
    const node = await temporaryNode();
    const early = { after: token, signal: AbortSignal.abort('early') };
    await expect(read(node, early)).rejects.toMatchObject({ code: 'ABORTED', cause: 'early' });
    const controller = new AbortController();
    const reading = read(node, { after: token, signal: controller.signal, timeoutMs: 1_000_000 });
    setImmediate(() => controller.abort('meanwhile'));
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED', cause: 'meanwhile' });
  });

  test.each(READS)('ends when its node is closed, and does not hold up the end: %s', async (_, read) => {
    const { token } = await (await temporaryStore({ nodeId: 'stranger' })).put('k', 1);
    const node = await temporaryNode();
    const reading = read(node, { after: token, timeoutMs: 1_000_000 });
    const [outcome] = await Promise.allSettled([reading, node.close()]);
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'STORE_CLOSED' } });
  });
});

describe('a read with options that make no sense', () => {
  test.each([
    [{ after: 'nonsense' }, '`after`'],
    [{ after: 5 }, '`after`'],
    [{ after: null }, '`after`'],
    [{ timeoutMs: 0 }, '`timeoutMs`'],
    [{ timeoutMs: 2 ** 31 }, '`timeoutMs`'],
    [{ timeoutMs: Number.NaN }, '`timeoutMs`'],
    [{ signal: {} }, '`signal`'],
    [{ until: 'x' }, '`until`'],
  ])('is refused: %j', async (options, name) => {
    const store = await temporaryStore();
    for (const [, read] of READS) {
      await expect(read(store, options as ReadOptions)).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringContaining(name) as string,
      });
    }
  });
});
