/** A node is away for longer than tombstones are kept. */

import { fractionIn, integerIn, oneOf } from '../streams.ts';
import type { Fault } from './faults.ts';
import { type Ending, whileDown } from './while-down.ts';

export interface Absence {
  readonly machine: number;
  readonly ending: Ending;
  /** In times `tombstoneTtlMs`. */
  readonly ttls: number;
}

export const absence: Fault<Absence> = {
  draw: (random, nodes) => ({
    machine: integerIn(random, 0, nodes),
    ending: oneOf(random, ['stop', 'kill', 'power'] as const),
    ttls: fractionIn(random, 1.01, 2.5),
  }),
  inject: (scene, { machine, ending, ttls }) => {
    const { world } = scene;
    return whileDown(scene, world.machine(machine), ending, ttls * world.options.tombstoneTtlMs);
  },
};
