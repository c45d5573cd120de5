/** A machine loses its disk, and starts with an empty one under its old name. */

import { exponential, integerIn } from '../streams.ts';
import type { Fault } from './faults.ts';
import { whileDown } from './while-down.ts';

export interface Wipe {
  readonly machine: number;
  readonly downMs: number;
}

export const wipe: Fault<Wipe> = {
  draw: (random, nodes) => ({
    machine: integerIn(random, 0, nodes),
    downMs: Math.round(exponential(random, 3000)),
  }),
  inject: (scene, { machine: number, downMs }) => {
    const machine = scene.world.machine(number);
    return whileDown(scene, machine, 'power', downMs, async () => {
      await scene.losses.beforeDiskLost(machine);
      await machine.wipe();
    });
  },
};
