/** Aggregates over whole clusters, on virtual time. */

import { describe, expect, test } from 'vitest';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import type { Aggregate } from '../../src/gossip/aggregate.ts';
import { GossipCluster, INTERVAL_MS, type Sent, type TestNode } from '../support/gossip-fixture.ts';
import { type Mesh, startMesh } from '../support/mesh.ts';

/** What an answer takes at most. */
const EPOCH_MS = 2500;

/** Each node contributes its number under `numbers`, from 1 on. */
async function mesh(count: number): Promise<Mesh> {
  const started = await startMesh(count);
  for (const [at, { gossip }] of started.nodes.entries())
    gossip.aggregation.contribute('numbers', () => at + 1);
  return started;
}

async function ask(cluster: GossipCluster, node: TestNode, name = 'numbers'): Promise<Aggregate> {
  const asked = node.gossip.aggregation.ask(name);
  // What fails is told below.
  asked.catch(() => undefined);
  await cluster.pass(EPOCH_MS);
  return asked;
}

const aggregates = (sent: readonly Sent[]): Sent[] =>
  sent.filter(({ message }) => message !== 'malformed' && message.type.startsWith('aggregate'));

function expectNear(found: Aggregate, expected: Required<Aggregate>): void {
  const { count, minimum, maximum } = expected;
  expect(found).toMatchObject({ count, minimum, maximum });
  expect(found.sum / expected.sum).toBeCloseTo(1, 4);
  expect((found.average ?? 0) / expected.average).toBeCloseTo(1, 4);
}

describe('an aggregate', () => {
  test('over 48 nodes that know four others each is good to six digits', async () => {
    const cluster = new GossipCluster();
    const random = createSeededRandom(5);
    const nodes: TestNode[] = [];
    for (let at = 0; at < 48; at++) {
      const peers = new Set<string>();
      while (peers.size < Math.min(4, at)) peers.add(`n${Math.floor(random.fraction() * at)}`);
      const node = await cluster.start(`n${at}`, { peers: [...peers] });
      node.gossip.aggregation.contribute('numbers', () => at + 1);
      nodes.push(node);
    }
    await cluster.pass(5 * INTERVAL_MS);
    const { count, sum } = await ask(cluster, nodes[20] as TestNode);
    expect(count).toBe(48);
    expect(Math.abs(sum / 1176 - 1)).toBeLessThan(1e-6);
    await cluster.stopAll();
  });

  test('over 16 nodes is that of all of them, whoever asks, and in whichever order', async () => {
    const { cluster, nodes } = await mesh(16);
    const all = { count: 16, sum: 136, average: 8.5, minimum: 1, maximum: 16 };
    expectNear(await ask(cluster, nodes[0] as TestNode), all);
    const asked = nodes.slice(3, 6).map(({ gossip }) => gossip.aggregation.ask('numbers'));
    await cluster.pass(EPOCH_MS);
    for (const found of await Promise.all(asked)) expectNear(found, all);
    await cluster.stopAll();
  });

  test('costs nothing while nobody asks, and ends by itself', async () => {
    const { cluster, nodes } = await mesh(8);
    await cluster.pass(3 * INTERVAL_MS);
    expect(aggregates(cluster.takeSent())).toStrictEqual([]);
    await ask(cluster, nodes[0] as TestNode);
    const sent = aggregates(cluster.takeSent());
    expect(sent.length).toBeGreaterThan(8);
    // Some sixty exchanges a node, a request and a reply each.
    expect(sent.length).toBeLessThanOrEqual(8 * 66 * 2);
    expect(Math.max(...sent.map(({ bytes }) => bytes))).toBeLessThan(90);
    await cluster.pass(3 * INTERVAL_MS);
    expect(aggregates(cluster.takeSent())).toStrictEqual([]);
    await cluster.stopAll();
  });

  test('that connections which break have spoilt a little is still right, since lost replies are made up for', async () => {
    const { cluster, nodes } = await mesh(16);
    let seen = 0;
    cluster.onSend = ({ from, to, message }) => {
      if (message === 'malformed' || message.type !== 'aggregate-reply' || ++seen % 20 !== 0) return;
      cluster.network.cut(from, to);
      cluster.network.heal(from, to);
    };
    const found = await ask(cluster, nodes[0] as TestNode);
    expect(seen).toBeGreaterThan(100);
    expect(found.count).toBeGreaterThanOrEqual(14);
    expect(found.count).toBeLessThanOrEqual(18);
    cluster.onSend = () => {};
    await cluster.pass(5 * INTERVAL_MS);
    expectNear(await ask(cluster, nodes[0] as TestNode), {
      count: 16,
      sum: 136,
      average: 8.5,
      minimum: 1,
      maximum: 16,
    });
    await cluster.stopAll();
  });

  test('after nodes left and joined in the middle of one is right again in the next', async () => {
    const { cluster, nodes } = await mesh(16);
    const [asker] = nodes as [TestNode];
    const spoilt = asker.gossip.aggregation.ask('numbers');
    spoilt.catch(() => undefined);
    await cluster.pass(300);
    for (const node of nodes.slice(12)) await cluster.stop(node);
    const joined = await cluster.start('late', { peers: nodes.slice(0, 12).map(({ host }) => host) });
    joined.gossip.aggregation.contribute('numbers', () => 100);
    await cluster.pass(EPOCH_MS);
    await spoilt;
    const found = await ask(cluster, asker);
    expectNear(found, { count: 13, sum: 178, average: 178 / 13, minimum: 1, maximum: 100 });
    await cluster.stopAll();
  });

  test('leaves out who contributes nothing, or fails to', async () => {
    const { cluster, nodes } = await mesh(4);
    const [one, two, three, four] = nodes as [TestNode, TestNode, TestNode, TestNode];
    one.gossip.aggregation.contribute('some', () => 5);
    two.gossip.aggregation.contribute('some', () => Promise.resolve(7));
    three.gossip.aggregation.contribute('some', () => Promise.reject(new Error('no')));
    const takeBack = four.gossip.aggregation.contribute('some', () => 99);
    takeBack();
    expectNear(await ask(cluster, four, 'some'), { count: 2, sum: 12, average: 6, minimum: 5, maximum: 7 });
    expect(await ask(cluster, one, 'unknown')).toStrictEqual({ count: 0, sum: 0 });
    await cluster.stopAll();
  });

  test('of which one contribution never comes keeps nothing from that node once it is over', async () => {
    const { cluster, nodes } = await mesh(2);
    const [one, two] = nodes as [TestNode, TestNode];
    const names = Array.from({ length: 32 }, (_, at) => `name-${at}`);
    for (const name of names) two.gossip.aggregation.contribute(name, () => new Promise(() => {}));
    const asked = Promise.allSettled(names.map((name) => one.gossip.aggregation.ask(name)));
    await cluster.pass(EPOCH_MS);
    await asked;
    const roundsOf = (): number => one.gossip.peers().reduce((sum, { rounds }) => sum + rounds, 0);
    const before = roundsOf();
    await cluster.pass(5 * INTERVAL_MS);
    expect(roundsOf()).toBeGreaterThan(before + 2);
    await cluster.stopAll();
  });

  test('of a node alone is its own', async () => {
    const { cluster, nodes } = await mesh(1);
    const own = { count: 1, sum: 1, average: 1, minimum: 1, maximum: 1 };
    expect(await ask(cluster, nodes[0] as TestNode)).toStrictEqual(own);
    await cluster.stopAll();
  });

  test('of a node that stops is none', async () => {
    const { cluster, nodes } = await mesh(2);
    const asked = (nodes[0] as TestNode).gossip.aggregation.ask('numbers');
    const settled = Promise.allSettled([asked]);
    await cluster.stopAll();
    expect(await settled).toMatchObject([{ status: 'rejected', reason: { code: 'STORE_CLOSED' } }]);
  });

  test('beyond what is computed at once is refused by whoever has no room', async () => {
    const { cluster, nodes } = await mesh(2);
    const [one] = nodes as [TestNode];
    const asked = Array.from({ length: 33 }, (_, at) => one.gossip.aggregation.ask(`name-${at}`));
    const settled = Promise.allSettled(asked);
    await cluster.pass(EPOCH_MS);
    const failed = (await settled).filter(({ status }) => status === 'rejected');
    expect(failed).toMatchObject([{ reason: { code: 'TIMEOUT' } }]);
    await cluster.stopAll();
  });
});
