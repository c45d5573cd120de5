/** Ways to find out who has failed: SWIM alone, with each part of Lifeguard, and with all of them. */

import type { Lifeguard } from '../../membership/options.ts';

export interface Detector {
  readonly name: string;
  readonly lifeguard: Lifeguard;
  /** Slow members stand still as a whole, timers included, as a process does that gets no processor. */
  readonly standsStill?: boolean;
}

const SWIM: Lifeguard = { probe: false, suspicion: false, buddy: false };
const LIFEGUARD: Lifeguard = { probe: true, suspicion: true, buddy: true };

/** In the order of the paper's table, and then what nodes here do beside. */
export const DETECTORS: readonly Detector[] = [
  { name: 'SWIM', lifeguard: SWIM },
  { name: 'LHA-Probe', lifeguard: { ...SWIM, probe: true } },
  { name: 'LHA-Suspicion', lifeguard: { ...SWIM, suspicion: true } },
  { name: 'Buddy System', lifeguard: { ...SWIM, buddy: true } },
  { name: 'Lifeguard', lifeguard: LIFEGUARD },
  { name: 'Lifeguard, processes stand still', lifeguard: LIFEGUARD, standsStill: true },
];

/** Names of those whose pace is measured: the parts of Lifeguard have that of one of them. */
export const TIMED: readonly string[] = ['SWIM', 'Lifeguard'];
