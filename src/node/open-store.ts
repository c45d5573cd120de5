/** Opens the map alone, on LevelDB. */

import { resolve } from 'node:path';
import { systemClock } from '../adapters/system-clock.ts';
import { systemRandom } from '../adapters/system-random.ts';
import { createHash64 } from '../adapters/xxhash.ts';
import { BoatoError } from '../core/errors.ts';
import { aborted, throwIfAborted } from './abort.ts';
import type { Store, StoreOptions } from './api.ts';
import { Ballast } from './ballast.ts';
import { missing, openFolder, unopenable } from './folder.ts';
import { type OpenedMap, openMapAt } from './open-map.ts';
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

export async function openMap(options: CheckedStoreOptions): Promise<OpenedMap> {
  throwIfAborted(options.signal);
  return new Ballast(resolve(options.dir)).spend(async () => {
    const [folder, hash64] = await Promise.all([openFolder(options.dir, options.log), createHash64()]);
    try {
      return await openMapAt(folder, options, { clock: systemClock, random: systemRandom, hash64 });
    } catch (error) {
      if (!(error instanceof BoatoError)) throw error;
      if (error.code === 'STORE_MISSING') throw missing(folder.dir, error);
      throw error.code === 'RECORD_DAMAGED' ? unopenable(folder.dir, error) : error;
    }
  });
}
