/** A map on a disk that fails when the test says so, in simulated time. */

import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { assert } from '../../src/core/assert.ts';
import { BoatoError } from '../../src/core/errors.ts';
import { LiveReplica } from '../../src/node/live-replica.ts';
import { MapStore } from '../../src/node/map-store.ts';
import { checkStoreOptions } from '../../src/node/options.ts';
import type { Random } from '../../src/ports/random.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { openTestReplica } from '../support/replica-fixture.ts';
import { FailingDisk } from '../support/failing-disk.ts';
import { RecordingLog } from '../support/recording-log.ts';

export class LiveMap {
  readonly disk: FailingDisk = new FailingDisk();
  readonly clock: SimulatedClock = new SimulatedClock();
  readonly log: RecordingLog = new RecordingLog();
  /** Whether there is room to open the store again, to set aside, and for writes. */
  hasRoomToOpen = true;
  hasRoomToSetAside = true;
  hasRoomToWrite = true;
  /** How often room was set aside. */
  setAside = 0;
  readonly #random: Random;
  #live: LiveReplica | undefined;
  #store: MapStore | undefined;

  private constructor(random: Random) {
    this.#random = random;
  }

  static async open(seed = 1, wrap: (random: Random) => Random = (random) => random): Promise<LiveMap> {
    const map = new LiveMap(wrap(createSeededRandom(seed)));
    const { clock, log } = map;
    const live = new LiveReplica(await map.#openReplica(undefined), {
      home: {
        checkReopening: () => map.#need(map.hasRoomToOpen),
        reopen: (before) => map.#openReplica(before),
        setRoomAside: async () => {
          await map.#need(map.hasRoomToSetAside);
          map.setAside++;
        },
        checkRoom: () => map.#need(map.hasRoomToWrite),
      },
      clock,
      random: createSeededRandom(seed),
      log,
    });
    const folder = { dir: 'memory', release: () => Promise.resolve() };
    map.#live = live;
    map.#store = new MapStore(live, clock, checkStoreOptions({ dir: 'memory' }), folder);
    return map;
  }

  get live(): LiveReplica {
    assert(this.#live !== undefined, 'it is open');
    return this.#live;
  }

  get store(): MapStore {
    assert(this.#store !== undefined, 'it is open');
    return this.#store;
  }

  /** The next write fails, and is waited for. */
  async fail(key = 'refused'): Promise<unknown> {
    this.disk.writesLeft = 0;
    return this.store.put(key, 'refused').catch((error: unknown) => error);
  }

  async #openReplica(before: StoredReplica | undefined): Promise<StoredReplica> {
    const { clock, log } = this;
    const store = await this.disk.open();
    try {
      return await openTestReplica({ store, clock, random: this.#random, log }, before);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  #need(hasRoom: boolean): Promise<void> {
    if (hasRoom) return Promise.resolve();
    return Promise.reject(new BoatoError('STORE_FENCED', 'The disk has too little room.'));
  }
}
