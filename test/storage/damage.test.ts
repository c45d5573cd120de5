import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { ALL_BUT_META, entryKey } from '../../src/storage/keyspace.ts';
import { contents, del, openTestReplica, put, utf8 } from '../support/replica-fixture.ts';
import { pull } from '../support/pull.ts';

/** A disk with some keys, one of them with a large value, one deleted, on which one bit of a record is flipped. */
async function damagedDisk(choose: (key: Uint8Array) => boolean): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const replica = await openTestReplica({ disk });
  await replica.write([put('good', '1')]);
  await replica.write([put('large', 'v'.repeat(10_000))]);
  await replica.write([put('bad', '1')]);
  await replica.write([del('gone')]);
  await replica.close();
  const store = await disk.open();
  const scan = store.scan(ALL_BUT_META);
  const records = await scan.next(1000);
  await scan.close();
  const [key, record] = records.find(([stored]) => choose(stored)) ?? [];
  if (key === undefined || record === undefined) throw new Error('there is no such record');
  const value = record.slice();
  const middle = Math.floor(value.length / 2);
  value[middle] = (value[middle] ?? 0) ^ 1;
  await store.write([{ type: 'put', key, value }], { sync: true });
  await store.close();
  return disk;
}

const isEntry =
  (name: string) =>
  (stored: Uint8Array): boolean =>
    Buffer.compare(stored, entryKey(utf8(name))) === 0;
const isLargeValue = (stored: Uint8Array): boolean => stored[0] === 0x11;
const isDue = (stored: Uint8Array): boolean => stored[0] === 0x30;
const isSegment = (stored: Uint8Array): boolean => stored[0] === 0x20;

describe('a damaged record', () => {
  test('fails its read with a code of its own, and no other', async () => {
    const replica = await openTestReplica({ disk: await damagedDisk(isEntry('bad')) });
    await expect(replica.getMany([utf8('bad')])).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    expect((await replica.getMany([utf8('good')]))[0]).toMatchObject({ tombstone: false });
    await expect(contents(replica)).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
  });

  test('ends serving, also after a restart', async () => {
    const disk = await damagedDisk(isEntry('bad'));
    const replica = await openTestReplica({ disk });
    expect(replica.notServing()).toBeUndefined();
    await expect(replica.getMany([utf8('bad')])).rejects.toThrow('serves no peer');
    expect(replica.notServing()).toBe('a record on its disk is damaged');
    await replica.close();
    const again = await openTestReplica({ disk });
    expect(again.notServing()).toBe('a record on its disk is damaged');
  });

  test('is not written over, because what it held is not known; other keys are', async () => {
    const replica = await openTestReplica({ disk: await damagedDisk(isEntry('bad')) });
    const outcomes = await Promise.allSettled([
      replica.write([put('bad', '2')]),
      replica.write([put('good', '2')]),
      replica.write([put('new', '1'), put('bad', '3')]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected']);
    expect(await replica.getMany([utf8('new')])).toEqual([undefined]);
    expect(replica.notServing()).toBe('a record on its disk is damaged');
  });

  test('is found by a collection that meets it', async () => {
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ disk: await damagedDisk(isDue), clock });
    await clock.advance(30_000);
    await expect(replica.collect()).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    expect(replica.notServing()).toBe('a record on its disk is damaged');
  });

  test('is found by a compaction that meets it', async () => {
    const replica = await openTestReplica({ disk: await damagedDisk(isSegment) });
    await expect(replica.compact()).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    expect(replica.notServing()).toBe('a record on its disk is damaged');
  });

  test('is found in a large value', async () => {
    const replica = await openTestReplica({ disk: await damagedDisk(isLargeValue) });
    await expect(replica.getMany([utf8('large')])).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    expect(replica.notServing()).toBe('a record on its disk is damaged');
  });

  test('is found in the dot index, by whoever is served from it', async () => {
    const replica = await openTestReplica({ disk: await damagedDisk(isSegment) });
    const puller = await openTestReplica({ nodeId: 'b' });
    await expect(pull(puller, replica)).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    expect(replica.notServing()).toBe('a record on its disk is damaged');
  });
});
