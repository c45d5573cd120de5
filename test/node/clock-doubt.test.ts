/** What users are told of a clock that is in doubt, or was wrong (R11). */

import { describe, expect, test } from 'vitest';
import { MapStore } from '../../src/node/map-store.ts';
import { MAX_DRIFT_MS, simulatedMap, type SimulatedMap } from './simulated-map.ts';

async function warningOf({ store }: SimulatedMap): Promise<string | undefined> {
  return (await store.status()).warnings[0]?.message;
}

/** Peers say what their clocks show beyond this one. */
function hear({ store, clock }: SimulatedMap, ...offsetsMs: readonly number[]): void {
  for (const [at, offsetMs] of offsetsMs.entries()) {
    (store as MapStore).clockDoubt.hear(`peer${at}`, offsetMs, clock.wallMs(), clock.monotonicMs());
  }
}

describe('a clock in doubt', () => {
  test('that leapt is shown with how far, and with what to do', async () => {
    const map = await simulatedMap();
    map.clock.leap(2 * MAX_DRIFT_MS);
    expect(await warningOf(map)).toMatchInlineSnapshot(
      `"This machine's clock is in doubt: it leapt 60 s ahead. Nothing is collected: set the clock right; if it is right as it is, restart the node."`,
    );
    map.clock.leap(-5 * MAX_DRIFT_MS);
    expect(await warningOf(map)).toMatchInlineSnapshot(
      `"This machine's clock is in doubt: it leapt 90 s back. Nothing is collected: set the clock right; if it is right as it is, restart the node."`,
    );
    map.clock.leap(3 * MAX_DRIFT_MS);
    expect(await warningOf(map)).toBeUndefined();
  });

  test('that most peers disagree with is shown with how many, and by how much', async () => {
    const map = await simulatedMap();
    hear(map, 10, -90_000, -3_600_000, -91_000);
    expect(await warningOf(map)).toMatchInlineSnapshot(
      `"This machine's clock is in doubt: 3 of 4 peers disagree with it, and are 91 s behind. Nothing is collected: set the clock right; the doubt ends when most peers have agreed with it for a minute."`,
    );
  });

  test('that leapt, as peers confirm, is shown with both', async () => {
    const map = await simulatedMap();
    map.clock.leap(-3_600_000);
    expect(await warningOf(map)).toBeDefined();
    hear(map, 3_600_000);
    expect(await warningOf(map)).toMatchInlineSnapshot(
      `"This machine's clock is in doubt: it leapt 3600 s back, and 1 of 1 peers disagree with it, and are 3600 s ahead. Nothing is collected: set the clock right; the doubt ends when most peers have agreed with it for a minute."`,
    );
    map.clock.leap(3_600_000);
    hear(map, 1);
    expect(await warningOf(map)).toMatchInlineSnapshot(
      `"This machine's clock is in doubt: it was wrong a moment ago. Nothing is collected: set the clock right; the doubt ends when most peers have agreed with it for a minute."`,
    );
  });

  test('repairs nothing, and says why', async () => {
    const map = await simulatedMap();
    map.clock.leap(3_600_000);
    await map.store.put('a', 1);
    await expect(map.store.repairClock()).rejects.toMatchObject({ code: 'CLOCK_IN_DOUBT' });
    const message = await map.store.repairClock().catch((error: unknown) => (error as Error).message);
    expect(message).toMatchInlineSnapshot(
      `"Nothing is repaired while this machine's clock is in doubt (it leapt 3600 s ahead): set it right; if it is right as it is, restart the node."`,
    );
    map.clock.leap(-3_600_000);
    expect(await map.store.repairClock({ all: true })).toEqual({ removed: 1, rewritten: 1, others: 0 });
    expect(await map.store.get('a')).toBe(1);
  });
});

test('what peers refuse is warned of until it is repaired, or its time has come', async () => {
  const map = await simulatedMap();
  const codes = async () => (await map.store.status()).warnings.map(({ code }) => code);
  map.clock.leap(3_600_000);
  await map.store.put('a', 1);
  map.clock.leap(-3_600_000);
  expect(await codes()).toEqual(['HELD_FROM_FUTURE']);
  expect(await warningOf(map)).toMatchInlineSnapshot(
    `"This node holds versions that peers refuse, because they lie too far ahead of the clock. Once the clock is right, \`store clock repair\` takes them out, and writes what this node had written again."`,
  );
  await map.store.repairClock();
  // What was written again lies just over the limit, and a millisecond later no more.
  await map.clock.advance(1);
  expect(await codes()).toEqual([]);
});

test('a repair takes no other option, and needs an open store', async () => {
  const { store } = await simulatedMap();
  for (const options of [{ all: 1 }, { every: true }]) {
    await expect(store.repairClock(options as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  }
  await store.close();
  await expect(store.repairClock()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
});
