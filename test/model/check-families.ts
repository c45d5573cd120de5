/** Runs some families of the model, as told by the environment (`main.mjs`). */

import * as fc from 'fast-check';
import { test } from 'vitest';
import { FAMILIES, WATCHED_FAMILIES } from './families.ts';
import { runSchedule } from './run-schedule.ts';

/** A day: a campaign is not cut off. */
const TIMEOUT_MS = 86_400_000;

export function checkFamilies(names: readonly string[]): void {
  const { MODEL_RUNS = '100', MODEL_SEED, MODEL_PATH, MODEL_FAMILY } = process.env;
  for (const name of names) {
    test.skipIf(MODEL_FAMILY !== undefined && MODEL_FAMILY !== name)(
      `schedules of the family: ${name}`,
      async () => {
        const family = { ...FAMILIES, ...WATCHED_FAMILIES }[name];
        if (family === undefined) throw new Error(`there is no family ${name}`);
        await fc.assert(fc.asyncProperty(family, runSchedule), {
          numRuns: Number(MODEL_RUNS),
          ...(MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }),
          ...(MODEL_PATH === undefined ? {} : { path: MODEL_PATH }),
        });
      },
      TIMEOUT_MS,
    );
  }
}
