/** A process that crashes again and again soon after it has started. */

import { exponential, integerIn, isChosen } from '../streams.ts';
import type { Fault } from './faults.ts';
import { whileDown } from './while-down.ts';

export interface CrashLoop {
  readonly machine: number;
  readonly crashes: readonly {
    readonly power: boolean;
    readonly downMs: number;
    /** Until the next crash, from its start; the process may not be open by then. */
    readonly upMs: number;
  }[];
}

export const crashLoop: Fault<CrashLoop> = {
  draw: (random, nodes) => ({
    machine: integerIn(random, 0, nodes),
    crashes: Array.from({ length: integerIn(random, 2, 8) }, () => ({
      power: isChosen(random, 0.5),
      downMs: Math.round(exponential(random, 200)),
      upMs: Math.round(exponential(random, isChosen(random, 0.5) ? 10 : 1000)),
    })),
  }),
  inject: (scene, { machine: number, crashes }) => {
    const machine = scene.world.machine(number);
    const crashOnce = (at: number): boolean => {
      const one = crashes[at];
      if (one === undefined) return false;
      const { power, downMs, upMs } = one;
      const isDone = whileDown(scene, machine, power ? 'power' : 'kill', downMs);
      if (isDone) scene.pending.later(downMs + upMs, () => crashOnce(at + 1));
      return isDone;
    };
    return crashOnce(0);
  },
};
