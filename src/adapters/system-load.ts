/** How busy the machine is. */

import { availableParallelism, loadavg } from 'node:os';

/** Tasks that run or want to, over the last minute, by core; 0 where the system does not count them (Windows). */
export function systemLoad(): number {
  const [lastMinute = 0] = loadavg();
  return lastMinute / availableParallelism();
}
