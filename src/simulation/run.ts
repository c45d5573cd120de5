/** One run: work and faults, safety checked all along; then everything is healed, and all must agree. */

import type { Hash64 } from '../ports/hash64.ts';
import { checkAtEnd } from './checker/at-end.ts';
import { checkInCalm } from './checker/in-calm.ts';
import { checkForgotten, checkFound } from './checker/members-at-end.ts';
import { checkRetired, settleGone } from './checker/retired-at-end.ts';
import { checkSound } from './checker/sound-at-end.ts';
import { checkViews } from './checker/views-at-end.ts';
import { type Failure, failureOf } from './failure.ts';
import { inject } from './faults/faults.ts';
import { heal } from './faults/heal.ts';
import { guarded } from './guard.ts';
import type { Conditions, Traffic } from './network.ts';
import type { Plan } from './plan.ts';
import { openScene, type Scene } from './scene.ts';
import { work } from './workload/work.ts';
import { World } from './world.ts';

/** Rounds of gossip within which all must agree once everything is healed, times log2 of the nodes. */
const ROUNDS_PER_DOUBLING = 20;

export interface RunResult {
  /** `undefined` if every promise was kept. */
  readonly failure: Failure | undefined;
  /** Of everything that happened. */
  readonly hash: string;
  readonly events: number;
  readonly virtualMs: number;
  readonly traffic: Readonly<Traffic>;
  /** How often each kind of fault was done, of those that could be; and what else is counted. */
  readonly fired: Readonly<Record<string, number>>;
  /** After everything was healed, nodes with membership had found each other. */
  readonly foundAfterMs: number | undefined;
  /** And then all agreed. */
  readonly agreedAfterMs: number | undefined;
}

type End = Pick<RunResult, 'foundAfterMs' | 'agreedAfterMs'>;

/** `print` is given each line of the event log. */
export async function run(plan: Plan, hash64: Hash64, print?: (line: string) => void): Promise<RunResult> {
  const { seed, nodes, absent, profile } = plan;
  const world = new World({ seed, nodes, absent, options: profile.options, hash64, print });
  const scene = openScene(world, hash64);
  const { time, events, network } = world;
  const done: Record<string, number> = Object.fromEntries(profile.faults.map((kind) => [kind, 0]));
  let failure: Failure | undefined;
  let end: End = { foundAfterMs: undefined, agreedAfterMs: undefined };
  try {
    end = await guarded(time, () => course(scene, plan, done));
  } catch (error) {
    failure = failureOf(error, time.nowMs);
    events.note('run', `broke a promise: ${failure.what}`);
  }
  return {
    failure,
    hash: events.digest(),
    events: time.happened,
    virtualMs: time.nowMs,
    traffic: { ...network.traffic },
    fired: { ...done, ...firedByNetwork(profile.conditions, network.traffic), ...scene.counted },
    ...end,
  };
}

/** Throws what it broke. */
async function course(scene: Scene, plan: Plan, done: Record<string, number>): Promise<End> {
  const { world } = scene;
  const { forMs, profile, steps } = plan;
  world.network.conditions = profile.conditions;
  world.startAll();
  for (const step of steps) {
    if (step.type === 'work')
      world.time.after(step.atMs, () => void work(scene, step.work).catch((error) => world.time.fail(error)));
    else {
      const { kind } = step.fault;
      world.time.after(step.atMs, () => {
        if (inject(scene, step.fault)) done[kind] = (done[kind] ?? 0) + 1;
      });
    }
  }
  await world.pass(forMs);
  await heal(scene);
  await settleGone(scene);
  const foundAfterMs = await checkFound(scene);
  const doublings = Math.ceil(Math.log2(world.machines.length) + 1);
  const withinMs = doublings * ROUNDS_PER_DOUBLING * profile.options.gossipIntervalMs;
  const agreedAfterMs = await checkAtEnd(scene, withinMs);
  await checkViews(scene);
  await checkSound(scene);
  await checkInCalm(scene);
  await checkRetired(scene);
  await checkForgotten(scene);
  await world.end();
  return { foundAfterMs, agreedAfterMs };
}

/** How often the conditions of the network that are on told. */
function firedByNetwork(conditions: Conditions, traffic: Traffic): Record<string, number> {
  const { loss, duplication, reordering } = conditions;
  return {
    ...(loss > 0 && { loss: traffic.lost }),
    ...(duplication > 0 && { duplication: traffic.repeated }),
    ...(reordering > 0 && { reordering: traffic.reordered }),
  };
}
