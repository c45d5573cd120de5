/** What is known of one peer: by its configured address, or by its name if it dialled this node. */

import type { NodeId } from '../core/actor.ts';
import type { Link } from './link.ts';

export type PeerState = 'connecting' | 'connected' | 'disconnected' | 'rejected' | 'self';

export class PeerRecord {
  /** As configured, or as seen. */
  readonly address: string;
  readonly direction: 'outbound' | 'inbound';
  nodeId: NodeId | undefined;
  state: PeerState = 'disconnected';
  readonly links: Set<Link> = new Set<Link>();
  lastError: string | undefined;
  rounds = 0;
  /** Monotonic time of the last round in which both held the same. */
  inSyncAtMs: number | undefined;
  actorsBehind: number | undefined;
  clockOffsetMs: number | undefined;
  /** Of connections that are gone. */
  #bytesReceived = 0;
  #bytesSent = 0;

  constructor(address: string, direction: 'outbound' | 'inbound') {
    this.address = address;
    this.direction = direction;
  }

  get bytesReceived(): number {
    let bytes = this.#bytesReceived;
    for (const { channel } of this.links) bytes += channel.bytesReceived;
    return bytes;
  }

  get bytesSent(): number {
    let bytes = this.#bytesSent;
    for (const { channel } of this.links) bytes += channel.bytesSent;
    return bytes;
  }

  addLink(link: Link): void {
    this.links.add(link);
    this.nodeId = link.nodeId;
    this.state = 'connected';
    this.lastError = undefined;
  }

  removeLink(link: Link): void {
    if (!this.links.delete(link)) return;
    this.#bytesReceived += link.channel.bytesReceived;
    this.#bytesSent += link.channel.bytesSent;
    if (this.links.size === 0) this.state = 'disconnected';
  }
}
