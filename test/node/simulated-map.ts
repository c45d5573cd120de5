/** The map as users see it, in memory, with time under the test's control. */

import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import type { Store } from '../../src/index.ts';
import { MapStore } from '../../src/node/map-store.ts';
import { checkStoreOptions } from '../../src/node/options.ts';
import type { OrderedStore } from '../../src/ports/ordered-store.ts';
import { openTestReplica } from '../support/replica-fixture.ts';

export const TOMBSTONE_TTL_MS = 20_000;
export const MAX_DRIFT_MS = 30_000;

export interface SimulatedMap {
  readonly store: Store;
  readonly clock: SimulatedClock;
}

/** An empty map, unless `store` holds one. */
export async function simulatedMap(store?: OrderedStore): Promise<SimulatedMap> {
  const clock = new SimulatedClock();
  const settings = { tombstoneTtlMs: TOMBSTONE_TTL_MS, maxDriftMs: MAX_DRIFT_MS };
  const replica = await openTestReplica({
    store: store ?? (await new MemoryDisk().open()),
    clock,
    ...settings,
  });
  const options = checkStoreOptions({ dir: 'memory', ...settings });
  const folder = { dir: 'memory', release: () => Promise.resolve() };
  return { store: new MapStore(replica, clock, options, folder), clock };
}
