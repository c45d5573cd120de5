/** One run: work and faults, safety checked all along; then everything is healed, and all must agree. */

import type { Hash64 } from '../ports/hash64.ts';
import { BrokenPromise } from './checker/broken-promise.ts';
import { checkAtEnd } from './checker/at-end.ts';
import { type FaultKind, inject } from './faults/faults.ts';
import { heal } from './faults/heal.ts';
import type { Plan } from './plan.ts';
import { openScene } from './scene.ts';
import { work } from './workload/work.ts';
import { World } from './world.ts';

/** Rounds of gossip within which all must agree once everything is healed, times log2 of the nodes. */
const ROUNDS_PER_DOUBLING = 20;

export interface RunResult {
  /** What was broken, for people; `undefined` if every promise was kept. */
  readonly broken: string | undefined;
  /** Of everything that happened. */
  readonly hash: string;
  readonly events: number;
  readonly virtualMs: number;
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  /** After everything was healed. */
  readonly agreedAfterMs: number | undefined;
}

export async function run(plan: Plan, hash64: Hash64, print?: (line: string) => void): Promise<RunResult> {
  const { seed, nodes, profile, forMs, steps } = plan;
  const { options, conditions } = profile;
  const world = new World({ seed, nodes, options, hash64, print });
  const scene = openScene(world, hash64);
  const faults: Partial<Record<FaultKind, number>> = {};
  world.network.conditions = conditions;
  world.startAll();
  for (const step of steps) {
    world.time.after(step.atMs, () => {
      if (step.type === 'work')
        return void work(scene, step.work).catch((error) => scene.checker.meet(error));
      const { kind } = step.fault;
      if (inject(scene, step.fault)) faults[kind] = (faults[kind] ?? 0) + 1;
    });
  }
  let broken: string | undefined;
  let agreedAfterMs: number | undefined;
  try {
    await world.pass(forMs);
    await heal(scene);
    const withinMs = Math.ceil(Math.log2(nodes) + 1) * ROUNDS_PER_DOUBLING * options.gossipIntervalMs;
    agreedAfterMs = await checkAtEnd(scene, withinMs);
    await world.end();
  } catch (error) {
    if (!(error instanceof BrokenPromise)) throw error;
    broken = error.message;
  }
  const { time, events } = world;
  return {
    broken,
    hash: events.digest(),
    events: time.happened,
    virtualMs: time.nowMs,
    faults,
    agreedAfterMs,
  };
}
