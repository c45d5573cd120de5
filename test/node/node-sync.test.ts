import { describe, expect, test } from 'vitest';
import type { Node } from '../../src/index.ts';
import { freeAddress, NOBODY } from './ports.ts';
import { contentsOf, temporaryDir, temporaryNode } from './temporary-store.ts';

/** Two nodes that know each other; `b` dials `a`. */
async function pair(rumours: boolean = true): Promise<readonly [a: Node, b: Node]> {
  const a = await temporaryNode({ nodeId: 'a', rumours });
  return [a, await temporaryNode({ nodeId: 'b', peers: [a.address], rumours })];
}

describe('sync', () => {
  test('brings what the other has, and tells how much came', async () => {
    const [a, b] = await pair(false);
    await b.sync({ wait: true });
    await a.batch([
      { type: 'put', key: 'k', value: { name: 'Lisboa' } },
      { type: 'put', key: 'l', value: 1 },
    ]);
    await a.del('l');
    expect(await b.get('k')).toBeUndefined();
    const result = await b.sync();
    expect(result).toMatchObject({ peers: 1, inSync: 1, entriesReceived: 2 });
    expect(result.bytesReceived).toBeGreaterThan(0);
    expect(result.bytesSent).toBeGreaterThan(0);
    expect(await contentsOf(b)).toEqual(new Map([['k', { name: 'Lisboa' }]]));
    expect(await b.sync()).toMatchObject({ peers: 1, inSync: 1, entriesReceived: 0 });
  });

  test('that waits ends when every peer holds what this node holds', async () => {
    const [a, b] = await pair();
    const c = await temporaryNode({ nodeId: 'c', peers: [b.address] });
    await b.batch(Array.from({ length: 500 }, (_, at) => ({ type: 'put', key: `k${at}`, value: at })));
    await b.put('large', 'v'.repeat(2 ** 20));
    await c.sync();
    expect(await b.sync({ wait: true })).toMatchObject({ peers: 2, inSync: 2 });
    const contents = await contentsOf(b);
    expect(contents.size).toBe(501);
    expect(await contentsOf(a)).toEqual(contents);
    expect(await contentsOf(c)).toEqual(contents);
  });

  test.each([
    // With `auto` here it would depend on how fast the chunks come.
    ['always', 'auto', 'fewer'],
    ['auto', 'never', 'as many'],
    ['never', 'always', 'as many'],
  ] as const)('compresses if both want it (%s, %s): %s bytes', async (here, there, expected) => {
    const a = await temporaryNode({ nodeId: 'a', compression: there });
    await a.batch(
      Array.from({ length: 500 }, (_, at) => ({ type: 'put', key: `k${at}`, value: 'again '.repeat(20) })),
    );
    const b = await temporaryNode({ nodeId: 'b', peers: [a.address], compression: here });
    const { bytesReceived } = await b.sync({ wait: true });
    expect(bytesReceived < 30_000 ? 'fewer' : 'as many').toBe(expected);
    expect(await contentsOf(b)).toEqual(await contentsOf(a));
  });

  test('lets the later write of a key win on both sides, whoever wrote it', async () => {
    const [a, b] = await pair();
    await a.put('k', 'earlier');
    await b.sync({ wait: true });
    await b.put('k', 'later');
    await a.put('other', 1);
    await b.sync({ wait: true });
    await b.sync();
    for (const node of [a, b]) {
      expect(await contentsOf(node)).toEqual(
        new Map<string, unknown>([
          ['k', 'later'],
          ['other', 1],
        ]),
      );
    }
  });

  test('without a peer is done at once', async () => {
    const node = await temporaryNode();
    const nothing = { peers: 0, inSync: 0, entriesReceived: 0, bytesReceived: 0, bytesSent: 0 };
    expect(await node.sync()).toEqual(nothing);
    expect(await node.sync({ wait: true, timeoutMs: 1 })).toEqual(nothing);
  });

  test('with a peer that cannot be reached tells so by its numbers', async () => {
    const node = await temporaryNode({ peers: [NOBODY[0]] });
    expect(await node.sync()).toMatchObject({ peers: 1, inSync: 0, entriesReceived: 0 });
  });

  test('that waits for a node that comes back ends when that has everything', async () => {
    const dir = await temporaryDir();
    const address = await freeAddress();
    const node = await temporaryNode({ peers: [address] });
    await node.put('k', 1);
    const waiting = node.sync({ wait: true });
    const late = await temporaryNode({ dir, listen: address, peers: [node.address] });
    await waiting;
    expect(await late.get('k')).toBe(1);
  });
});

describe('a sync that waits', () => {
  test('fails after its time, and names the peers that cannot be reached, and no other', async () => {
    const a = await temporaryNode();
    const node = await temporaryNode({ peers: [a.address, ...NOBODY] });
    await expect(node.sync({ wait: true, timeoutMs: 200 })).rejects.toMatchObject({
      name: 'BoatoError',
      code: 'TIMEOUT',
      message: `Not every peer held what this node holds within 200 ms: these cannot be reached: ${NOBODY.join(', ')}.`,
    });
  });

  test('fails when it is called off, before and while it waits', async () => {
    const node = await temporaryNode({ peers: [NOBODY[0]] });
    const aborted = { name: 'BoatoError', code: 'ABORTED' };
    const early = node.sync({ wait: true, signal: AbortSignal.abort() });
    await expect(early).rejects.toMatchObject(aborted);
    const controller = new AbortController();
    const waiting = node.sync({ wait: true, signal: controller.signal, timeoutMs: 1_000_000 });
    controller.abort();
    await expect(waiting).rejects.toMatchObject(aborted);
    await node.put('k', 1);
    expect(await node.get('k')).toBe(1);
  });

  test('fails when its node is closed meanwhile, and does not hold up the end', async () => {
    const node = await temporaryNode({ peers: [NOBODY[0]] });
    const [outcome] = await Promise.allSettled([node.sync({ wait: true }), node.close()]);
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'STORE_CLOSED' } });
  });

  test('is refused for a time that is no positive integer', async () => {
    const node = await temporaryNode();
    for (const timeoutMs of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null]) {
      const options = { wait: true, timeoutMs: timeoutMs as number };
      await expect(node.sync(options), String(timeoutMs)).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: 'The option `timeoutMs` must be a positive integer of milliseconds.',
      });
    }
  });
});
