import { describe, expect, test } from 'vitest';
import { Cluster } from '../support/cluster.ts';
import { contents, put } from '../support/replica-fixture.ts';

/** Of whoever has the first copy, whoever it comes from, and somebody else. */
const SOURCE = 0;
const NODE = 1;
const OTHER = 2;

/** Node 1 has the first message of a copy, and no more. */
async function beginCopy(cluster: Cluster): Promise<void> {
  const session = await cluster.open(NODE, SOURCE);
  if (session === undefined) throw new Error('the source has something to give');
  expect(await cluster.step(session)).toBe('more');
}

async function held(cluster: Cluster, index: number): Promise<Record<string, string>> {
  return contents(cluster.node(index).replica);
}

describe('a first copy whose source is gone', () => {
  test('ends when it cannot go on and everybody was asked, and what it brought is handed on', async () => {
    const cluster = await Cluster.create(3);
    await cluster.write(SOURCE, [put('a', '1')]);
    await cluster.write(SOURCE, [put('b', '2')]);
    await cluster.write(OTHER, [put('t', '9')]);
    await beginCopy(cluster);
    await cluster.wipe(SOURCE);
    expect(cluster.node(NODE).replica.state.bootstrapping).toBe(true);

    expect(await cluster.pull(NODE, OTHER)).toBe('adopted');
    expect(cluster.node(NODE).replica.state.bootstrapping).toBe(true);
    await cluster.pull(NODE, SOURCE);

    expect(cluster.node(NODE).replica.state.bootstrapping).toBe(false);
    await cluster.pull(OTHER, NODE);
    expect(await held(cluster, OTHER)).toEqual({ a: '1', t: '9' });
    expect(await held(cluster, NODE)).toEqual({ a: '1', t: '9' });
  });

  test.each([
    ['the copy goes on', false],
    ['a new session brings it', true],
  ])('hands on no part of a batch that may be torn until the rest is here: %s', async (_, restarts) => {
    const cluster = await Cluster.create(3);
    await cluster.write(SOURCE, [put('a', '1'), put('b', '2')]);
    await cluster.write(OTHER, [put('t', '9')]);
    await beginCopy(cluster);
    expect(await cluster.pull(NODE, OTHER)).toBe('adopted');
    expect(await held(cluster, NODE)).toEqual({ a: '1', t: '9' });
    await cluster.restart(NODE, false);

    await cluster.pull(OTHER, NODE);

    expect(await held(cluster, OTHER)).toEqual({ t: '9' });
    if (restarts) await cluster.restart(SOURCE, true);
    expect(await cluster.pull(NODE, SOURCE)).toBe('adopted');
    await cluster.pull(OTHER, NODE);
    expect(await held(cluster, OTHER)).toEqual({ a: '1', b: '2', t: '9' });

    // From now on whole batches that came without the end of their session are handed on, as everywhere.
    await cluster.write(SOURCE, [put('c', '3'), put('d', '4')]);
    await cluster.write(SOURCE, [put('e', '5')]);
    await beginCopy(cluster);
    await cluster.pull(OTHER, NODE);
    expect(await held(cluster, OTHER)).toEqual({ a: '1', b: '2', c: '3', d: '4', t: '9' });
  });
});

describe('a node that lost its disk and comes back under its name', () => {
  test('serves what it writes now, but no torn batch of its earlier life', async () => {
    const cluster = await Cluster.create(3);
    await cluster.write(NODE, [put('a', '1'), put('b', '1')]);
    await cluster.pull(SOURCE, NODE);
    await cluster.wipe(NODE);
    await beginCopy(cluster);

    await cluster.write(NODE, [put('own', '2')]);
    await cluster.pull(OTHER, NODE);

    expect(await held(cluster, OTHER)).toEqual({ own: '2' });
    await cluster.pull(NODE, SOURCE);
    await cluster.pull(OTHER, NODE);
    expect(await held(cluster, OTHER)).toEqual({ a: '1', b: '1', own: '2' });
  });
});
