/** A disk on which there is no room for a while. */

import { exponential, integerIn } from '../streams.ts';
import type { Fault } from './faults.ts';

export interface FullDisk {
  readonly machine: number;
  readonly forMs: number;
}

export const fullDisk: Fault<FullDisk> = {
  draw: (random, nodes) => ({
    machine: integerIn(random, 0, nodes),
    forMs: Math.round(exponential(random, 8000)),
  }),
  inject: ({ world, pending }, { machine, forMs }) => {
    const { disk } = world.machine(machine);
    if (disk.isFull) return false;
    disk.isFull = true;
    pending.until(forMs, () => (disk.isFull = false));
    return true;
  },
};
