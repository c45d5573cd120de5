/** An open connection to a peer whose hello was accepted. */

import type { NodeId } from '../core/actor.ts';
import type { Channel } from './channel.ts';
import type { Contact } from './greeting-messages.ts';

export interface Link {
  readonly nodeId: NodeId;
  readonly channel: Channel;
  readonly direction: 'outbound' | 'inbound';
  /** As configured, of an outbound one; as seen, of an inbound one. */
  readonly address: string;
  /** Of the process that said hello. */
  readonly bootNonce: number;
  /** The highest that both speak. */
  readonly protocolVersion: number;
  /** What the peer told of itself; absent of one that speaks version 1 only. */
  readonly contact?: Contact;
  /** Monotonic time of the hello. */
  readonly sinceMs: number;
}

/**
 * The one link that is used for rounds where two nodes have several: one that the node with the smaller name dialled,
 * so that both choose the same; of such the newest, since an older one may be dead without anyone having noticed.
 * `links`: of one node, the oldest first.
 */
export function preferredLink(self: NodeId, links: readonly Link[]): Link | undefined {
  const open = links.filter(({ channel }) => channel.isOpen);
  return (
    open.findLast(({ nodeId, direction }) => (direction === 'outbound') === self < nodeId) ?? open.at(-1)
  );
}
