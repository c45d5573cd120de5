/**
 * The messages between two nodes, as values; `docs/PROTOCOL.md` gives their grammar on the wire, and `*-messages.ts` one file
 * to each of its sections.
 */

import type { NodeId } from '../core/actor.ts';
import type { HyParViewMessage } from '../membership/hyparview.ts';
import type { MemberMessage } from '../membership/member-messages.ts';
import type { Update } from '../membership/member.ts';
import type { AggregateReply, AggregateRequest } from './aggregate-messages.ts';
import type { ComparisonReply, ComparisonRequest, Lost } from './comparison-messages.ts';
import type { GreetingMessage } from './greeting-messages.ts';
import type { MongeringReply, MongeringRequest } from './mongering-messages.ts';
import type { RoundReply, RoundRequest } from './round-messages.ts';
import type { SessionNotice, SessionReply, SessionRequest } from './session-messages.ts';

/** Since version 2: how partial views are kept; not answered, but by another of them. */
export interface ViewMessage {
  readonly type: 'view';
  readonly message: HyParViewMessage<NodeId>;
  /** Of those whom it names, and of its sender, as far as they may not be known. */
  readonly updates: readonly Update[];
}

export interface Failure {
  readonly type: 'failure';
  readonly request: number;
  readonly code: FailureCode;
  readonly reason: string;
}

/**
 * `stale`: the digest is out of date, do it again. `unknown-session`: the snapshot is gone, the session void.
 * `not-serving`: try another peer. `invalid`: the request makes no sense here.
 */
export type FailureCode = 'stale' | 'unknown-session' | 'not-serving' | 'invalid';

export type Request = RoundRequest | SessionRequest | ComparisonRequest | MongeringRequest | AggregateRequest;
export type Reply = RoundReply | SessionReply | ComparisonReply | MongeringReply | AggregateReply | Failure;
/** Not answered. */
export type Notice = SessionNotice | Lost;
export type Message = GreetingMessage | Request | Reply | Notice | MemberMessage | ViewMessage;
