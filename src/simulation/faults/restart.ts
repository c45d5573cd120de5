/** An orderly stop, and a start some time later. */

import { exponential, integerIn } from '../streams.ts';
import type { Fault } from './faults.ts';
import { whileDown } from './while-down.ts';

export interface Restart {
  readonly machine: number;
  readonly downMs: number;
}

export const restart: Fault<Restart> = {
  draw: (random, nodes) => ({
    machine: integerIn(random, 0, nodes),
    downMs: Math.round(exponential(random, 2000)),
  }),
  inject: (scene, { machine, downMs }) => whileDown(scene, scene.world.machine(machine), 'stop', downMs),
};
