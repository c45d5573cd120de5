/** A few reads of a disk fail, and succeed when they are tried again. */

import { integerIn, isChosen } from '../streams.ts';
import type { Fault } from './faults.ts';

export interface FailingRead {
  readonly machine: number;
  /** After so many others. */
  readonly after: number;
  readonly times: number;
}

export const failingRead: Fault<FailingRead> = {
  draw: (random, nodes) => ({
    machine: integerIn(random, 0, nodes),
    after: integerIn(random, 0, 100),
    times: isChosen(random, 0.7) ? 1 : integerIn(random, 2, 5),
  }),
  inject: ({ world, losses }, { machine: number, after, times }) => {
    const machine = world.machine(number);
    if (!machine.isWanted || machine.disk.readFailure !== undefined) return false;
    losses.beforeFailedRead(machine);
    machine.disk.readFailure = { after, times };
    return true;
  },
};
