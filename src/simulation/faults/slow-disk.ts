/** A disk whose reads and writes take many times as long as usual. */

import { exponential, fractionIn, integerIn } from '../streams.ts';
import type { Fault } from './faults.ts';

export interface SlowDisk {
  readonly machine: number;
  /** Times as long. */
  readonly slowness: number;
  readonly forMs: number;
}

const SLOWNESS_MAX = 1000;

export const slowDisk: Fault<SlowDisk> = {
  draw: (random, nodes) => ({
    machine: integerIn(random, 0, nodes),
    slowness: Math.ceil(SLOWNESS_MAX ** fractionIn(random, 0.3, 1)),
    forMs: Math.round(exponential(random, 8000)),
  }),
  inject: ({ world, pending }, { machine, slowness, forMs }) => {
    const { disk } = world.machine(machine);
    if (disk.slowness !== 1) return false;
    disk.slowness = slowness;
    pending.until(forMs, () => (disk.slowness = 1));
    return true;
  },
};
