/** After how many simulated runs a mutant breaks a promise, told to `main.mjs` by the meta data of the test. */

import { expect, test } from 'vitest';
import { createHash64 } from '../../src/adapters/xxhash.ts';
import { planOf } from '../../src/simulation/plan.ts';
import { drawProfile } from '../../src/simulation/profile.ts';
import { run } from '../../src/simulation/run.ts';
import { streamOf } from '../../src/simulation/streams.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** The number of the schedule, or run, that killed it. */
    killedBy?: number;
    /** The first line of what was wrong. */
    reason?: string;
  }
}

const { MUTANT_RUNS = '1', MUTANT_SEED = '1', MUTANT_PROFILE = 'network' } = process.env;
const NODES = 4;

test('simulated runs', { timeout: 86_400_000 }, async ({ task }) => {
  const hash64 = await createHash64();
  for (let number = 1; number <= Number(MUTANT_RUNS); number++) {
    const seed = Number(MUTANT_SEED) + number - 1;
    // What some mutants keep beside the nodes is of one run.
    Object.assign(globalThis, { run: seed });
    const profile = drawProfile(
      MUTANT_PROFILE as Parameters<typeof drawProfile>[0],
      streamOf(seed, 'profile'),
    );
    const { failure } = await run(planOf(seed, NODES, profile), hash64);
    if (failure === undefined) continue;
    task.meta.killedBy = number;
    task.meta.reason = failure.what;
    expect.fail('killed');
  }
});
