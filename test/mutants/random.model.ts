/** How many random schedules of the model a mutant survives, told to `main.mjs` by the meta data of the test. */

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MUTANT_FAMILIES } from '../model/families.ts';
import { runSchedule } from '../model/run-schedule.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** The number of the schedule that killed it. */
    killedBy?: number;
    /** The first line of what was wrong. */
    reason?: string;
  }
}

const { MUTANT_RUNS = '1', MUTANT_SEED = '1' } = process.env;

test('random schedules of all families', { timeout: 86_400_000 }, async ({ task }) => {
  const schedules = fc.asyncProperty(fc.oneof(...Object.values(MUTANT_FAMILIES)), runSchedule);
  const { failed, numRuns, errorInstance } = await fc.check(schedules, {
    numRuns: Number(MUTANT_RUNS),
    seed: Number(MUTANT_SEED),
    endOnFailure: true,
  });
  if (!failed) return;
  task.meta.killedBy = numRuns;
  task.meta.reason = String(errorInstance instanceof Error ? errorInstance.message : errorInstance);
  expect.fail('killed');
});
