/** How a node reaches other members: over links that come and go elsewhere. */

import type { NodeId } from '../core/actor.ts';
import type { MemberMessage } from './member-messages.ts';

export interface MemberNetwork {
  /** Sends now; `false` if there is no link to `member`. What was sent may be lost. Never throws. */
  send(member: NodeId, message: MemberMessage): boolean;
}
