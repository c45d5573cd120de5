/** The process of a machine ends in one way or another, something may be done to what it leaves, and it starts again. */

import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';

/** An orderly stop, `kill -9`, or a loss of power: nobody is told, and what was not synced may be gone. */
export type Ending = 'stop' | 'kill' | 'power';

/** `false`, and nothing is done, if it is down already, or cannot stop in order. `change`: while no process is there. */
export function whileDown(
  { pending }: Pick<Scene, 'pending'>,
  machine: Machine,
  ending: Ending,
  downMs: number,
  change?: () => void | Promise<void>,
): boolean {
  if (!machine.isWanted) return false;
  if (ending === 'stop' && (machine.running === undefined || machine.life.isPaused)) return false;
  const take = async (): Promise<void> => {
    await (ending === 'stop' ? machine.stop() : machine.crash(ending === 'power'));
    // Everything was healed while it stopped.
    if (machine.isWanted) return;
    await change?.();
    pending.until(downMs, () => machine.start());
  };
  void take();
  return true;
}
