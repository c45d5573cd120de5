/**
 * What is done in a run, and when: drawn from the seed before it begins, so that a run can be cut down to what matters.
 * A shorter run of the same seed begins with the same steps, under the same numbers.
 */

import { FAULTS, type FaultStep } from './faults/faults.ts';
import { drawKind, type Profile } from './profile.ts';
import { exponential, streamOf } from './streams.ts';
import { drawWork, type WorkStep } from './workload/work.ts';

type What =
  | { readonly type: 'work'; readonly work: WorkStep }
  | { readonly type: 'fault'; readonly fault: FaultStep };

export type Step = What & {
  /** In the order of their times, from 0. */
  readonly number: number;
  /** Since the start of the run. */
  readonly atMs: number;
};

export interface Plan {
  readonly seed: number;
  readonly nodes: number;
  readonly profile: Profile;
  /** How long work and faults go on; then everything is healed. */
  readonly forMs: number;
  /** In the order of their times. */
  readonly steps: readonly Step[];
  /** Numbers of machines that are left out. */
  readonly absent: readonly number[];
}

export function planOf(seed: number, nodes: number, profile: Profile): Plan {
  const forMs = profile.minutes * 60_000;
  const ofWork = streamOf(seed, 'plan of work');
  const work = drawTimes(seed, 'work', profile.workPerMinute, forMs).map((atMs) => ({
    atMs,
    type: 'work' as const,
    work: drawWork(ofWork, nodes, profile),
  }));
  const ofFaults = streamOf(seed, 'plan of faults');
  const faultsPerMinute = profile.faults.length === 0 ? 0 : profile.faultsPerMinute;
  const faults = drawTimes(seed, 'faults', faultsPerMinute, forMs).map((atMs) => {
    const kind = drawKind(ofFaults, profile);
    const fault = { kind, ...FAULTS[kind].draw(ofFaults, nodes) } as FaultStep;
    return { atMs, type: 'fault' as const, fault };
  });
  const steps = [...work, ...faults]
    .toSorted((a, b) => a.atMs - b.atMs)
    .map((step, number): Step => ({ ...step, number }));
  return { seed, nodes, profile, forMs, steps, absent: [] };
}

/** Of events that come independently of each other, so many a minute on average. */
function drawTimes(seed: number, what: string, perMinute: number, endMs: number): number[] {
  const random = streamOf(seed, `times of ${what}`);
  const times: number[] = [];
  if (perMinute <= 0) return times;
  const meanMs = 60_000 / perMinute;
  for (let atMs = exponential(random, meanMs); atMs < endMs; atMs += exponential(random, meanMs))
    times.push(atMs);
  return times;
}
