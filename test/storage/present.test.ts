import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import type { OrderedStore } from '../../src/ports/ordered-store.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import type { Write } from '../../src/storage/write.ts';
import { openTestReplica, put } from '../support/replica-fixture.ts';

const CACHE_BYTES = 2 ** 20;

/** How many keys each read asked for. */
let reads: number[];
let replica: StoredReplica;

async function open(disk: MemoryDisk): Promise<StoredReplica> {
  const inner = await disk.open();
  const store: OrderedStore = {
    ...inner,
    getMany(keys) {
      reads.push(keys.length);
      return inner.getMany(keys);
    },
  };
  reads = [];
  const opened = await openTestReplica({ store, dotCacheBytes: CACHE_BYTES, random: createSeededRandom(2) });
  reads = [];
  return opened;
}

/** As after a restart: the cache is empty, and the store is not. */
beforeEach(async () => {
  const disk = new MemoryDisk();
  const before = await openTestReplica({ disk });
  await before.write([put('k', '1'), put('brief', '1', 4e12)]);
  await before.close();
  replica = await open(disk);
});

const fresh = (count: number): Write[] => Array.from({ length: count }, (_, at) => put(`new/${at}`, '1'));

describe('what is present under a key', () => {
  test('is read before it is overwritten for the first time, and known from then on', async () => {
    expect(await replica.write([put('k', '2')])).toMatchObject({ wereLive: [true] });
    expect(reads).toEqual([1]);
    for (const value of ['3', '4'])
      expect(await replica.write([put('k', value)])).toMatchObject({ wereLive: [true] });
    expect(reads).toEqual([1]);
  });

  test('is nothing where the store is empty, which needs no reading, also after a restart', async () => {
    const disk = new MemoryDisk();
    const empty = await open(disk);
    await empty.probe();
    await empty.write(fresh(1));
    expect(reads).toEqual([]);
    const probed = new MemoryDisk();
    const first = await openTestReplica({ disk: probed });
    await first.probe();
    await first.close();
    const reopened = await open(probed);
    expect(await reopened.write(fresh(1))).toMatchObject({ wereLive: [false] });
    expect(reads).toEqual([]);
  });

  test('is known if it was read for a write that was refused', async () => {
    const onlyNew = { ...put('k', '2'), condition: 'absent' as const };
    await expect(replica.write([onlyNew])).rejects.toMatchObject({ code: 'CONDITION_FAILED' });
    await replica.write([put('k', '2')]);
    expect(reads).toEqual([1]);
  });

  test('is read once for all who write it at the same time', async () => {
    await Promise.all(['2', '3', '4'].map((value) => replica.write([put('k', value)])));
    expect(reads).toEqual([1]);
  });

  test('is read each time if it expires, which the cache does not know', async () => {
    for (let time = 0; time < 2; time++) await replica.write([put('brief', '2', 4e12)]);
    expect(reads).toEqual([1, 1]);
  });

  test.each([
    [64, [64]],
    [100, [64, 36]],
    [192, [64, 64, 64]],
    [256, [86, 86, 84]],
  ])('is read in three parts at most, and in parts of at least 64: of %i keys', async (keys, parts) => {
    await replica.write(fresh(keys));
    expect(reads).toEqual(parts);
    expect(replica.state.all.count).toBe(2 + keys);
  });
});
