/** Clusters of any size without faults, to be measured: who knows whom, and how much is said. */

import { createHash64 } from '../../adapters/xxhash.ts';
import type { GossipMode } from '../../gossip/mode.ts';
import { integerIn, streamOf } from '../streams.ts';
import { World } from '../world.ts';

export const INTERVAL_MS = 1000;

/** Addresses that a node is told: with twice as many links on average, a random graph of any size here is connected. */
const PEERS = 8;

/** Up to here everybody is told everybody. */
const FULL_MESH_MAX = 16;

const DAY_MS = 86_400_000;

export interface Gossiping {
  readonly mode: GossipMode;
  readonly fanout: number;
  readonly rumours: boolean;
}

/** All nodes are up, know each other, and hold nothing. */
export async function quietCluster(
  seed: number,
  nodes: number,
  { mode, fanout, rumours }: Gossiping,
): Promise<World> {
  const known = acquaintances(seed, nodes);
  const world = new World({
    seed,
    nodes,
    hash64: await createHash64(),
    peersOf: (machine) => known[machine] as readonly number[],
    options: {
      mode,
      gossipFanout: fanout,
      rumours,
      gossipIntervalMs: INTERVAL_MS,
      tombstoneTtlMs: DAY_MS,
      maxDriftMs: 60_000,
      sessionTimeoutMs: 30_000,
      auditIntervalMs: DAY_MS,
      scrubIntervalMs: DAY_MS,
      dotCacheBytes: 4096,
      chunkBytes: 262_144,
    },
  });
  world.startAll();
  // Long enough for dials that failed at first to have been made again.
  await world.pass(5 * INTERVAL_MS);
  return world;
}

/** By node: whom it is told. */
function acquaintances(seed: number, nodes: number): readonly (readonly number[])[] {
  const random = streamOf(seed, 'acquaintances');
  const all = Array.from({ length: nodes }, (_, node) => node);
  return all.map((node) => {
    if (nodes <= FULL_MESH_MAX) return all;
    const peers = new Set<number>();
    while (peers.size < PEERS) {
      const peer = integerIn(random, 0, nodes);
      if (peer !== node) peers.add(peer);
    }
    return [...peers];
  });
}
