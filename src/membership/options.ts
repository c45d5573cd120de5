/** What can be set of the failure detector. */

import { MEMBERS_MAX } from './member.ts';

const DAY_MS = 86_400_000;

/** Longer ones would have helpers wait for longer than the protocol allows. */
export const PROBE_INTERVAL_MAX_MS = 60_000;

/** The parts of Lifeguard (Dadgar et al. 2018, table I), so that each can be measured alone. All off: SWIM. */
export interface Lifeguard {
  /** The own health scales interval and timeouts; helpers send nacks. */
  readonly probe: boolean;
  /** Suspicions begin long, and each confirmation shortens them. */
  readonly suspicion: boolean;
  /** A suspect is told so with the next message to it. */
  readonly buddy: boolean;
}

/**
 * Whom a node with a partial view knows: some times as many as the view has, so that most of those that others name, and
 * those that are told of as gone, are among them.
 */
export const PARTIAL_MEMBERS_MAX = 128;

export interface MembershipOptions {
  /** SWIM's protocol period: one member is probed in each. At most `PROBE_INTERVAL_MAX_MS`. */
  readonly probeIntervalMs: number;
  /** Members that are down or have left are kept so long. */
  readonly memberRetentionMs: number;
  /** Those that were forgotten: as long as anybody may be away who has not heard of it. */
  readonly forgottenRetentionMs: number;
  /** Members, gone ones included, that are known at most; of more a random choice is. At most `MEMBERS_MAX`. */
  readonly membersMax: number;
  readonly lifeguard: Lifeguard;
}

export const DEFAULT_MEMBERSHIP: MembershipOptions = {
  probeIntervalMs: 1000,
  memberRetentionMs: 3 * DAY_MS,
  forgottenRetentionMs: 30 * DAY_MS,
  membersMax: MEMBERS_MAX,
  lifeguard: { probe: true, suspicion: true, buddy: true },
};
