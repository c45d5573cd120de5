/** A node leaves the cluster, and joins it again some time later. */

import { exponential, integerIn } from '../streams.ts';
import type { Fault } from './faults.ts';
import { whileDown } from './while-down.ts';

export interface Leave {
  readonly machine: number;
  readonly downMs: number;
}

export const leave: Fault<Leave> = {
  draw: (random, nodes) => ({
    machine: integerIn(random, 0, nodes),
    downMs: Math.round(exponential(random, 10_000)),
  }),
  inject: (scene, { machine, downMs }) => whileDown(scene, scene.world.machine(machine), 'leave', downMs),
};
