import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import type { NodeId } from '../../src/core/actor.ts';
import { seal } from '../../src/storage/checksum.ts';
import { IDENTITY_KEY, STATE_KEY } from '../../src/storage/keyspace.ts';
import { encodeIdentity, FORMAT_VERSION } from '../../src/storage/meta-record.ts';
import { type QuickLook, quickLook } from '../../src/storage/quick-look.ts';
import { openTestReplica, put } from '../support/replica-fixture.ts';
import { damageRecord, flipped, isState } from './damage-fixture.ts';

async function look(disk: MemoryDisk): Promise<QuickLook> {
  const store = await disk.open();
  try {
    return await quickLook(store);
  } finally {
    await store.close();
  }
}

/** Stopped cleanly, after a commit. */
async function written(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const replica = await openTestReplica({ disk });
  await replica.write([put('k', '1')]);
  await replica.close();
  return disk;
}

describe('a quick look', () => {
  test('at what holds no store finds nothing', async () => {
    expect(await look(new MemoryDisk())).toEqual({
      formatVersion: undefined,
      state: undefined,
      isStateLost: false,
      isStoppedCleanly: false,
    });
  });

  test('before the first commit finds a format, and no state', async () => {
    const disk = new MemoryDisk();
    await (await openTestReplica({ disk })).close();
    expect(await look(disk)).toEqual({
      formatVersion: FORMAT_VERSION,
      state: undefined,
      isStateLost: false,
      isStoppedCleanly: true,
    });
  });

  test('finds the state as of the last commit, and changes nothing', async () => {
    const disk = await written();
    for (let times = 0; times < 2; times++)
      expect(await look(disk)).toMatchObject({
        formatVersion: FORMAT_VERSION,
        state: { all: { count: 1 }, damaged: false },
        isStateLost: false,
        isStoppedCleanly: true,
      });
  });

  test('tells a state that is lost from one that never was', async () => {
    const disk = await written();
    const store = await disk.open();
    await store.write([{ type: 'del', key: STATE_KEY }], { sync: true });
    await store.close();
    expect(await look(disk)).toMatchObject({ state: undefined, isStateLost: true });
  });

  test('tells a stop that was not clean', async () => {
    const disk = new MemoryDisk();
    await (await openTestReplica({ disk })).write([put('k', '1')]);
    expect(await look(await disk.copy())).toMatchObject({ isStoppedCleanly: false });
  });

  test('reads no state of another format, whatever that is', async () => {
    const disk = await written();
    await damageRecord(disk, isState, flipped);
    const store = await disk.open();
    const key = IDENTITY_KEY;
    const identity = { formatVersion: FORMAT_VERSION + 1, nodeId: 'a' as NodeId, clusterId: 'test' };
    await store.write([{ type: 'put', key, value: seal(key, encodeIdentity(identity)) }], { sync: true });
    await store.close();
    expect(await look(disk)).toMatchObject({ formatVersion: FORMAT_VERSION + 1, state: undefined });
  });

  test('fails where a record is damaged', async () => {
    const disk = await written();
    await damageRecord(disk, isState, flipped);
    await expect(look(disk)).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
  });
});
