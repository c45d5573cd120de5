/** A wall clock jumps while its node runs, ahead or back, and is right again later. */

import { exponential, integerIn } from '../streams.ts';
import { drawDrifts, setRight } from './clock-wrong.ts';
import type { Fault } from './faults.ts';

export interface ClockLeap {
  readonly machine: number;
  /** In times `maxDriftMs`. */
  readonly drifts: number;
  readonly forMs: number;
}

export const clockLeap: Fault<ClockLeap> = {
  draw: (random, nodes) => ({
    machine: integerIn(random, 0, nodes),
    drifts: drawDrifts(random),
    forMs: Math.round(exponential(random, 15_000)),
  }),
  inject: (scene, { machine: number, drifts, forMs }) => {
    const { world, losses, pending } = scene;
    const machine = world.machine(number);
    const { clock } = machine;
    if (!clock.isRight) return false;
    const byMs = Math.round(drifts * world.options.maxDriftMs);
    losses.beforeClockWrong(machine, byMs);
    clock.leap(byMs);
    pending.until(forMs, () => setRight(scene, machine));
    return true;
  },
};
