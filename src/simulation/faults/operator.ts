/** What an operator does once a clock is right again: repairs what it has done, where the node's status asks for it. */

import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';

/** An operator looks again so often, and goes away after so long: a doubt takes a minute of agreement to end. */
const LOOK_MS = 5000;
const LOOKS = 24;

/** Looks at a machine for a while. */
export function tendLater(scene: Scene, machine: Machine): void {
  for (let look = 1; look <= LOOKS; look++) scene.pending.later(look * LOOK_MS, () => tend(scene, machine));
}

/** Looks at a machine once, and does what is to be done. */
export function tend(scene: Scene, machine: Machine): void {
  const { events } = scene.world;
  const failed = (error: unknown): void => events.note(machine.name, `could not be tended: ${String(error)}`);
  if (machine.clock.isRight) repairIfAsked(scene, machine).catch(failed);
}

/** Never settles if the process ends meanwhile. */
async function repairIfAsked({ world, losses }: Scene, machine: Machine): Promise<void> {
  const { running } = machine;
  if (running === undefined) return;
  const { warnings } = await running.node.status();
  const codes = new Set(warnings.map(({ code }) => code));
  if (!codes.has('HELD_FROM_FUTURE') || codes.has('CLOCK_IN_DOUBT')) return;
  losses.beforeClockRepair(machine);
  const repaired = await running.node.repairClock();
  world.events.note(machine.name, `its clock was repaired: ${JSON.stringify(repaired)}`);
}
