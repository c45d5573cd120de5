/** The map as users see it, in memory, with time under the test's control. */

import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { silentLog } from '../../src/adapters/silent-log.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import type { Store } from '../../src/index.ts';
import { LiveReplica, type ReplicaHome } from '../../src/node/live-replica.ts';
import { MapStore } from '../../src/node/map-store.ts';
import { checkStoreOptions } from '../../src/node/options.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { OrderedStore } from '../../src/ports/ordered-store.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
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
  return { store: new MapStore(lasting(replica, clock), clock, options, folder), clock };
}

/** A disk that never fails. */
function lasting(replica: StoredReplica, clock: Clock): LiveReplica {
  const home: ReplicaHome = {
    checkReopening: () => Promise.resolve(),
    reopen: () => Promise.reject(new Error('the disk of this test never fails')),
    setRoomAside: () => Promise.resolve(),
    checkRoom: () => Promise.resolve(),
  };
  return new LiveReplica(replica, { home, clock, random: createSeededRandom(1), log: silentLog });
}
