/**
 * Which part of a run is wanted. What is left out leaves the rest as it was: steps keep their numbers, their times and
 * what they do; machines keep their names.
 */

import { CALM, type Conditions } from './network.ts';
import type { Plan, Step } from './plan.ts';

export interface Selection {
  /** Numbers of the steps; all if absent. */
  readonly keep: readonly number[] | undefined;
  /** Kinds of faults, conditions of the network, and `membership`. */
  readonly without: readonly string[];
  /** Numbers of machines that are never there. */
  readonly absent: readonly number[];
  /** Virtual minutes, where they are fewer than the plan's. */
  readonly minutes?: number | undefined;
}

export const WHOLE: Selection = { keep: undefined, without: [], absent: [] };

/** Conditions of the network that can be switched off. */
const CONDITIONS: readonly string[] = Object.keys(CALM);

const MEMBERSHIP = 'membership';

/** All that can be switched off for a whole run, beside kinds of faults. */
export const SWITCHES: readonly string[] = [...CONDITIONS, MEMBERSHIP];

export function select(plan: Plan, { keep, without, absent, minutes = Infinity }: Selection): Plan {
  const forMs = Math.min(plan.forMs, minutes * 60_000);
  const kept = keep === undefined ? undefined : new Set(keep);
  const steps = plan.steps.filter(
    (step) =>
      step.atMs < forMs &&
      (kept === undefined || kept.has(step.number)) &&
      !absent.some((machine) => isOf(step, machine)) &&
      !(step.type === 'fault' && without.includes(step.fault.kind)),
  );
  const { profile } = plan;
  return {
    ...plan,
    forMs,
    absent,
    steps,
    profile: {
      ...profile,
      faults: profile.faults.filter((kind) => !without.includes(kind)),
      conditions: calmed(profile.conditions, without),
      options: without.includes(MEMBERSHIP)
        ? { ...profile.options, seeds: undefined, sampler: 'full' }
        : profile.options,
    },
  };
}

/** Whether this is done on, or to, one machine, and that is the one. */
function isOf(step: Step, machine: number): boolean {
  const drawn: object = step.type === 'work' ? step.work : step.fault;
  return 'machine' in drawn && drawn.machine === machine;
}

/** As when all is well, in those that are named. */
function calmed(conditions: Conditions, without: readonly string[]): Conditions {
  const off = Object.entries(CALM).filter(([name]) => without.includes(name));
  return { ...conditions, ...Object.fromEntries(off) };
}

/** Names of what is on, of `SWITCHES`. */
export function switchesOf(plan: Plan): readonly string[] {
  const hasMembership = plan.profile.options.seeds !== undefined;
  return [...conditionsOf(plan), ...(hasMembership ? [MEMBERSHIP] : [])];
}

/** Names of the conditions that are on. */
export function conditionsOf({ profile: { conditions } }: Plan): readonly string[] {
  return CONDITIONS.filter((name) => conditions[name as keyof Conditions] !== CALM[name as keyof Conditions]);
}
