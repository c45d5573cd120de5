/** The process of a machine ends in one way or another, something may be done to what it leaves, and it starts again. */

import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';

/** An orderly stop, `kill -9`, or a loss of power: nobody is told, and what was not synced may be gone. */
export type Ending = 'stop' | 'kill' | 'power';

/** How a process of `machine` comes to its end. */
function end(machine: Machine, ending: Ending | 'leave'): Promise<void> {
  if (ending === 'stop') return machine.stop();
  if (ending === 'leave') return machine.leave();
  return machine.crash(ending === 'power');
}

/** `false`, and nothing is done, if it is down already, or cannot stop in order. `change`: while no process is there. */
export function whileDown(
  { pending }: Pick<Scene, 'pending'>,
  machine: Machine,
  ending: Ending | 'leave',
  downMs: number,
  change?: () => void | Promise<void>,
): boolean {
  if (!machine.isWanted) return false;
  const isOrderly = ending === 'stop' || ending === 'leave';
  if (isOrderly && (machine.running === undefined || machine.life.isPaused)) return false;
  const take = async (): Promise<void> => {
    await end(machine, ending);
    // Everything was healed while it stopped.
    if (machine.isWanted) return;
    await change?.();
    pending.until(downMs, () => machine.start());
  };
  void take();
  return true;
}
