/** How many bytes a node sends in a round: when nothing is written, and when something is written somewhere all the time. */

import type { World } from '../world.ts';
import { integerIn } from '../streams.ts';
import { INTERVAL_MS, type Gossiping, quietCluster } from './cluster.ts';
import { write } from './spread.ts';

const ROUNDS = 10;

/** In the whole cluster, in a round. */
export const BUSY_WRITES = 10;

/** Nodes that write: as many as there are up to here, so that what a busy round says depends on what is busy, not on N. */
export const BUSY_WRITERS = 10;

export interface Traffic {
  /** By one node in one round, on average. */
  readonly idleBytes: number;
  readonly busyBytes: number;
}

export async function traffic(seed: number, nodes: number, gossiping: Gossiping): Promise<Traffic> {
  const world = await quietCluster(seed, nodes, gossiping);
  await write(world, 0, 'first');
  // Until all have it, and it is no news any more.
  await world.pass(25 * INTERVAL_MS);
  const idleBytes = await bytesPerNodeAndRound(world);
  const random = world.random('busy');
  const writeOnAndOn = (): void => {
    const { running } = world.machine(integerIn(random, 0, Math.min(nodes, BUSY_WRITERS)));
    void running?.node.put(`key-${integerIn(random, 0, 1000)}`, 'x'.repeat(100));
    world.time.after(INTERVAL_MS / BUSY_WRITES, writeOnAndOn);
  };
  writeOnAndOn();
  await world.pass(15 * INTERVAL_MS);
  return { idleBytes, busyBytes: await bytesPerNodeAndRound(world) };
}

async function bytesPerNodeAndRound(world: World): Promise<number> {
  const { network, machines } = world;
  const before = network.traffic.sentBytes;
  await world.pass(ROUNDS * INTERVAL_MS);
  return (network.traffic.sentBytes - before) / ROUNDS / machines.length;
}
