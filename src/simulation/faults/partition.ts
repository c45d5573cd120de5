/** The network falls into two parts, both ways or one way, and is whole again some time later. */

import type { Random } from '../../ports/random.ts';
import { exponential, isChosen } from '../streams.ts';
import type { Fault } from './faults.ts';
import { drawTwo } from './two-machines.ts';

export interface Partition {
  /** Numbers of the machines of one part; often a single one. */
  readonly part: readonly number[];
  /** What the part sends arrives; nothing comes back. */
  readonly oneWay: boolean;
  readonly forMs: number;
}

export const partition: Fault<Partition> = {
  draw: (random, nodes) => ({
    part: drawPart(random, nodes),
    oneWay: isChosen(random, 0.3),
    forMs: Math.round(exponential(random, 10_000)),
  }),
  inject: ({ world, pending }, { part, oneWay, forMs }) => {
    const { machines, network } = world;
    const parted = new Set(part.map((number) => world.machine(number)));
    const [inside, outside] = [true, false].map((isInside) =>
      machines.filter((machine) => parted.has(machine) === isInside).map(({ name }) => name),
    ) as [string[], string[]];
    const cuts = inside.flatMap((a) => outside.flatMap((b) => [[b, a], ...(oneWay ? [] : [[a, b]])]));
    for (const [from, to] of cuts) network.cut(from as string, to as string);
    pending.until(forMs, () => cuts.forEach(([from, to]) => network.heal(from as string, to as string)));
    return cuts.length > 0;
  },
};

/** Neither nobody nor all; three times of ten one machine alone. */
function drawPart(random: Random, nodes: number): number[] {
  const [inside, outside] = drawTwo(random, nodes);
  const share = isChosen(random, 0.3) ? 0 : random.fraction();
  const all = Array.from({ length: nodes }, (_, number) => number);
  return all.filter((number) => number === inside || (number !== outside && isChosen(random, share)));
}
