/** A process is stopped (SIGSTOP), and goes on later as if nothing had been. */

import { fractionIn, integerIn } from '../streams.ts';
import type { Fault } from './faults.ts';

export interface Pause {
  readonly machine: number;
  readonly forMs: number;
}

const PAUSE_MS_MIN = 20;
const PAUSE_MS_MAX = 90_000;

export const pause: Fault<Pause> = {
  draw: (random, nodes) => ({
    machine: integerIn(random, 0, nodes),
    // As many short ones as long ones.
    forMs: Math.round(PAUSE_MS_MIN * (PAUSE_MS_MAX / PAUSE_MS_MIN) ** fractionIn(random, 0, 1)),
  }),
  inject: ({ world, pending }, { machine: number, forMs }) => {
    const { life } = world.machine(number);
    if (life.isOver || life.isPaused) return false;
    life.pause();
    pending.until(forMs, () => life.resume());
    return true;
  },
};
