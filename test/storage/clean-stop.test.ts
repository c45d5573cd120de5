import { expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { isStoppedCleanly, markCleanStop, takeCleanStop } from '../../src/storage/clean-stop.ts';
import { type ForgetfulStore, forgetfulStore } from '../support/forgetful-store.ts';

/** Whether the stop looks clean after a power loss now. */
async function looksClean(store: ForgetfulStore): Promise<boolean> {
  const disk = await store.afterPowerLoss(store.batches, () => false);
  return isStoppedCleanly(await disk.open());
}

test('the mark of a clean stop is on disk once it is set, and gone from there once it is taken', async () => {
  const store = await forgetfulStore();
  expect(await isStoppedCleanly(store)).toBe(false);
  await markCleanStop(store);
  expect([await isStoppedCleanly(store), await looksClean(store)]).toEqual([true, true]);
  expect(await takeCleanStop(store)).toBe(true);
  expect([await isStoppedCleanly(store), await looksClean(store)]).toEqual([false, false]);
  expect(await takeCleanStop(store)).toBe(false);
});

test('a store where nothing was marked was not stopped cleanly', async () => {
  expect(await takeCleanStop(await new MemoryDisk().open())).toBe(false);
});
