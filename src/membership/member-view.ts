/** Members as they are shown, and what changed of them. */

import type { NodeId } from '../core/actor.ts';
import type { KnownMember } from './member-table.ts';
import { equalFacts, isLive, type MemberFacts, type MemberRecord, type Status } from './member.ts';

export interface Member extends MemberFacts {
  readonly nodeId: NodeId;
  readonly isSelf: boolean;
  readonly status: Exclude<Status, 'forgotten'>;
  readonly incarnation: number;
  /** For how long, in milliseconds. */
  readonly statusAgeMs: number;
  /** Since its last message to this node, in milliseconds; absent before the first, and of this node. */
  readonly heardAgeMs?: number;
  /** Of probes, smoothed; absent before the first answer, and of this node. */
  readonly roundTripMs?: number;
}

/** `updated`: its address, version or metadata are others, its status is not. */
export type MemberEventType = 'up' | 'suspect' | 'down' | 'left' | 'updated';

export interface MemberEvent {
  readonly type: MemberEventType;
  readonly member: Member;
}

/** One that was forgotten, has left. */
export function viewOf({ record, sinceMs, heardAtMs, roundTrip }: KnownMember, nowMs: number): Member {
  const { smoothedMs } = roundTrip;
  return {
    ...record,
    status: record.status === 'forgotten' ? 'left' : record.status,
    isSelf: false,
    statusAgeMs: nowMs - sinceMs,
    ...(heardAtMs === undefined ? {} : { heardAgeMs: nowMs - heardAtMs }),
    ...(smoothedMs === undefined ? {} : { roundTripMs: smoothedMs }),
  };
}

/**
 * What a change is told as; `undefined` if it is nothing to tell: a higher incarnation alone, or one that is gone already
 * when it is first heard of. Who is forgotten while it takes part, leaves.
 */
export function eventOf(before: MemberRecord | undefined, after: MemberRecord): MemberEventType | undefined {
  const { status } = after;
  const isKnown = before !== undefined && before.status !== 'forgotten';
  if (status === 'forgotten') return isKnown && isLive(before) ? 'left' : undefined;
  if (!isKnown) return isLive(after) ? status : undefined;
  if (before.status !== status) return status;
  return equalFacts(before, after) ? undefined : 'updated';
}

/** For sorting. */
export function byName(a: Pick<MemberRecord, 'nodeId'>, b: Pick<MemberRecord, 'nodeId'>): number {
  return a.nodeId < b.nodeId ? -1 : 1;
}
