/** What is done in a run, and when: drawn from the seed before it begins, so that a run can be cut down to what matters. */

import { FAULTS, type FaultStep } from './faults/faults.ts';
import { drawKind, type Profile } from './profile.ts';
import { exponential, streamOf } from './streams.ts';
import { drawWork, type WorkStep } from './workload/work.ts';

export type Step = {
  /** Since the start of the run. */
  readonly atMs: number;
} & (
  | { readonly type: 'work'; readonly work: WorkStep }
  | { readonly type: 'fault'; readonly fault: FaultStep }
);

export interface Plan {
  readonly seed: number;
  readonly nodes: number;
  readonly profile: Profile;
  /** How long work and faults go on; then everything is healed. */
  readonly forMs: number;
  /** In the order of their times. */
  readonly steps: readonly Step[];
}

export function planOf(seed: number, nodes: number, profile: Profile): Plan {
  const random = streamOf(seed, 'plan');
  const forMs = profile.minutes * 60_000;
  const steps: Step[] = [];
  const pace = (perMinute: number): number => exponential(random, 60_000 / perMinute);
  for (let atMs = pace(profile.workPerMinute); atMs < forMs; atMs += pace(profile.workPerMinute))
    steps.push({ atMs, type: 'work', work: drawWork(random, nodes, profile) });
  if (profile.faults.length > 0 && profile.faultsPerMinute > 0) {
    for (let atMs = pace(profile.faultsPerMinute); atMs < forMs; atMs += pace(profile.faultsPerMinute)) {
      const kind = drawKind(random, profile);
      steps.push({ atMs, type: 'fault', fault: { kind, ...FAULTS[kind].draw(random, nodes) } as FaultStep });
    }
  }
  return { seed, nodes, profile, forMs, steps: steps.toSorted((a, b) => a.atMs - b.atMs) };
}
