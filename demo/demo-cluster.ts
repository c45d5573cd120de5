/** Three nodes that reach each other through proxies only, one for each direction of each pair. */

import { type FaultProxy, startFaultProxy } from '../test/support/fault-proxy.ts';
import { NodeProcess } from './node-process.ts';

export const NAMES = ['A', 'B', 'C'] as const;
export type Name = (typeof NAMES)[number];

/** Nodes that learn of each other would go around the proxies. */
const APART = '--no-membership';

/** Short, so that the demo can show a collection; in use it is hours or days. Nothing is deleted before that step. */
export const TOMBSTONE_TTL_S = 6;

export const SETTINGS: readonly string[] = [
  APART,
  '--gossip-interval',
  '250ms',
  '--tombstone-ttl',
  `${TOMBSTONE_TTL_S}s`,
];

interface Path {
  readonly from: Name;
  readonly to: Name;
  readonly proxy: FaultProxy;
}

export class DemoCluster {
  readonly #paths: readonly Path[];
  readonly #nodes: ReadonlyMap<Name, NodeProcess>;
  readonly #watched: NodeProcess[] = [];

  private constructor(paths: readonly Path[], nodes: ReadonlyMap<Name, NodeProcess>) {
    this.#paths = paths;
    this.#nodes = nodes;
  }

  static async create(folder: string): Promise<DemoCluster> {
    const paths: Path[] = [];
    for (const from of NAMES) {
      for (const to of NAMES) if (from !== to) paths.push({ from, to, proxy: await startFaultProxy() });
    }
    const nodes = new Map<Name, NodeProcess>();
    for (const name of NAMES) {
      const peers = paths
        .filter(({ from }) => from === name)
        .flatMap(({ proxy }) => ['--peer', proxy.address]);
      nodes.set(name, new NodeProcess(name, folder, [...SETTINGS, ...peers]));
    }
    return new DemoCluster(paths, nodes);
  }

  get nodes(): readonly NodeProcess[] {
    return [...this.#nodes.values()];
  }

  node(name: Name): NodeProcess {
    return this.#nodes.get(name) as NodeProcess;
  }

  /** A further node, stopped with the others. */
  watch(node: NodeProcess): void {
    this.#watched.push(node);
  }

  async start(name: Name): Promise<void> {
    const node = this.node(name);
    await node.start();
    for (const { to, proxy } of this.#paths) if (to === name) proxy.retarget(node.address);
  }

  cutOff(name: Name): void {
    for (const { from, to, proxy } of this.#paths) if (from === name || to === name) proxy.cut();
  }

  heal(): void {
    for (const { proxy } of this.#paths) proxy.heal();
  }

  /** Bytes between nodes so far, in both directions. */
  wireBytes(): number {
    return this.#paths.reduce((sum, { proxy }) => sum + proxy.bytesToTarget + proxy.bytesFromTarget, 0);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.nodes, ...this.#watched].map((node) => node.signal('SIGTERM')));
    await Promise.all(this.#paths.map(({ proxy }) => proxy.close()));
  }
}
