/** A node is away for so long that somebody removes it from the cluster; it joins again later. */

import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';
import { fractionIn } from '../streams.ts';
import type { Fault } from './faults.ts';
import { drawTwo } from './two-machines.ts';
import { whileDown } from './while-down.ts';

export interface Forget {
  readonly machine: number;
  /** Where it is removed. */
  readonly by: number;
  readonly afterMs: number;
  /** Until its next start, from then. */
  readonly downMs: number;
}

export const forget: Fault<Forget> = {
  draw: (random, nodes) => {
    const [machine, by] = drawTwo(random, nodes);
    return {
      machine,
      by,
      // It takes some seconds until one who is silent counts as down.
      afterMs: Math.round(fractionIn(random, 15_000, 45_000)),
      downMs: Math.round(fractionIn(random, 0, 10_000)),
    };
  },
  inject: (scene, { machine: number, by, afterMs, downMs }) => {
    const { world, pending } = scene;
    const machine = world.machine(number);
    if (world.options.seeds === undefined) return false;
    if (!whileDown(scene, machine, 'kill', afterMs + downMs)) return false;
    pending.later(afterMs, () => {
      forgetBy(scene, world.machine(by), machine).catch((error: unknown) =>
        world.events.note(machine.name, `is not forgotten: ${String(error)}`),
      );
    });
    return true;
  },
};

/** Rejects if it is up there, or not known. */
export async function forgetBy({ memberCheck }: Scene, by: Machine, machine: Machine): Promise<void> {
  memberCheck.beforeForget(by, machine.nodeId);
  await by.running?.node.forget(machine.nodeId);
}
