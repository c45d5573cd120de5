/** One write of a process fails, and so may the attempts to open the store again. */

import type { WriteFailure } from '../disk-failure.ts';
import { integerIn, isChosen, oneOf } from '../streams.ts';
import type { Fault } from './faults.ts';

export type FailingWrite = WriteFailure & { readonly machine: number };

export const failingWrite: Fault<FailingWrite> = {
  draw: (random, nodes) => ({
    machine: integerIn(random, 0, nodes),
    code: oneOf(random, ['EIO', 'ENOSPC'] as const),
    // Not only the writes of users: also those of sessions, collections and repairs.
    after: integerIn(random, 0, 12),
    isKept: isChosen(random, 0.3),
    openings: isChosen(random, 0.3) ? integerIn(random, 1, 4) : 0,
  }),
  inject: ({ world }, { machine, ...failure }) => {
    const { disk } = world.machine(machine);
    if (disk.failure !== undefined) return false;
    disk.failure = failure;
    return true;
  },
};
