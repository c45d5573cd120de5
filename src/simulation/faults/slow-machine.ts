/** A machine on which everything waits before it happens, as under too much load. */

import { exponential, fractionIn, integerIn } from '../streams.ts';
import type { Fault } from './faults.ts';

export interface SlowMachine {
  readonly machine: number;
  /** What every event waits for. */
  readonly slownessMs: number;
  readonly forMs: number;
}

const SLOWNESS_MS_MAX = 300;

export const slowMachine: Fault<SlowMachine> = {
  draw: (random, nodes) => ({
    machine: integerIn(random, 0, nodes),
    slownessMs: Math.ceil(SLOWNESS_MS_MAX ** fractionIn(random, 0, 1)),
    forMs: Math.round(exponential(random, 10_000)),
  }),
  inject: ({ world, pending }, { machine: number, slownessMs, forMs }) => {
    const machine = world.machine(number);
    if (machine.slownessMs > 0) return false;
    machine.slownessMs = slownessMs;
    pending.until(forMs, () => (machine.slownessMs = 0));
    return true;
  },
};
