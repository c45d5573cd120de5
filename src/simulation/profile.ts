/** How hard a run is: what is done to the cluster, how often, and with which settings it runs. */

import type { Random } from '../ports/random.ts';
import type { FaultKind } from './faults/faults.ts';
import type { ClusterOptions } from './machine.ts';
import { CALM, type Conditions } from './network.ts';
import { fractionIn, isChosen } from './streams.ts';

export interface Profile {
  readonly name: string;
  readonly minutes: number;
  readonly workPerMinute: number;
  readonly faultsPerMinute: number;
  readonly faults: readonly FaultKind[];
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

export type ProfileName = 'calm' | 'hard';

/** The profile of this name, with what differs from seed to seed drawn from `random`. */
export function drawProfile(name: ProfileName, random: Random): Profile {
  const calm: Profile = {
    name,
    minutes: 2,
    workPerMinute: 300,
    faultsPerMinute: 0,
    faults: [],
    conditions: CALM,
    keys: 30,
    bulk: false,
    options: OPTIONS,
  };
  if (name === 'calm') return calm;
  return {
    ...calm,
    bulk: isChosen(random, 0.3),
    faultsPerMinute: fractionIn(random, 1, 20),
    faults: ['crash', 'partition'],
    conditions: {
      loss: fractionIn(random, 0, 0.3),
      duplication: fractionIn(random, 0, 0.5),
      reordering: fractionIn(random, 0, 0.3),
      delayMinMs: 0.1,
      delayMeanMs: fractionIn(random, 0.5, 50),
    },
  };
}
