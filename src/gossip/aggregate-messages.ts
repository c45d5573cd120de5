/** An exchange between two nodes that average (`docs/PROTOCOL.md`, "Aggregates"). */

import type { NodeId } from '../core/actor.ts';
import type { Share } from './aggregate.ts';
import type { Offer } from './averaging.ts';

/** Since version 2: an exchange of an epoch of aggregation, whoever began it. */
export interface AggregateRequest extends Offer {
  readonly type: 'aggregate';
  readonly request: number;
  /** What is aggregated. */
  readonly name: string;
  /** Which epoch: who began it, 32 random bits, and how long ago. */
  readonly asker: NodeId;
  readonly epoch: number;
  readonly ageMs: number;
}

export interface AggregateReply {
  readonly type: 'aggregate-reply';
  readonly request: number;
  /** What moves to the asker, and the extremes that are known; absent, nothing does: the epoch is over, or not taken part in. */
  readonly share: Share | undefined;
}
