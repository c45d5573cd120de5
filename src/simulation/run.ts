/** One run: work and faults, safety checked all along; then everything is healed, and all must agree. */

import type { Hash64 } from '../ports/hash64.ts';
import { Ledger } from './checker/ledger.ts';
import { type FaultKind, inject } from './faults/faults.ts';
import { heal } from './faults/heal.ts';
import { Pending } from './faults/pending.ts';
import { UNHEARD } from './losses.ts';
import type { Plan } from './plan.ts';
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
  const ledger = new Ledger();
  const scene = { world, ledger, losses: UNHEARD, pending: new Pending(world.time) };
  const faults: Partial<Record<FaultKind, number>> = {};
  world.network.conditions = conditions;
  world.startAll();
  for (const step of steps) {
    world.time.after(step.atMs, () => {
      if (step.type === 'work') return work(scene, step.work);
      const { kind } = step.fault;
      if (inject(scene, step.fault)) faults[kind] = (faults[kind] ?? 0) + 1;
    });
  }
  await world.pass(forMs);
  await heal(scene);
  const withinMs = Math.ceil(Math.log2(nodes) + 1) * ROUNDS_PER_DOUBLING * options.gossipIntervalMs;
  const agreedAfterMs = await world.until(() => world.agree(), 100, withinMs);
  const broken = agreedAfterMs === undefined ? `the nodes do not agree after ${withinMs} ms (P3)` : undefined;
  await world.end();
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
