/**
 * What members tell each other (SWIM, sections 3 and 4; `docs/PROTOCOL.md`, "Members"). None is answered by the connection:
 * any may be lost, as a datagram is.
 */

import type { NodeId } from '../core/actor.ts';
import type { Update } from './member.ts';

/** Asks for an acknowledgement. */
export interface Ping {
  readonly type: 'ping';
  /** The sender's, 16 bits; comes back in the answer. */
  readonly sequence: number;
  readonly updates: readonly Update[];
}

/** Its sender was reached; or, through a helper, the target of the ping request of this sequence. */
export interface Ack {
  readonly type: 'ack';
  readonly sequence: number;
  readonly updates: readonly Update[];
}

/** Asks a helper to ping `target`. */
export interface PingRequest {
  readonly type: 'ping-request';
  readonly sequence: number;
  readonly target: NodeId;
  /** The requester waits so long, in milliseconds. */
  readonly timeoutMs: number;
  readonly updates: readonly Update[];
}

/** The helper has not heard of the target in time, and is itself alive (Lifeguard, LHA-Probe). */
export interface Nack {
  readonly type: 'nack';
  readonly sequence: number;
}

/** A digest of all that the sender knows: whoever knows otherwise answers with pages. */
export interface MembersDigest {
  readonly type: 'members-digest';
  /** 32 bits. */
  readonly digest: number;
}

/**
 * A page of all that the sender knows, ascending by name: what lies after `after`, up to the last one, or, if `isLast`,
 * to the end.
 */
export interface Members {
  readonly type: 'members';
  readonly sequence: number;
  /** A name, or empty. */
  readonly after: string;
  readonly isLast: boolean;
  readonly records: readonly Update[];
}

/** What the receiver knows better within the page, ascending by name; if `isCut`, only up to the last one. */
export interface MembersReply {
  readonly type: 'members-reply';
  readonly sequence: number;
  readonly isCut: boolean;
  readonly records: readonly Update[];
}

export type MemberMessage = Ping | Ack | PingRequest | Nack | MembersDigest | Members | MembersReply;
