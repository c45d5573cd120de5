/**
 * A node comes back with another address, or two of them with each other's. The others go on dialling the one they were
 * told until they start again; whoever moved dials them.
 */

import { exponential, integerIn, isChosen, oneOf } from '../streams.ts';
import type { Fault } from './faults.ts';
import { type Ending, whileDown } from './while-down.ts';

export interface Move {
  readonly machine: number;
  /** The machine that takes its address, and whose address it takes; none: it gets a new one. */
  readonly swapWith: number | undefined;
  readonly ending: Ending;
  readonly downMs: number;
}

export const move: Fault<Move> = {
  draw: (random, nodes) => {
    const machine = integerIn(random, 0, nodes);
    const other = integerIn(random, 0, nodes);
    return {
      machine,
      swapWith: other !== machine && isChosen(random, 0.3) ? other : undefined,
      ending: oneOf(random, ['stop', 'kill', 'power'] as const),
      downMs: Math.round(exponential(random, 2000)),
    };
  },
  inject: (scene, { machine: number, swapWith, ending, downMs }) => {
    const { world } = scene;
    const machine = world.machine(number);
    if (swapWith === undefined) {
      return whileDown(scene, machine, ending, downMs, () => machine.move());
    }
    const other = world.machine(swapWith);
    // Both at once: an orderly stop of one might outlast the other's pause.
    if (!machine.isWanted || !other.isWanted) return false;
    const hosts = [machine.host, other.host] as const;
    whileDown(scene, machine, 'kill', downMs, () => machine.move(hosts[1]));
    return whileDown(scene, other, 'kill', downMs, () => other.move(hosts[0]));
  },
};
