/** A wall clock runs too fast or too slow, and is set right later. */

import { exponential, fractionIn, integerIn } from '../streams.ts';
import { setRight } from './clock-wrong.ts';
import type { Fault } from './faults.ts';

export interface ClockDrift {
  readonly machine: number;
  /** Gained in each millisecond. */
  readonly drift: number;
  readonly forMs: number;
}

export const clockDrift: Fault<ClockDrift> = {
  draw: (random, nodes) => ({
    machine: integerIn(random, 0, nodes),
    // From what quartz does to what a bad virtual machine does.
    drift: (random.fraction() < 0.5 ? -1 : 1) * 10 ** fractionIn(random, -4, -0.3),
    forMs: Math.round(exponential(random, 30_000)),
  }),
  inject: (scene, { machine: number, drift, forMs }) => {
    const { world, losses, pending } = scene;
    const machine = world.machine(number);
    const { clock } = machine;
    if (!clock.isRight) return false;
    losses.beforeClockWrong(machine, Math.round(drift * forMs));
    clock.runAt(drift);
    pending.until(forMs, () => setRight(scene, machine));
    return true;
  },
};
