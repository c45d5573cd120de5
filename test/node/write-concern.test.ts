import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { type Node, openStore, type PutOptions, TooFewAcksError, typed } from '../../src/index.ts';
import { temporaryDir, temporaryNode } from './temporary-store.ts';

async function pair(rumours: boolean = true): Promise<readonly [a: Node, b: Node]> {
  const a = await temporaryNode({ nodeId: 'a', rumours });
  const b = await temporaryNode({ nodeId: 'b', peers: [a.address], rumours });
  await b.sync({ wait: true });
  return [a, b];
}

async function failureOf(work: Promise<unknown>): Promise<TooFewAcksError> {
  const error: unknown = await work.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TooFewAcksError);
  return error as TooFewAcksError;
}

describe('a write with acks', () => {
  test.each([true, false])('is answered once so many nodes hold it (rumours: %s)', async (rumours) => {
    const [a, b] = await pair(rumours);
    expect(await a.put('k', 1, { acks: 2 })).toMatchObject({ acks: 2 });
    expect(await b.get('k')).toBe(1);
    expect(await a.batch([{ type: 'put', key: 'l', value: 2 }], { acks: 2 })).toMatchObject({ acks: 2 });
    expect(await b.get('l')).toBe(2);
    expect(await a.del('k', { acks: 2 })).toMatchObject({ existed: true, acks: 2 });
    expect(await b.get('k')).toBeUndefined();
  });

  test('fails with how many hold it when its time is over, and stays', async () => {
    const [a, b] = await pair();
    const error = await failureOf(a.put('k', 1, { acks: 3, timeoutMs: 300 }));
    expect(error).toMatchObject({ code: 'TOO_FEW_ACKS', result: { acks: 2 } });
    expect(error.message).toBe(
      'The write is on disk here, but only 2 nodes, this one included, are known to hold it after 300 ms, and 3 were asked for: it stays, and goes on spreading, so do not write it again; see which peers are connected.',
    );
    const { version, actor, token } = error.result as Awaited<ReturnType<Node['put']>>;
    expect(await b.getEntry('k', { after: token })).toMatchObject({ value: 1, version, actor });
  });

  test('that no other node can hold says so', async () => {
    const alone = await temporaryNode({ nodeId: 'a' });
    const error = await failureOf(alone.put('k', 1, { acks: 2, timeoutMs: 1 }));
    expect(error.message).toMatch('no other node is known to hold it after 1 ms');
    expect(error.result).toMatchObject({ acks: 1 });
  });

  test('ends when the node is closed', async () => {
    const [a] = await pair();
    const waiting = failureOf(a.put('k', 1, { acks: 3, timeoutMs: 60_000 }));
    await expect.poll(async () => a.get('k')).toBe(1);
    await a.close();
    expect(await waiting).toMatchObject({ code: 'TOO_FEW_ACKS' });
  });

  test('fails with its condition at once', async () => {
    const [a] = await pair();
    await a.put('k', 1);
    await expect(a.put('k', 2, { ifAbsent: true, acks: 2 })).rejects.toMatchObject({
      code: 'CONDITION_FAILED',
    });
  });

  test('of a typed store, and of a batch of nothing, is answered alike', async () => {
    const [a] = await pair();
    const store = typed(a, { schema: v.number() });
    expect(await store.put('k', 1, { acks: 2 })).toMatchObject({ acks: 2 });
    expect(await store.batch([{ type: 'del', key: 'k' }], { acks: 2 })).toMatchObject({ acks: 2 });
    expect(await a.batch([], { acks: 3, timeoutMs: 60_000 })).toMatchObject({ dots: [], acks: 3 });
  });

  test('on a store without a node is refused, and not written', async () => {
    await using store = await openStore({ dir: await temporaryDir() });
    await expect(store.put('k', 1, { acks: 2 })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message:
        'The option `acks` cannot be more than 1 here: a store without a running node reaches no other.',
    });
    expect(await store.get('k')).toBeUndefined();
    expect(await store.put('k', 1, { acks: 1 })).toMatchObject({ acks: 1 });
  });

  test.each([
    [{ acks: 0 }, 'acks', 1024],
    [{ acks: 1025 }, 'acks', 1024],
    [{ acks: 1.5 }, 'acks', 1024],
    [{ acks: '2' }, 'acks', 1024],
    [{ acks: 2, timeoutMs: 0 }, 'timeoutMs', 2_147_483_647],
    [{ acks: 2, timeoutMs: 2_147_483_648 }, 'timeoutMs', 2_147_483_647],
  ])('%j is refused', async (options, name, max) => {
    const node = await temporaryNode({ nodeId: 'a' });
    await expect(node.put('k', 1, options as PutOptions)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: `The option \`${name}\` must be an integer from 1 to ${max}.`,
    });
    expect(await node.get('k')).toBeUndefined();
  });

  test('is asked for of a batch, not of its operations', async () => {
    const node = await temporaryNode({ nodeId: 'a' });
    const operation = { type: 'put', key: 'k', value: 1, acks: 1 } as const;
    await expect(node.batch([operation])).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(node.batch([], { ttlMs: 1 } as object)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });
});
