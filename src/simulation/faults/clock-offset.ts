/** A node starts on a machine whose clock is wrong, so that only its peers can tell; the clock is right again later. */

import { exponential, integerIn } from '../streams.ts';
import { drawDrifts, setRight } from './clock-wrong.ts';
import type { Fault } from './faults.ts';
import { whileDown } from './while-down.ts';

export interface ClockOffset {
  readonly machine: number;
  /** In times `maxDriftMs`. */
  readonly drifts: number;
  readonly downMs: number;
  readonly forMs: number;
}

export const clockOffset: Fault<ClockOffset> = {
  draw: (random, nodes) => ({
    machine: integerIn(random, 0, nodes),
    drifts: drawDrifts(random),
    downMs: Math.round(exponential(random, 1000)),
    forMs: Math.round(exponential(random, 20_000)),
  }),
  inject: (scene, { machine: number, drifts, downMs, forMs }) => {
    const { world, losses, pending } = scene;
    const machine = world.machine(number);
    const { clock } = machine;
    if (!clock.isRight) return false;
    return whileDown(scene, machine, 'kill', downMs, () => {
      const offsetMs = Math.round(drifts * world.options.maxDriftMs);
      losses.beforeClockWrong(machine, offsetMs);
      clock.leap(offsetMs);
      pending.until(downMs + forMs, () => setRight(scene, machine));
    });
  },
};
