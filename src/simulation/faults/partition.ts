/** The network falls into two parts, both ways or one way, and is whole again some time later. */

import { exponential, integerIn, isChosen } from '../streams.ts';
import type { Fault } from './faults.ts';

export interface Partition {
  /** Numbers of the machines of one part; often a single one. */
  readonly part: readonly number[];
  /** What the part sends arrives; nothing comes back. */
  readonly oneWay: boolean;
  readonly forMs: number;
}

export const partition: Fault<Partition> = {
  draw: (random, nodes) => {
    const share = random.fraction();
    const all = Array.from({ length: nodes }, (_, number) => number);
    return {
      part: isChosen(random, 0.3)
        ? [integerIn(random, 0, nodes)]
        : all.filter(() => isChosen(random, share)),
      oneWay: isChosen(random, 0.3),
      forMs: Math.round(exponential(random, 10_000)),
    };
  },
  inject: ({ world: { machines, network }, pending }, { part, oneWay, forMs }) => {
    const [inside, outside] = [true, false].map((isInside) =>
      machines.filter((_, number) => part.includes(number) === isInside).map(({ name }) => name),
    ) as [string[], string[]];
    const cuts = inside.flatMap((a) => outside.flatMap((b) => [[b, a], ...(oneWay ? [] : [[a, b]])]));
    for (const [from, to] of cuts) network.cut(from as string, to as string);
    pending.until(forMs, () => cuts.forEach(([from, to]) => network.heal(from as string, to as string)));
    return cuts.length > 0;
  },
};
