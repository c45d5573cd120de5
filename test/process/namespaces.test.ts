/**
 * Clusters on a network that is cut, one-way, or loses packets: real processes with certificates, each in a namespace of its
 * own, and nftables between them.
 */

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canIsolate, PrivateNetwork, unisolated } from '../support/private-network.ts';
import { runStore } from '../support/run-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import {
  eventually,
  expectSameKeys,
  expectStatus,
  formCluster,
  WatchedNode,
} from '../support/watched-node.ts';

const PORT = '7531';

/** For how long two nodes must take each other for up, without a break. */
const STEADY_MS = 5000;

interface Cut<Name extends string> {
  readonly network: PrivateNetwork;
  readonly cluster: Readonly<Record<Name, WatchedNode>>;
}

/** A node on each host, with a certificate of one authority. */
async function startCluster<Name extends string>(
  names: readonly [Name, ...Name[]],
  args: readonly string[] = [],
): Promise<Cut<Name>> {
  const folder = await temporaryFolder();
  const out = join(folder, 'certs');
  await runStore(['certs', 'init', '--out', out]);
  const network = await PrivateNetwork.open(names);
  const cluster = await formCluster(names, async (name, ...more) => {
    expect(await runStore(['certs', 'node', name, '--out', out])).toMatchObject({ code: 0 });
    const file = (path: string): string => join(out, path);
    const own = ['--tls-cert', file(`${name}.crt`), '--tls-key', file(`${name}.key`)];
    const place = ['--host', network.address(name), '--port', PORT];
    return WatchedNode.start(folder, name, [...place, ...own, '--tls-ca', file('ca.crt'), ...args, ...more], {
      command: network.on(name),
    });
  });
  return { network, cluster };
}

describe.skipIf(!canIsolate)('a cluster', { timeout: 180_000 }, () => {
  test(`that is cut in two goes on on both sides, each without the other, and is one again after that${unisolated}`, async () => {
    const { network, cluster } = await startCluster(['a', 'b', 'c', 'd']);
    const { a, b, c, d } = cluster;
    network.drop(cutBetween(network, ['a', 'b'], ['c', 'd']));
    await expectStatus([a, b], ['c', 'd'], 'down');
    await expectStatus([c, d], ['a', 'b'], 'down');
    for (const node of [a, b, c, d]) await node.put(`while cut/${node.name}`);
    await expectSameKeys([a, b], 2);
    await expectSameKeys([c, d], 2);
    await expectStatus([a, b], ['a', 'b'], 'up');
    await expectStatus([c, d], ['c', 'd'], 'up');

    network.drop([]);
    await expectStatus([a, b, c, d], ['a', 'b', 'c', 'd'], 'up');
    await expectSameKeys([a, b, c, d], 4);
  });

  test(`that is cut for longer than it remembers who is down is one again, by its seed${unisolated}`, async () => {
    const { network, cluster } = await startCluster(['a', 'b', 'c'], ['--member-retention', '1s']);
    const { a, b, c } = cluster;
    network.drop(cutBetween(network, ['a'], ['b', 'c']));
    await eventually(async () => expect(Object.keys(await a.members())).toEqual(['a']));
    for (const node of [b, c]) {
      await eventually(async () => expect(await node.members()).not.toHaveProperty('a'));
      await node.put(`while cut/${node.name}`);
    }
    network.drop([]);
    await eventually(async () => expect(Object.keys(await a.members())).toEqual(['a', 'b', 'c']));
    await expectStatus([a, b, c], ['a', 'b', 'c'], 'up');
    await expectSameKeys([a, b, c], 2);
  });

  test(`in which one node does not get through to another keeps both, by the word of a third that reaches them${unisolated}`, async () => {
    const { network, cluster } = await startCluster(['a', 'b', 'c']);
    const { a, b, c } = cluster;
    network.drop([network.between('a', 'b')]);
    // With half of its packets a connection soon is none.
    for (const node of [a, b]) await eventually(async () => expect(await node.linked()).toEqual(['c']));
    await a.put('of a');
    await b.put('of b');
    await expectSameKeys([a, b, c], 2);
    await Promise.all([expectSteady(a, 'b'), expectSteady(b, 'a')]);
    for (const node of [a, b]) expect(await node.linked()).toEqual(['c']);
    expect(network.dropped()).toEqual([expect.toSatisfy((packets: number) => packets > 0)]);
  });

  test(`that loses every fourth packet gives up nobody for good, and holds the same in the end${unisolated}`, async () => {
    const names = ['a', 'b', 'c', 'd'] as const;
    const { network, cluster } = await startCluster(names, ['--probe-interval', '500ms']);
    const nodes = Object.values(cluster);
    network.drop(['ip protocol tcp numgen random mod 100 < 25']);
    for (let round = 1; round <= 10; round++) {
      await Promise.all(nodes.map((node) => node.put(`${round}/${node.name}`)));
      await expectSameKeys(nodes, round * names.length);
    }
    await expectStatus(nodes, names, 'up');
    expect(network.dropped()).toEqual([expect.toSatisfy((packets: number) => packets > 100)]);
  });
});

/** Rules for all that goes from one side to the other. */
function cutBetween(
  network: PrivateNetwork,
  lefts: readonly string[],
  rights: readonly string[],
): readonly string[] {
  return lefts.flatMap((left) =>
    rights.flatMap((right) => [network.between(left, right), network.between(right, left)]),
  );
}

/** Until the node has taken the other one for up for `STEADY_MS` on end, all of them after now. */
async function expectSteady(node: WatchedNode, other: string): Promise<void> {
  const sinceMs = performance.now();
  await eventually(async () => {
    const members = await node.client.cluster.members();
    const member = members.find(({ nodeId }) => nodeId === other);
    expect(performance.now() - sinceMs).toBeGreaterThan(STEADY_MS);
    expect(member?.status).toBe('up');
    expect(member?.statusAgoMs).toBeGreaterThan(STEADY_MS);
  });
}
