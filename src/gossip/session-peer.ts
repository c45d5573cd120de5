/** The server, as a session needs it. */

import type { NodeId } from '../core/actor.ts';
import type { Notice, Reply } from './messages.ts';
import type { NewRequest } from './pending-requests.ts';

export interface SessionPeer {
  readonly nodeId: NodeId;
  /** Fails with `PEER_UNREACHABLE` or `TIMEOUT`: the session is set aside then. */
  request(request: NewRequest): Promise<Reply>;
  notify(message: Notice): void;
}
