import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { faultyStore } from '../support/faulty-store.ts';
import { contents, del, openTestReplica, put, utf8 } from '../support/replica-fixture.ts';

const DISK_FULL = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });

/** Writes of opening: the identity, and the removal of the clean-stop marker. */
const OPENING_WRITES = 2;

describe('a failed write', () => {
  test('leaves nothing acknowledged that a reopening does not find, whichever write it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 12 }), fc.integer({ min: 1, max: 8 }), async (failing, writers) => {
        const disk = new MemoryDisk();
        const store = faultyStore(await disk.open(), OPENING_WRITES + failing, DISK_FULL);
        const replica = await openTestReplica({ store });
        const acknowledged: Record<string, string> = {};
        const refusals: unknown[] = [];
        const writer = async (name: number): Promise<void> => {
          for (let at = 0; at < 8; at++) {
            try {
              await replica.write([put(`${name}/${at}`, `${at}`)]);
              acknowledged[`${name}/${at}`] = `${at}`;
            } catch (error) {
              refusals.push(error);
            }
          }
        };
        await Promise.all(Array.from({ length: writers }, (_, name) => writer(name)));
        expect(refusals.length + Object.keys(acknowledged).length).toBe(8 * writers);
        for (const refusal of refusals) {
          expect(refusal).toMatchObject({ code: 'STORE_FENCED', cause: DISK_FULL });
        }
        await replica.close();

        const reopened = await openTestReplica({ disk });
        expect(await contents(reopened)).toMatchObject(acknowledged);
        expect(reopened.wasClean).toBe(store.writes <= OPENING_WRITES + failing);
        await reopened.close();
      }),
      { numRuns: 60 },
    );
  });

  // A group that is not synced is answered while the next one is being written.
  test('leaves nothing acknowledged that a reopening does not find, where groups are not synced and overlap', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 12 }), async (failing) => {
        const disk = new MemoryDisk();
        const store = faultyStore(await disk.open(), OPENING_WRITES + failing, DISK_FULL);
        const replica = await openTestReplica({ store, sync: false });
        const acknowledged: Record<string, string> = {};
        const refusals: unknown[] = [];
        const writer = async (name: number): Promise<void> => {
          for (let at = 0; at < 4; at++) {
            const keys = Array.from({ length: 200 }, (_, index) => `${name}/${at}/${index}`);
            try {
              await replica.write(keys.map((key) => put(key, `${at}`)));
              for (const key of keys) acknowledged[key] = `${at}`;
            } catch (error) {
              refusals.push(error);
            }
          }
        };
        await Promise.all(Array.from({ length: 5 }, (_, name) => writer(name)));
        expect(refusals.length + Object.keys(acknowledged).length / 200).toBe(4 * 5);
        for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'STORE_FENCED' });
        // What came before the failing one is answered.
        expect(Object.keys(acknowledged).length / 200).toBeGreaterThanOrEqual(Math.min(failing, 1));
        await replica.close();
        const reopened = await openTestReplica({ disk });
        expect(await contents(reopened)).toMatchObject(acknowledged);
        await reopened.close();
      }),
      { numRuns: 13 },
    );
  });

  test('is told to every caller that waits, and to all that come later, while reads go on', async () => {
    const store = faultyStore(await new MemoryDisk().open(), OPENING_WRITES + 1, DISK_FULL);
    const replica = await openTestReplica({ store });
    const told: string[] = [];
    replica.onFence(({ code }) => told.push(code));
    await replica.write([put('a', '1')]);
    const waiting = [put('b', '1'), del('a'), put('c', '1')].map((write) => replica.write([write]));
    const outcomes = await Promise.allSettled([...waiting, replica.pullerState([])]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'STORE_FENCED' } });
    }
    await expect(replica.write([put('d', '1')])).rejects.toMatchObject({ code: 'STORE_FENCED' });
    const [entry] = await replica.getMany([utf8('a')]);
    expect(entry?.tombstone).toBe(false);
    expect(replica.notServing()).toBe('a write to its disk failed');
    expect(told).toEqual(['STORE_FENCED']);
    expect(store.writes).toBe(OPENING_WRITES + 2);
  });
});
