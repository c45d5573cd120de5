/** What a store says of itself, and of what a person should know. */

import type { Doubt } from '../core/clock-doubt.ts';
import type { StoredReplica } from '../storage/stored-replica.ts';
import type { StoreStatus, Warning } from './api.ts';
import { doubtWarning, FUTURE_HELD } from './clock-sentences.ts';
import type { CheckedStoreOptions } from './options.ts';
import { fencedStatus, fencedWarning, type Outage } from './outage.ts';
import { PACKAGE_VERSION } from './package-version.ts';

export interface StatusSubject {
  readonly replica: StoredReplica;
  readonly outage: Readonly<Outage> | undefined;
  readonly options: CheckedStoreOptions;
  readonly dir: string;
  readonly doubt: Doubt | undefined;
  readonly wallMs: number;
}

export function statusOf(subject: StatusSubject): StoreStatus {
  const { replica, outage, options, dir } = subject;
  const { all, permanent, last, horizon, bootstrapping, healing } = replica.state;
  const { checking, verifying, runActor: actor } = replica;
  const { actors, cloudDots, looseDots } = replica.counts;
  return {
    nodeId: replica.nodeId,
    clusterId: replica.clusterId,
    version: PACKAGE_VERSION,
    dir,
    durability: options.durability,
    tombstoneTtlMs: options.tombstoneTtlMs,
    entries: all.count,
    permanent: permanent.count,
    ...(actor === undefined ? {} : { actor }),
    actors,
    cloudDots,
    looseDots,
    lastVersion: last,
    horizon,
    contextHash: hex(replica.contextHash()),
    fingerprint: hex(permanent.sum),
    bootstrapping,
    healing,
    ...(checking === undefined ? {} : { checking }),
    ...(verifying === undefined ? {} : { verifying: { records: verifying } }),
    ...(outage === undefined ? {} : { fenced: fencedStatus(outage) }),
    warnings: warningsOf(subject),
  };
}

function warningsOf({ replica, outage, options, doubt, wallMs }: StatusSubject): readonly Warning[] {
  const warnings: Warning[] = [];
  if (outage !== undefined) warnings.push(fencedWarning(outage, wallMs));
  if (replica.state.damaged) {
    warnings.push({
      code: 'DAMAGED',
      message:
        'A record on disk is damaged, so this node serves no peer: it forgets what it has seen, and asks its peers for all of it.',
    });
  }
  if (replica.state.healing) {
    warnings.push({
      code: 'HEALING',
      message:
        "Damage was found, or other nodes' entries from too far in the future were taken out. Nothing is collected until every peer that can be reached was asked for all it has.",
    });
  }
  if (replica.checking !== undefined) {
    const { done, total } = replica.checking;
    warnings.push({
      code: 'CHECKING',
      message: `The last stop was not clean: ${done} of ${total} entries are checked, and until all are nothing is served or taken.`,
    });
  }
  if (doubt !== undefined) warnings.push(doubtWarning(doubt, options.maxDriftMs));
  if (replica.holdsFuture()) warnings.push(FUTURE_HELD);
  if (options.durability === 'os') {
    warnings.push({
      code: 'NO_FSYNC',
      message:
        "Durability is 'os': a power loss can take back the latest writes, though they were acknowledged.",
    });
  }
  return warnings;
}

function hex(value: bigint): string {
  return value.toString(16).padStart(16, '0');
}
