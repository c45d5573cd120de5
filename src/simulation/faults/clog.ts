/** What one machine sends to another is held up for a while, and arrives in a heap. */

import { fractionIn } from '../streams.ts';
import type { Fault } from './faults.ts';
import { drawTwo } from './two-machines.ts';

export interface Clog {
  readonly from: number;
  readonly to: number;
  readonly forMs: number;
}

const CLOG_MS_MAX = 5000;

export const clog: Fault<Clog> = {
  draw: (random, nodes) => {
    const [from, to] = drawTwo(random, nodes);
    return { from, to, forMs: Math.round(fractionIn(random, 1, CLOG_MS_MAX)) };
  },
  inject: ({ world }, { from, to, forMs }) => {
    const { network, time } = world;
    network.clog(world.machine(from).name, world.machine(to).name, time.nowMs + forMs);
    return true;
  },
};
