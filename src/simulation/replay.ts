/** A run as people name it: by the command line that replays it. */

import type { ProfileName } from './profile.ts';
import { drawProfile } from './profile.ts';
import { type Plan, planOf } from './plan.ts';
import { type Selection, select } from './selection.ts';
import { formatNumbers } from './step-numbers.ts';
import { streamOf } from './streams.ts';

/** Names one run, given the source. */
export interface RunName {
  readonly seed: number;
  readonly nodes: number;
  readonly profile: ProfileName;
  /** As the profile has it if absent. */
  readonly minutes?: number | undefined;
}

/** Of the whole run. */
export function planNamed({ seed, nodes, profile, minutes }: RunName): Plan {
  const drawn = drawProfile(profile, streamOf(seed, 'profile'));
  return planOf(seed, nodes, minutes === undefined ? drawn : { ...drawn, minutes });
}

export function selectedPlan(name: RunName, selection: Selection): Plan {
  return select(planNamed(name), selection);
}

export function replayCommand({ seed, nodes, profile, minutes }: RunName, selection: Selection): string {
  const { keep, without, absent } = selection;
  const fewer = selection.minutes ?? minutes;
  const words = ['npm run simulate --', `--seed ${seed} --nodes ${nodes} --profile ${profile}`];
  if (fewer !== undefined) words.push(`--minutes ${fewer}`);
  if (absent.length > 0) words.push(`--absent ${formatNumbers(absent)}`);
  if (without.length > 0) words.push(`--without ${without.join(',')}`);
  if (keep !== undefined) words.push(`--keep ${keep.length === 0 ? 'none' : formatNumbers(keep)}`);
  return words.join(' ');
}
