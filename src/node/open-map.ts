/** The map at a home, wherever that is: on a disk, or simulated. */

import type { Clock } from '../ports/clock.ts';
import type { Hash64 } from '../ports/hash64.ts';
import type { OrderedStore } from '../ports/ordered-store.ts';
import type { Random } from '../ports/random.ts';
import { openReplica } from '../storage/open-replica.ts';
import type { StoredReplica } from '../storage/stored-replica.ts';
import { throwIfAborted } from './abort.ts';
import type { KeptFile } from './kept-file.ts';
import { LiveReplica } from './live-replica.ts';
import { MapStore } from './map-store.ts';
import type { CheckedStoreOptions } from './options.ts';
import type { StoreHome } from './store-home.ts';

export interface MapPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly hash64: Hash64;
}

export interface OpenedMap {
  readonly map: MapStore;
  readonly live: LiveReplica;
  readonly members: KeptFile;
}

/** Opens what is at `home`; if that fails, gives it back. */
export async function openMapAt(
  home: StoreHome,
  options: CheckedStoreOptions,
  ports: MapPorts,
): Promise<OpenedMap> {
  const open = (store: OrderedStore, mustExist: boolean, before?: StoredReplica): Promise<StoredReplica> => {
    const { durability, ...rest } = options;
    return openReplica({ ...rest, ...ports, store, mustExist, sync: durability === 'fsync' }, before);
  };
  const { store, isInitialized } = home;
  try {
    throwIfAborted(options.signal);
    const replica = await open(store, isInitialized);
    if (home.damage !== undefined) await replica.noteDamage(home.damage);
    await home.markInitialized();
    const live = new LiveReplica(replica, {
      home: {
        checkReopening: () => home.checkReopening(),
        reopen: (before) =>
          home.reopen(async (reopened, damage) => {
            const next = await open(reopened, true, before);
            if (damage !== undefined) await next.noteDamage(damage);
            return next;
          }),
        requestSalvage: async () => {
          await home.requestSalvage?.().catch((error: unknown) => {
            options.log.warn(
              { error: String(error) },
              'The copy of what can be read could not be asked for.',
            );
          });
        },
        setRoomAside: (isCalledOff) => home.setRoomAside(isCalledOff),
        checkRoom: () => home.checkRoom(),
      },
      clock: ports.clock,
      random: ports.random,
      log: options.log,
    });
    return { map: new MapStore(live, ports.clock, options, home), live, members: home.members };
  } catch (error) {
    await store.close();
    await home.release();
    throw error;
  }
}
