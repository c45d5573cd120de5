/** How hard a run is: what is done to the cluster, how often, and with which settings it runs. */

import type { Random } from '../ports/random.ts';
import type { FaultKind } from './faults/faults.ts';
import type { ClusterOptions } from './machine.ts';
import { CALM, type Conditions } from './network.ts';
import { exponential, fractionIn, integerIn, isChosen } from './streams.ts';

export interface Profile {
  readonly name: string;
  readonly minutes: number;
  readonly workPerMinute: number;
  /** Of all kinds together. */
  readonly faultsPerMinute: number;
  readonly faults: readonly FaultKind[];
  /** How often each of `faults` is drawn, beside the others. */
  readonly weights: Readonly<Partial<Record<FaultKind, number>>>;
  readonly conditions: Conditions;
  readonly keys: number;
  /** Storms of writes and imports are among the work. */
  readonly bulk: boolean;
  readonly options: ClusterOptions;
}

const OPTIONS: ClusterOptions = {
  tombstoneTtlMs: 20_000,
  maxDriftMs: 10_000,
  gossipIntervalMs: 1000,
  gossipFanout: 3,
  sessionTimeoutMs: 30_000,
  auditIntervalMs: 60_000,
  scrubIntervalMs: 120_000,
  dotCacheBytes: 4096,
  chunkBytes: 512,
};

/** Nothing acknowledged is lost, whatever these do. */
const HARMLESS: readonly FaultKind[] = [
  'clog',
  'brokenConnection',
  'interruption',
  'partition',
  'crash',
  'crashLoop',
  'restart',
  'pause',
  'slowMachine',
  'absence',
  'move',
];

const OF_DISKS: readonly FaultKind[] = [
  'fullDisk',
  'failingWrite',
  'slowDisk',
  'tornWrite',
  'damage',
  'failingRead',
  'wipe',
  'backup',
  'clone',
];

/** Of runs with membership. */
const OF_MEMBERS: readonly FaultKind[] = ['leave', 'forget', 'retire'];

/** Of the runs, so many have membership: it costs messages in every second. */
const WITH_MEMBERSHIP = 1 / 3;

/** Of the profile of that name: what is of members, beside one fault of another kind. */
const OFTEN = 5;

const OF_CLOCKS: readonly FaultKind[] = ['clockLeap', 'clockOffset', 'clockDrift'];

export const PROFILE_NAMES = ['calm', 'network', 'members', 'disk', 'clocks', 'hard'] as const;

export type ProfileName = (typeof PROFILE_NAMES)[number];

const FAULTS_BY_PROFILE: Readonly<Record<ProfileName, readonly FaultKind[]>> = {
  calm: [],
  network: HARMLESS,
  members: HARMLESS,
  disk: [...HARMLESS, ...OF_DISKS],
  clocks: [...HARMLESS, ...OF_CLOCKS],
  hard: [...HARMLESS, ...OF_DISKS, ...OF_CLOCKS],
};

/** The profile of this name, with what differs from seed to seed drawn from `random`. */
export function drawProfile(name: ProfileName, random: Random): Profile {
  const calm: Profile = {
    name,
    minutes: 2,
    workPerMinute: 300,
    faultsPerMinute: 0,
    faults: [],
    weights: {},
    conditions: CALM,
    keys: 30,
    bulk: false,
    options: OPTIONS,
  };
  if (name === 'calm') return calm;
  const kinds = FAULTS_BY_PROFILE[name];
  // Some kinds are left out: what all of them together prevent, a few may bring about.
  const share = fractionIn(random, 0.2, 1);
  const chosen = kinds.filter(() => isChosen(random, share));
  const faults = chosen.length === 0 ? kinds : chosen;
  const profile: Profile = {
    ...calm,
    faultsPerMinute: fractionIn(random, 1, 25),
    faults,
    weights: drawWeights(random, faults),
    conditions: drawConditions(random),
    bulk: isChosen(random, 0.3),
  };
  const hasMembership = isChosen(random, WITH_MEMBERSHIP) || name === 'members';
  return hasMembership ? withMembership(profile, random) : profile;
}

/** All are told one name or two; members leave and are forgotten more often than not; now and then they link with few others. */
function withMembership(profile: Profile, random: Random): Profile {
  const faults = OF_MEMBERS.filter(() => isChosen(random, 0.7));
  const weights = drawWeights(random, faults, profile.name === 'members' ? OFTEN : 1);
  return {
    ...profile,
    faults: [...profile.faults, ...faults],
    weights: { ...profile.weights, ...weights },
    options: {
      ...profile.options,
      seeds: integerIn(random, 1, 3),
      sampler: isChosen(random, 0.3) ? 'partial' : 'full',
    },
  };
}

function drawWeights(random: Random, faults: readonly FaultKind[], mean: number = 1): Profile['weights'] {
  return Object.fromEntries(faults.map((kind) => [kind, exponential(random, mean)]));
}

/** Each may be left out, so that a run is not always slowed down by all of them. */
function drawConditions(random: Random): Conditions {
  const upTo = (max: number): number => (isChosen(random, 0.3) ? 0 : fractionIn(random, 0, max));
  return {
    loss: upTo(0.3),
    duplication: upTo(0.5),
    reordering: upTo(0.3),
    delayMinMs: 0.1,
    delayMeanMs: 0.4 + upTo(100),
    tail: upTo(0.1),
  };
}

/** Which of the profile's kinds comes next. */
export function drawKind(random: Random, { faults, weights }: Profile): FaultKind {
  const total = faults.reduce((sum, kind) => sum + (weights[kind] ?? 1), 0);
  let left = random.fraction() * total;
  for (const kind of faults) {
    left -= weights[kind] ?? 1;
    if (left < 0) return kind;
  }
  return faults.at(-1) as FaultKind;
}
