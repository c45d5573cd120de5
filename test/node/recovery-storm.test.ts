import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { openTestReplica } from '../support/replica-fixture.ts';
import { LiveMap } from './live-map.ts';
import { simulatedMap } from './simulated-map.ts';
import { contentsOf } from './temporary-store.ts';

const FENCED = { name: 'BoatoError', code: 'STORE_FENCED' };
const ROUNDS = 20;

/** The write that comes after so many others fails, is kept or not, and so many openings fail after it. */
interface Failure {
  readonly after: number;
  readonly keeps: boolean;
  readonly openings: number;
}

const failures: fc.Arbitrary<Failure[]> = fc.array(
  fc.record({ after: fc.nat({ max: 9 }), keeps: fc.boolean(), openings: fc.nat({ max: 2 }) }),
  { minLength: 1, maxLength: 6 },
);

interface Outcome {
  /** Of each writer: the highest round that was acknowledged. */
  readonly acknowledged: number[];
  readonly refusals: unknown[];
}

/** Each writer writes both of its keys in a batch, round after round, whether the one before was refused or not. */
async function storm(map: LiveMap, writers: number, next: () => void): Promise<Outcome> {
  const outcome: Outcome = { acknowledged: Array.from({ length: writers }, () => 0), refusals: [] };
  const progress = { left: writers };
  const writer = async (name: number): Promise<void> => {
    for (let round = 1; round <= ROUNDS; round++) {
      const both = [`${name}/x`, `${name}/y`];
      try {
        await map.store.batch(both.map((key) => ({ type: 'put', key, value: round })));
        outcome.acknowledged[name] = round;
      } catch (error) {
        outcome.refusals.push(error);
        await new Promise<void>((resolve) => map.clock.after(500, resolve));
      }
    }
    progress.left--;
  };
  next();
  const written = Promise.all(outcome.acknowledged.map((_, name) => writer(name)));
  while (progress.left > 0) {
    const wasOut = map.live.outage !== undefined;
    await map.clock.advance(250);
    if (wasOut && map.live.outage === undefined) next();
  }
  await written;
  return outcome;
}

test('a storm of writes on a disk that fails now and then loses nothing acknowledged, and tears no batch', async () => {
  await fc.assert(
    fc.asyncProperty(failures, fc.integer({ min: 1, max: 8 }), async (drawn, writers) => {
      const left = [...drawn];
      const map = await LiveMap.open(writers);
      const { acknowledged, refusals } = await storm(map, writers, () => map.disk.failAs(left.shift()));
      expect(refusals).not.toEqual([]);
      expect(refusals).toEqual(refusals.map(() => expect.objectContaining(FENCED)));
      await map.store.close();
      const again = await openTestReplica({ disk: map.disk.disk });
      expect(await again.check()).toBeUndefined();
      await again.close();
      const { store } = await simulatedMap(await map.disk.disk.open());
      const found = await contentsOf(store);
      for (const [name, round] of acknowledged.entries()) {
        expect(found.get(`${name}/x`)).toBe(found.get(`${name}/y`));
        expect(found.get(`${name}/x`) ?? 0).toBeGreaterThanOrEqual(round);
      }
      await store.close();
    }),
    { numRuns: 15 },
  );
});
