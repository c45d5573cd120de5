import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GOSSIP_MODES, type GossipMode } from '../../src/gossip/mode.ts';
import { GossipCluster, INTERVAL_MS, type TestNode } from '../support/gossip-fixture.ts';
import { contents } from '../support/replica-fixture.ts';

/** Longer than any test: who has it opens rounds only when told to, and when a connection begins. */
const NEVER_MS = 100 * 3_600_000;

/** Two nodes of one mode that hold the same, and open no rounds by themselves. */
async function pair(mode: GossipMode): Promise<{ cluster: GossipCluster; a: TestNode; b: TestNode }> {
  const cluster = new GossipCluster();
  const a = await cluster.start('a', { mode, gossipIntervalMs: NEVER_MS });
  await a.put('before', '1');
  const b = await cluster.start('b', { peers: ['a'], mode, gossipIntervalMs: NEVER_MS });
  await cluster.converge();
  // Rows that moved lately are compared again; here everything is old.
  await cluster.pass(12 * INTERVAL_MS);
  cluster.takeSent();
  return { cluster, a, b };
}

/** What `b` and `a` have of the other's write after one round, which `b` opens. */
async function afterRoundOf(mode: GossipMode): Promise<{ b: string[]; a: string[]; transcript: string }> {
  const { cluster, a, b } = await pair(mode);
  await a.put('from-a', '1');
  await b.put('from-b', '1');
  await cluster.finish(b.gossip.sync());
  // More summaries follow, by which the sync asks whether both are equal by now.
  const lines = [...new Set(cluster.transcript().split('\n'))];
  const transcript = lines.slice(0, lines.findIndex((line) => line.includes(' done ')) + 1).join('\n');
  const keys = async (node: TestNode): Promise<string[]> => Object.keys(await contents(node.replica));
  const held = { b: await keys(b), a: await keys(a), transcript };
  await cluster.stopAll();
  return held;
}

describe('a round', () => {
  test('of mode push-pull brings each what the other has', async () => {
    const { a, b } = await afterRoundOf('push-pull');
    expect(a).toContain('from-b');
    expect(b).toContain('from-a');
  });

  test('of mode pull brings who opened it what the other has, and the other nothing', async () => {
    const { a, b, transcript } = await afterRoundOf('pull');
    expect(a).not.toContain('from-b');
    expect(b).toContain('from-a');
    expect(transcript).toMatchInlineSnapshot(`
      "b → a summary 38 B
      a → b summary-reply 38 B
      b → a recent 27 B (1 row)
      a → b recent-reply 46 B (1 row)
      b → a open 65 B (2 rows)
      a → b opened 192 B (version order, 1 entry, last)
      b → a done 41 B"
    `);
  });

  test('of mode push makes the other take what it lacks, and brings who opened it nothing', async () => {
    const { a, b, transcript } = await afterRoundOf('push');
    expect(a).toContain('from-b');
    expect(b).not.toContain('from-a');
    expect(transcript).toMatchInlineSnapshot(`
      "b → a summary 38 B
      a → b recent 36 B (1 row)
      a → b summary-reply 38 B
      b → a recent-reply 37 B (1 row)
      a → b open 74 B (2 rows)
      b → a opened 183 B (version order, 1 entry, last)
      a → b done 41 B"
    `);
  });
});

describe('nodes converge', () => {
  test.each(GOSSIP_MODES)('in a chain where all are of mode %s', async (mode) => {
    const cluster = new GossipCluster();
    const hosts = ['a', 'b', 'c', 'd'];
    const nodes: TestNode[] = [];
    for (const [at, host] of hosts.entries()) {
      const node = await cluster.start(host, { peers: hosts.slice(Math.max(0, at - 1), at), mode });
      await node.put(`from-${host}`, '1');
      nodes.push(node);
    }
    await cluster.converge();
    const all = { 'from-a': '1', 'from-b': '1', 'from-c': '1', 'from-d': '1' };
    for (const { replica } of nodes) expect(await contents(replica)).toEqual(all);
    await cluster.stopAll();
  });

  test('whatever the mode of each, and whoever dialled whom, as long as they are connected', async () => {
    const shapes = fc.array(fc.record({ mode: fc.constantFrom(...GOSSIP_MODES), peer: fc.nat() }), {
      minLength: 2,
      maxLength: 5,
    });
    const writers = fc.array(fc.nat(), { minLength: 8, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(shapes, writers, async (shape, writtenBy) => {
        const cluster = new GossipCluster();
        const nodes: TestNode[] = [];
        for (const [at, { mode, peer }] of shape.entries()) {
          const peers = at === 0 ? [] : [`n${peer % at}`];
          nodes.push(await cluster.start(`n${at}`, { mode, peers }));
        }
        for (const [write, writer] of writtenBy.entries()) {
          const node = nodes[writer % nodes.length] as TestNode;
          await (write % 3 === 2 ? node.del(`k${write - 1}`) : node.put(`k${write}`, 'x'));
          await cluster.pass(INTERVAL_MS / 2);
        }
        await cluster.converge();
        const [first, ...others] = await Promise.all(nodes.map(({ replica }) => contents(replica)));
        for (const other of others) expect(other).toEqual(first);
        await cluster.stopAll();
      }),
      { numRuns: 25 },
    );
  });

  test('after a cut, also where one only pushes and the other only pulls', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a', { mode: 'push' });
    const b = await cluster.start('b', { mode: 'pull', peers: ['a'] });
    await cluster.converge();
    cluster.network.cut('a', 'b');
    await a.put('from-a', '1');
    await b.put('from-b', '2');
    await cluster.pass(10 * INTERVAL_MS);
    cluster.network.heal('a', 'b');
    await cluster.converge(40_000);
    expect(await contents(a.replica)).toEqual({ 'from-a': '1', 'from-b': '2' });
    expect(await contents(b.replica)).toEqual({ 'from-a': '1', 'from-b': '2' });
    await cluster.stopAll();
  });
});

test.each(GOSSIP_MODES)('who waits until all have seen a write sees that end in mode %s', async (mode) => {
  const cluster = new GossipCluster();
  await cluster.start('b', { mode });
  await cluster.start('c', { mode });
  const a = await cluster.start('a', { peers: ['b', 'c'], mode });
  await cluster.converge();
  await a.put('k', '1');
  expect(await cluster.finish(a.gossip.waitUntilSeen(() => false))).toBe(true);
  await cluster.stopAll();
});

test.each(GOSSIP_MODES)('a session that a cut broke off is brought to its end in mode %s', async (mode) => {
  const cluster = new GossipCluster();
  const a = await cluster.start('a', { mode, chunkBytes: 1 });
  for (const key of ['k1', 'k2', 'k3', 'k4']) await a.put(key, '1');
  let chunks = 0;
  cluster.onSend = ({ message }) => {
    if (message === 'malformed' || message.type !== 'next-reply') return;
    if (++chunks === 2) cluster.network.cut('a', 'b');
  };
  const b = await cluster.start('b', { mode, peers: ['a'] });
  await cluster.pass(INTERVAL_MS);
  expect(chunks).toBe(2);
  cluster.network.heal('a', 'b');
  await cluster.converge(40_000);
  expect(await contents(b.replica)).toEqual(await contents(a.replica));
  expect(await b.gossip.pulled()).toEqual([]);
  await cluster.stopAll();
});
