/** Everything is mended: what is left is to agree. */

import { CALM } from '../network.ts';
import type { Scene } from '../scene.ts';

/** Resolves when operators have nothing left to do. Time passes meanwhile, if they have something. */
export async function heal({ world: { network, machines } }: Scene): Promise<void> {
  network.conditions = CALM;
  network.healAll();
  for (const machine of machines) {
    machine.life.resume();
    machine.life.slownessMs = 0;
    machine.disk.isFull = false;
    machine.disk.nextFailure = undefined;
    machine.disk.slowness = 1;
    machine.clock.set(0);
    machine.start();
  }
  await Promise.resolve();
}
