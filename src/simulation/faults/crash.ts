/** A process is killed, or its machine loses power; some time later it starts again. */

import { exponential, integerIn, isChosen } from '../streams.ts';
import type { Fault } from './faults.ts';
import { whileDown } from './while-down.ts';

export interface Crash {
  readonly machine: number;
  /** The machine loses power: nobody is told, and what was not synced may be gone. */
  readonly power: boolean;
  readonly downMs: number;
}

export const crash: Fault<Crash> = {
  draw: (random, nodes) => ({
    machine: integerIn(random, 0, nodes),
    power: isChosen(random, 0.7),
    downMs: Math.round(exponential(random, 3000)),
  }),
  inject: (scene, { machine, power, downMs }) =>
    whileDown(scene, scene.world.machine(machine), power ? 'power' : 'kill', downMs),
};
