/** A copy of a disk starts on another machine under the same node id, while the first lives. It is stopped for good later. */

import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';
import { exponential, integerIn } from '../streams.ts';
import type { Fault } from './faults.ts';

export interface Clone {
  readonly machine: number;
  readonly forMs: number;
}

export const clone: Fault<Clone> = {
  draw: (random, nodes) => ({
    machine: integerIn(random, 0, nodes),
    forMs: Math.round(exponential(random, 20_000)),
  }),
  inject: (scene, { machine: number, forMs }) => {
    const { world, pending } = scene;
    const machine = world.machine(number);
    if (machine.running === undefined || world.clones.length > 0) return false;
    const copy = world.addClone(machine);
    const start = async (): Promise<void> => {
      const { members } = machine.disk;
      await copy.disk.replaceBy(await machine.disk.copy(), true, members);
      scene.losses.beforeClone(machine, copy);
      copy.start();
    };
    void start();
    pending.until(forMs, () => void remove(scene, copy));
    return true;
  },
};

async function remove({ world, losses }: Scene, copy: Machine): Promise<void> {
  await copy.crash(false);
  await losses.beforeDiskLost(copy);
  world.removeClone(copy);
}
