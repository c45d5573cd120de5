/**
 * Where all agree, every disk is sound: all its records fit together, so that the sums are right (I5), and the dot index leads to
 * every entry. A run alone may never ask for an entry that the index lacks, since others have it, too.
 */

import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';
import { BrokenPromise } from './broken-promise.ts';

/** Throws `BrokenPromise`. */
export async function checkSound(scene: Scene): Promise<void> {
  const { world, checker } = scene;
  for (const machine of world.machines)
    if (!checker.losses.isDamaged(machine)) await world.through(checkDisk(scene, machine));
}

async function checkDisk({ world, checker }: Scene, machine: Machine): Promise<void> {
  const verified = await machine.running?.node.verify();
  const [problem] = verified?.problems ?? [];
  // What it finds counts as damage that was met; what a fault did may have waited for that.
  if (problem === undefined || checker.losses.isDamaged(machine)) return;
  throw new BrokenPromise('I5', `a verification found: ${problem.message}, ${problem.example}`, {
    machine: machine.name,
    atMs: world.time.nowMs,
  });
}
