/** What a campaign and its processes say to each other. */

import type { RunName } from '../replay.ts';
import type { RunResult } from '../run.ts';

/** To a worker: a run to run. */
export interface Order {
  readonly name: RunName;
  /** Faults, and conditions of the network, that are left out. */
  readonly without: readonly string[];
}

/** Of a worker: what came of it. */
export interface Answer {
  readonly result: RunResult;
  readonly tookMs: number;
}
