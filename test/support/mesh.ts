/** Nodes in simulated time that all know each other. */

import { GossipCluster, INTERVAL_MS, type TestNode, type TestNodeOptions } from './gossip-fixture.ts';

export interface Mesh {
  readonly cluster: GossipCluster;
  readonly nodes: readonly TestNode[];
  readonly first: TestNode;
}

/** They are called n0, n1 and so on, and have nothing to say. */
export async function startMesh(
  count: number,
  optionsOf: (host: string) => TestNodeOptions = () => ({}),
): Promise<Mesh> {
  const cluster = new GossipCluster();
  const nodes: TestNode[] = [];
  for (let at = 0; at < count; at++) {
    const host = `n${at}`;
    nodes.push(await cluster.start(host, { ...optionsOf(host), peers: nodes.map((node) => node.host) }));
  }
  await cluster.pass(5 * INTERVAL_MS);
  cluster.takeSent();
  return { cluster, nodes, first: nodes[0] as TestNode };
}
