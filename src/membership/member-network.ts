/** How a node reaches other members: over links that come and go elsewhere. */

import type { NodeId } from '../core/actor.ts';
import type { MemberMessage } from './member-messages.ts';

export interface MemberNetwork {
  /** Asked before anything is made that would be told in vain. */
  isLinked(member: NodeId): boolean;
  /** Sends now. It may be lost, and is without a link. Never throws. */
  send(member: NodeId, message: MemberMessage): void;
}
