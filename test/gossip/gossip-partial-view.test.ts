/** Clusters whose nodes keep links with a few members only, on virtual time. */

import { describe, expect, test } from 'vitest';
import {
  GossipCluster,
  INTERVAL_MS,
  RUMOURS,
  type TestNode,
  type TestNodeOptions,
} from '../support/gossip-fixture.ts';

/** Fewer timers make virtual time pass sooner. */
const SELDOM = { ...RUMOURS, intervalMs: INTERVAL_MS };

/** All are told of the first one only. */
async function clusterOf(
  count: number,
  options: TestNodeOptions = {},
): Promise<{ cluster: GossipCluster; nodes: TestNode[] }> {
  const cluster = new GossipCluster();
  const nodes: TestNode[] = [];
  for (let at = 0; at < count; at++) nodes.push(await startOne(cluster, `n${at}`, options));
  await cluster.pass(60 * INTERVAL_MS);
  return { cluster, nodes };
}

function startOne(cluster: GossipCluster, host: string, options: TestNodeOptions = {}): Promise<TestNode> {
  const peers = host === 'n0' ? [] : ['n0'];
  return cluster.start(host, { peers, rumours: RUMOURS, membership: {}, isViewPartial: true, ...options });
}

/** Members with which a node is connected. */
function linkedWith({ gossip }: TestNode): readonly string[] {
  return gossip.peers().flatMap(({ state, nodeId }) => (state === 'connected' ? [nodeId ?? '?'] : []));
}

/** Nodes that a message can reach from the first of `nodes`, over links. */
function reached(nodes: readonly TestNode[]): number {
  const byHost = new Map(nodes.map((node) => [node.host, node]));
  const seen = new Set<string>();
  const next = [nodes[0] as TestNode];
  for (let node = next.pop(); node !== undefined; node = next.pop()) {
    if (seen.has(node.host)) continue;
    seen.add(node.host);
    for (const peer of linkedWith(node)) {
      const other = byHost.get(peer);
      if (other !== undefined) next.push(other);
    }
  }
  return seen.size;
}

function statusesOf({ gossip, host }: TestNode): ReadonlyMap<string, string> {
  const members = gossip.membership?.members() ?? [];
  return new Map(members.flatMap(({ nodeId, status }) => (nodeId === host ? [] : [[nodeId, status]])));
}

function holders(nodes: readonly TestNode[], writer: TestNode): number {
  const written = writer.replica.rows().find(({ actor }) => writer.replica.hasWrittenAs(actor));
  return nodes.filter(
    ({ replica }) => written !== undefined && (replica.row(written.actor)?.received ?? 0) >= written.received,
  ).length;
}

describe('nodes with partial views', () => {
  test('keep links with a few, also the one that all were told of, and all know and reach all', async () => {
    const { cluster, nodes } = await clusterOf(24);
    for (const node of nodes) {
      expect(linkedWith(node).length).toBeGreaterThan(0);
      // Five, who is looked after for a moment, and who looks.
      expect(linkedWith(node).length).toBeLessThanOrEqual(10);
      expect([...statusesOf(node).values()]).toStrictEqual(Array.from({ length: 23 }, () => 'up'));
    }
    expect(reached(nodes)).toBe(24);
    const links = nodes.reduce((sum, node) => sum + linkedWith(node).length, 0);
    expect(links / 24).toBeLessThan(8);
    const [writer] = nodes as [TestNode];
    await writer.put('news', 'value');
    await cluster.pass(INTERVAL_MS / 2);
    expect(holders(nodes, writer)).toBeGreaterThan(20);
    await cluster.converge(60_000);
    expect(holders(nodes, writer)).toBe(24);
    await cluster.stopAll();
  }, 60_000);

  test('find together again when two thirds of them are gone, and tell which', async () => {
    const { cluster, nodes } = await clusterOf(24);
    const [gone, left] = [nodes.slice(0, 16), nodes.slice(16)];
    for (const node of gone) await cluster.stop(node);
    await cluster.pass(150 * INTERVAL_MS);
    expect(reached(left)).toBe(8);
    for (const node of left) {
      const statuses = statusesOf(node);
      const others = left.filter((other) => other !== node);
      expect(new Set(gone.map(({ host }) => statuses.get(host)))).toStrictEqual(new Set(['down']));
      expect(new Set(others.map(({ host }) => statuses.get(host)))).toStrictEqual(new Set(['up']));
    }
    await cluster.stopAll();
  }, 60_000);

  test('that were split in two, and find each other down, are one again once the halves can talk', async () => {
    const { cluster, nodes } = await clusterOf(6, { rumours: SELDOM });
    const halves = [nodes.slice(0, 3), nodes.slice(3)];
    const [left, right] = halves.map((half) => half.map(({ host }) => host));
    const pairs = left?.flatMap((a) => right?.flatMap((b) => [[a, b] as const, [b, a] as const]) ?? []) ?? [];
    for (const [from, to] of pairs) cluster.stall(from, to);
    await cluster.pass(90_000);
    for (const node of halves[0] ?? [])
      for (const host of right ?? []) expect(statusesOf(node).get(host)).toBe('down');
    for (const [from, to] of pairs) cluster.resume(from, to);
    await cluster.pass(300_000);
    expect(reached(nodes)).toBe(6);
    for (const node of nodes) expect(new Set(statusesOf(node).values())).toStrictEqual(new Set(['up']));
    await cluster.stopAll();
  }, 60_000);

  test('take in who comes later, and say little while nothing happens', async () => {
    const { cluster, nodes } = await clusterOf(12);
    const late = await startOne(cluster, 'late');
    await cluster.pass(60 * INTERVAL_MS);
    expect(reached([...nodes, late])).toBe(13);
    cluster.takeSent();
    await cluster.pass(60 * INTERVAL_MS);
    const sent = cluster
      .takeSent()
      .filter(({ message }) => message !== 'malformed' && message.type === 'view');
    const bytes = sent.reduce((sum, one) => sum + one.bytes, 0);
    // For each node and second.
    expect(bytes / 13 / 60).toBeLessThan(40);
    await cluster.stopAll();
  }, 60_000);

  test('know no more members than they may, and yet reach all, also those that come later or when many are gone', async () => {
    // Some more than both views.
    const membersMax = 38;
    const options = { membership: { membersMax }, rumours: SELDOM };
    const { cluster, nodes } = await clusterOf(42, options);
    const knows = (node: TestNode): number => statusesOf(node).size;
    expect(nodes.map(knows)).toStrictEqual(nodes.map(() => membersMax));
    expect(reached(nodes)).toBe(42);

    const late = await startOne(cluster, 'late', options);
    for (const node of nodes.slice(1, 21)) await cluster.stop(node);
    await cluster.pass(60 * INTERVAL_MS);
    const left = [nodes[0] as TestNode, ...nodes.slice(21), late];
    expect(left.map(knows)).toStrictEqual(left.map(() => membersMax));
    expect(reached(left)).toBe(23);
    await late.put('news', 'value');
    await cluster.converge(60_000);
    expect(holders(left, late)).toBe(23);
    await cluster.stopAll();
  }, 60_000);

  test('that reach nobody dial their seeds after pauses that grow, and find them when they are there', async () => {
    const cluster = new GossipCluster();
    const alone = await startOne(cluster, 'n1');
    await cluster.pass(600_000);
    // Half of 30 s on average.
    expect(cluster.dials.length).toBeGreaterThan(600 / 30);
    expect(cluster.dials.length).toBeLessThan(600 / 10);
    const seed = await startOne(cluster, 'n0');
    await cluster.pass(35_000);
    expect(linkedWith(alone)).toStrictEqual(['n0']);
    await cluster.stop(seed);
    cluster.dials.splice(0);
    await cluster.pass(600_000);
    expect(cluster.dials.length).toBeGreaterThan(600 / 30);
    // And now and then the one that it knows to be down.
    expect(cluster.dials.length).toBeLessThan(600 / 8);
    await cluster.stopAll();
  });
});
