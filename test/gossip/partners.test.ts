/** Members are dialled where they are: nobody has to be told of more than one of them. */

import { describe, expect, test } from 'vitest';
import type { NodeId } from '../../src/core/actor.ts';
import { addressOf, GossipCluster, type TestNode, type TestNodeOptions } from '../support/gossip-fixture.ts';

const MEMBERSHIP: TestNodeOptions = { membership: {}, gossipIntervalMs: 10_000 };

const HOUR_MS = 3_600_000;

function peersOf(node: TestNode): string[] {
  return node.gossip
    .peers()
    .map(({ address, nodeId, state }) => `${nodeId ?? '?'} ${address} ${state}`)
    .toSorted();
}

function membersOf(node: TestNode): string[] {
  const members = node.gossip.membership?.members() ?? [];
  return members.filter(({ isSelf }) => !isSelf).map(({ nodeId, status }) => `${nodeId} ${status}`);
}

interface Formed {
  readonly cluster: GossipCluster;
  readonly nodes: TestNode[];
}

/** `names` form a cluster; all are told of the first one only. */
async function formed(...names: readonly string[]): Promise<Formed> {
  return formedWith(MEMBERSHIP, ...names);
}

/** Watched at leisure, for tests that take hours. */
async function formedSlow(...names: readonly string[]): Promise<Formed> {
  return formedWith({ membership: { probeIntervalMs: 10_000 }, gossipIntervalMs: 60_000 }, ...names);
}

async function formedWith(options: TestNodeOptions, ...names: readonly string[]): Promise<Formed> {
  const cluster = new GossipCluster();
  const nodes: TestNode[] = [];
  for (const name of names) nodes.push(await cluster.start(name, { ...options, peers: names.slice(0, 1) }));
  await cluster.pass(15_000);
  return { cluster, nodes };
}

describe('nodes that are told of one node', () => {
  test('are all connected with each other, with one record a node, and hardly a connection too many', async () => {
    const names = ['f', 'b', 'j', 'a', 'd', 'h', 'c', 'i', 'e', 'g'];
    const { cluster, nodes } = await formed(...names);
    for (const [at, node] of nodes.entries()) {
      const others = names
        .filter((_, other) => other !== at)
        .map((name) => `${name} ${addressOf(name)} connected`);
      // The first one is its own seed.
      expect(peersOf(node)).toEqual([...others, ...(at === 0 ? ['f f:7000 self'] : [])].toSorted());
    }
    for (const node of nodes.slice(1))
      for (const { nodeId, direction } of node.gossip.peers().filter((peer) => peer.nodeId !== 'f'))
        expect(direction).toBe(node.host < (nodeId ?? '') ? 'outbound' : 'inbound');
    // One for each pair; and 'a' to 'e', whose turn it is, are dialled by nobody else.
    const pairs = cluster.dials.map(({ from, to }) => [from, to].toSorted().join(' '));
    expect(new Set(pairs).size).toBe(45 + 1);
    expect(pairs.length).toBeLessThan(1.2 * 45);
    cluster.dials.splice(0);
    await cluster.pass(300_000);
    expect(cluster.dials.filter(({ from, to }) => from !== to)).toEqual([]);
    await cluster.stopAll();
  });

  test('are connected even if one of two cannot dial: then the other one does', async () => {
    const cluster = new GossipCluster();
    await cluster.start('b', MEMBERSHIP);
    await cluster.start('c', { ...MEMBERSHIP, peers: ['b'] });
    // Nobody can reach it.
    const c = await cluster.start('z', { ...MEMBERSHIP, nodeId: 'a', peers: ['b'], unreachable: true });
    await cluster.pass(15_000);
    expect(peersOf(c)).toEqual(['b b:7000 connected', 'c c:7000 connected']);
    await cluster.stopAll();
  });
});

describe('a member that comes back', () => {
  test('with another address is connected with all at once, and dialled there from then on', async () => {
    const { cluster, nodes } = await formed('a', 'b', 'c');
    const [a, b, c] = nodes as [TestNode, TestNode, TestNode];
    const disk = await cluster.stop(b);
    await cluster.pass(60_000);
    expect(membersOf(a)).toEqual(['b down', 'c up']);
    await cluster.start('moved', { ...MEMBERSHIP, nodeId: 'b', peers: ['c'], disk, seed: 9 });
    await cluster.pass(2000);
    for (const node of [a, c]) expect(peersOf(node)).toContain('b moved:7000 connected');
    expect(membersOf(a)).toEqual(['b up', 'c up']);
    expect(peersOf(a)).toHaveLength(3);
    cluster.dials.splice(0);
    await cluster.pass(400_000);
    expect(cluster.dials.filter(({ from, to }) => from !== to)).toEqual([]);
    await cluster.stopAll();
  });

  test('with another address, though its machine lost its power, is not kept out by its old connections', async () => {
    const { cluster, nodes } = await formed('a', 'b', 'c');
    const [a, b, c] = nodes as [TestNode, TestNode, TestNode];
    for (const host of ['a', 'c']) {
      cluster.stall('b', host);
      cluster.stall(host, 'b');
    }
    const disk = await b.disk.copy();
    await cluster.start('moved', { ...MEMBERSHIP, nodeId: 'b', peers: ['c'], disk, seed: 9 });
    await cluster.pass(10_000);
    for (const node of [a, c]) expect(peersOf(node)).toContain('b moved:7000 connected');
    expect(membersOf(a)).toEqual(['b up', 'c up']);
    await cluster.stopAll();
  });
});

describe('a member that is down', () => {
  test('is dialled for days, every few minutes, and found again when nobody else tells of it', async () => {
    const { cluster, nodes } = await formedSlow('a', 'b', 'c');
    const [a, , c] = nodes as [TestNode, TestNode, TestNode];
    for (const left of ['a', 'b']) cluster.network.cut(left, 'c');
    await cluster.pass(HOUR_MS / 4);
    expect(membersOf(a)).toEqual(['b up', 'c down']);
    cluster.dials.splice(0);
    await cluster.pass(HOUR_MS);
    const tried = cluster.dials.filter(({ from, to }) => from === 'b' && to === 'c');
    expect(tried.length).toBeGreaterThan(3600 / 300);
    expect(tried.length).toBeLessThan(3600 / 60);
    for (const left of ['a', 'b']) cluster.network.heal(left, 'c');
    await cluster.pass(330_000);
    expect(membersOf(a)).toEqual(['b up', 'c up']);
    expect(membersOf(c)).toEqual(['a up', 'b up']);
    expect(peersOf(a)).toContain('c c:7000 connected');
    await cluster.stopAll();
  });

  test('is one half of a cluster to the other: when they meet again, all are up', async () => {
    const { cluster, nodes } = await formedSlow('a', 'b', 'c', 'd');
    for (const left of ['a', 'b']) for (const right of ['c', 'd']) cluster.network.cut(left, right);
    await cluster.pass(HOUR_MS / 4);
    for (const left of ['a', 'b']) for (const right of ['c', 'd']) cluster.network.heal(left, right);
    await cluster.pass(330_000);
    for (const node of nodes) expect(membersOf(node).every((member) => member.endsWith(' up'))).toBe(true);
    await cluster.stopAll();
  });

  test('is neither dialled nor shown among the peers once it is forgotten, nor is one that left', async () => {
    const { cluster, nodes } = await formed('a', 'b', 'c', 'd');
    const [a, b, c, d] = nodes as [TestNode, TestNode, TestNode, TestNode];
    void c.gossip.membership?.leave(1000);
    await cluster.pass(1000);
    await cluster.stop(c);
    await cluster.stop(d);
    await cluster.pass(60_000);
    expect(membersOf(a)).toEqual(['b up', 'c left', 'd down']);
    expect(peersOf(a)).toContain('d d:7000 disconnected');
    expect(b.gossip.membership?.forget('d' as NodeId)).toBe(true);
    await cluster.pass(10_000);
    for (const node of [a, b]) expect(peersOf(node).filter((peer) => /^[cd] /u.test(peer))).toEqual([]);
    cluster.dials.splice(0);
    await cluster.pass(600_000);
    expect(cluster.dials.filter(({ from, to }) => from !== to)).toEqual([]);
    await cluster.stopAll();
  });
});

test('a member that takes each connection for a moment, and then refuses it, is dialled ever more rarely', async () => {
  const { cluster, nodes } = await formed('a', 'b', 'c');
  const [, b] = nodes as [TestNode, TestNode, TestNode];
  const known = b.gossip.membership?.told.records() ?? [];
  // It hears their hellos before they find that its name is taken.
  await cluster.start('copy', { ...MEMBERSHIP, nodeId: 'b', disk: await b.disk.copy(), known, seed: 9 });
  await cluster.pass(60_000);
  cluster.dials.splice(0);
  await cluster.pass(600_000);
  const tried = cluster.dials.filter(({ from, to }) => from === 'copy' && to === 'c');
  expect(tried.length).toBeGreaterThan(0);
  expect(tried.length).toBeLessThan(600 / 10);
  await cluster.stopAll();
});

test('a node finds its cluster by what it knew, though nobody tells it of a peer', async () => {
  const { cluster, nodes } = await formed('a', 'b', 'c');
  const [a, b, c] = nodes as [TestNode, TestNode, TestNode];
  const known = b.gossip.membership?.told.records() ?? [];
  const disk = await cluster.stop(b);
  await cluster.stop(a);
  await cluster.pass(60_000);
  const again = await cluster.start('b', { ...MEMBERSHIP, disk, known, seed: 9 });
  await cluster.pass(10_000);
  expect(peersOf(again)).toContain('c c:7000 connected');
  expect(membersOf(c)).toEqual(['a down', 'b up']);
  await cluster.stopAll();
});
