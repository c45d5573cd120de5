/** Opens the map alone, on LevelDB. */

import { resolve } from 'node:path';
import { systemClock } from '../adapters/system-clock.ts';
import { systemRandom } from '../adapters/system-random.ts';
import { createHash64 } from '../adapters/xxhash.ts';
import { BoatoError } from '../core/errors.ts';
import type { Hash64 } from '../ports/hash64.ts';
import type { OrderedStore } from '../ports/ordered-store.ts';
import { openReplica, type ReplicaOptions } from '../storage/open-replica.ts';
import type { StoredReplica } from '../storage/stored-replica.ts';
import { aborted, throwIfAborted } from './abort.ts';
import type { Store, StoreOptions } from './api.ts';
import { Ballast } from './ballast.ts';
import { missing, type OpenFolder, openFolder } from './folder.ts';
import { LiveReplica, type ReplicaHome } from './live-replica.ts';
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
): Promise<{ readonly map: MapStore; readonly live: LiveReplica }> {
  throwIfAborted(options.signal);
  const opening = await new Ballast(resolve(options.dir)).spend(() => openFirst(options));
  const { folder, replica } = opening;
  const { log } = options;
  const home: ReplicaHome = {
    checkReopening: () => folder.checkReopening(),
    reopen: (before) => folder.ballast.spend(() => reopen(opening, options, before)),
    setRoomAside: (isCalledOff) => folder.ballast.fill(isCalledOff),
    checkRoom: () => folder.ballast.checkRoom(),
  };
  const live = new LiveReplica(replica, { home, clock: systemClock, random: systemRandom, log });
  return { map: new MapStore(live, systemClock, options, folder), live };
}

interface Opening {
  readonly folder: OpenFolder;
  readonly replica: StoredReplica;
  readonly hash64: Hash64;
}

async function openFirst(options: CheckedStoreOptions): Promise<Opening> {
  const [folder, hash64] = await Promise.all([openFolder(options.dir), createHash64()]);
  try {
    throwIfAborted(options.signal);
    const replica = await openReplica(replicaOptions(folder.store, hash64, folder.isInitialized, options));
    await folder.markInitialized();
    return { folder, replica, hash64 };
  } catch (error) {
    await folder.store.close();
    await folder.release();
    if (error instanceof BoatoError && error.code === 'STORE_MISSING') throw missing(folder.dir, error);
    throw error;
  }
}

/** What was on disk when `before` was fenced, and perhaps what it could not acknowledge. */
async function reopen(
  { folder, hash64 }: Opening,
  options: CheckedStoreOptions,
  before: StoredReplica,
): Promise<StoredReplica> {
  const store = await folder.reopen();
  try {
    return await openReplica(replicaOptions(store, hash64, true, options), before);
  } catch (error) {
    await store.close();
    throw error;
  }
}

function replicaOptions(
  store: OrderedStore,
  hash64: Hash64,
  mustExist: boolean,
  { durability, ...options }: CheckedStoreOptions,
): ReplicaOptions {
  const sync = durability === 'fsync';
  return { ...options, store, clock: systemClock, random: systemRandom, hash64, mustExist, sync };
}
