/** The longest time that the event loop of this process was late. */

import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

const LOOK_EVERY_MS = 2;

let delays: IntervalHistogram | undefined;

export const loopCommands = {
  startLoopDelay(): void {
    delays?.disable();
    delays = monitorEventLoopDelay({ resolution: LOOK_EVERY_MS });
    delays.enable();
  },

  /** Since `startLoopDelay`. */
  longestLoopDelayMs(): number {
    if (delays === undefined) throw new Error('the event loop was not watched');
    delays.disable();
    // What it records is the time from one look to the next.
    return Math.max(0, delays.max / 1e6 - LOOK_EVERY_MS);
  },
};
