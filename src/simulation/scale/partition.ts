/** How long two halves of a cluster that wrote apart take to agree once they can talk again. */

import { INTERVAL_MS, type Gossiping, quietCluster } from './cluster.ts';

/** Written in each half meanwhile. */
export const WRITES_APART = 100;

const APART_MS = 10_000;

/** Rounds from the healing until all contexts are equal. */
export async function convergence(seed: number, nodes: number, gossiping: Gossiping): Promise<number> {
  const world = await quietCluster(seed, nodes, gossiping);
  const { network, machines } = world;
  const names = machines.map(({ name }) => name);
  const [one, other] = [names.slice(0, nodes >> 1), names.slice(nodes >> 1)];
  for (const a of one) {
    for (const b of other) {
      network.cut(a, b);
      network.cut(b, a);
    }
  }
  for (let number = 0; number < 2 * WRITES_APART; number++) {
    // Of every machine at most a few writes, so that both halves have many authors.
    void world.machine(number % nodes).running?.node.put(`key-${number}`, 'x'.repeat(100));
    await world.pass(APART_MS / WRITES_APART / 2);
  }
  network.healAll();
  const tookMs = await world.until(() => world.agree(), INTERVAL_MS / 20, 200 * INTERVAL_MS);
  if (tookMs === undefined) throw new Error('the halves do not agree');
  return tookMs / INTERVAL_MS;
}
