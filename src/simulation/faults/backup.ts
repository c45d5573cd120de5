/** A backup is taken, as the product does it or as a copy of the disk, and takes the place of the disk some time later. */

import { MemoryDisk } from '../../adapters/memory-store.ts';
import { restoreRecords } from '../../storage/restore.ts';
import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';
import { exponential, integerIn, isChosen } from '../streams.ts';
import type { Fault } from './faults.ts';
import { whileDown } from './while-down.ts';

export interface Backup {
  readonly machine: number;
  /** `disk`: a copy of all that is on it, at one instant; `product`: what `store backup` writes. */
  readonly by: 'disk' | 'product';
  /** Between the backup and its restoring. */
  readonly afterMs: number;
  readonly downMs: number;
}

export const backup: Fault<Backup> = {
  draw: (random, nodes) => ({
    machine: integerIn(random, 0, nodes),
    by: isChosen(random, 0.5) ? 'disk' : 'product',
    afterMs: Math.round(exponential(random, 25_000)),
    downMs: Math.round(exponential(random, 2000)),
  }),
  inject: (scene, { machine: number, by, afterMs, downMs }) => {
    const { world, losses, pending } = scene;
    const machine = world.machine(number);
    if (machine.running === undefined) return false;
    const isCopyDamaged = losses.isDamaged(machine);
    const kept = { disk: undefined as MemoryDisk | undefined };
    const members = by === 'disk' ? machine.disk.members : undefined;
    const take = async (): Promise<void> => {
      kept.disk = await (by === 'disk' ? machine.disk.copy() : fromProduct(scene, machine));
    };
    take().catch((error: unknown) => world.events.note(machine.name, `no backup: ${String(error)}`));
    pending.later(afterMs, () => {
      const { disk } = kept;
      if (disk === undefined) return;
      whileDown(scene, machine, 'kill', downMs, async () => {
        await losses.beforeRestore(machine, isCopyDamaged);
        world.events.note(machine.name, 'a backup is restored');
        await machine.disk.replaceBy(disk, true, members);
      });
    });
    return true;
  },
};

/** Never settles if the process ends meanwhile. */
async function fromProduct({ world }: Scene, machine: Machine): Promise<MemoryDisk | undefined> {
  const pieces: Uint8Array[] = [];
  for await (const piece of machine.running?.node.backupStream() ?? []) pieces.push(piece.slice());
  const disk = new MemoryDisk();
  const store = await disk.open();
  await restoreRecords(store, inOrder(pieces), world.hash64);
  await store.close();
  return disk;
}

async function* inOrder(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, undefined> {
  yield* pieces;
  await Promise.resolve();
}
