/** Opens the map alone, on LevelDB. */

import { systemClock } from '../adapters/system-clock.ts';
import { systemRandom } from '../adapters/system-random.ts';
import { createHash64 } from '../adapters/xxhash.ts';
import { BoatoError } from '../core/errors.ts';
import { openReplica } from '../storage/open-replica.ts';
import type { StoredReplica } from '../storage/stored-replica.ts';
import { aborted, throwIfAborted } from './abort.ts';
import type { Store, StoreOptions } from './api.ts';
import { missing, openFolder } from './folder.ts';
import { MapStore } from './map-store.ts';
import { type CheckedStoreOptions, checkStoreOptions } from './options.ts';

/**
 * Opens the store in `options.dir`, and makes it if it is missing. Fails with `INVALID_OPTION`, `STORE_LOCKED`,
 * `STORE_MISSING`, `STORE_UNREADABLE`, `FORMAT_UNSUPPORTED`, `NAME_MISMATCH`, `CLUSTER_MISMATCH`, `RECORD_DAMAGED`,
 * `ABORTED`.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const checked = checkStoreOptions(options);
  const { map } = await openMap(checked);
  if (checked.signal?.aborted !== true) return map;
  await map.close();
  throw aborted(checked.signal);
}

export async function openMap(
  options: CheckedStoreOptions,
): Promise<{ readonly map: MapStore; readonly replica: StoredReplica }> {
  throwIfAborted(options.signal);
  const [folder, hash64] = await Promise.all([openFolder(options.dir), createHash64()]);
  try {
    throwIfAborted(options.signal);
    const replica = await openReplica({
      store: folder.store,
      clock: systemClock,
      random: systemRandom,
      hash64,
      log: options.log,
      mustExist: folder.isInitialized,
      nodeId: options.nodeId,
      clusterId: options.clusterId,
      tombstoneTtlMs: options.tombstoneTtlMs,
      maxDriftMs: options.maxDriftMs,
      dotCacheBytes: options.dotCacheBytes,
      sync: options.durability === 'fsync',
    });
    await folder.markInitialized();
    return { map: new MapStore(replica, systemClock, options, folder), replica };
  } catch (error) {
    await folder.store.close();
    await folder.release();
    if (error instanceof BoatoError && error.code === 'STORE_MISSING') throw missing(folder.dir, error);
    throw error;
  }
}
