/** All connections between two machines break; both may connect again at once. */

import type { Fault } from './faults.ts';
import { drawTwo } from './two-machines.ts';

export interface BrokenConnection {
  readonly a: number;
  readonly b: number;
}

export const brokenConnection: Fault<BrokenConnection> = {
  draw: (random, nodes) => {
    const [a, b] = drawTwo(random, nodes);
    return { a, b };
  },
  inject: ({ world }, { a, b }) =>
    world.network.breakBetween(world.machine(a).name, world.machine(b).name) > 0,
};
