/** Everything is mended: what is left is to agree. */

import { CALM } from '../network.ts';
import type { Scene } from '../scene.ts';
import { tend } from './operator.ts';

/**
 * Operators look after the clocks for so long at most. A doubt takes a minute of agreement to end, and what a peer that is
 * gone said last counts for ten.
 */
const TENDING_MS = 720_000;
const LOOK_MS = 1000;

/** Resolves when operators have nothing left to do. Time passes meanwhile, if they have something. */
export async function heal(scene: Scene): Promise<void> {
  const { world, pending } = scene;
  const { network, machines } = world;
  network.conditions = CALM;
  network.healAll();
  pending.heal();
  for (const machine of machines) {
    const { life, disk, clock } = machine;
    life.resume();
    machine.slownessMs = 0;
    disk.mend();
    clock.setRight();
    machine.start();
  }
  // Faults that end now may have something to tell, or to take away.
  await world.pass(1);
  const isRepaired = (): boolean => {
    if (machines.every(({ running }) => running?.live.current.holdsFuture() === false)) return true;
    for (const machine of machines) tend(scene, machine);
    return false;
  };
  await world.until(isRepaired, LOOK_MS, TENDING_MS);
}
