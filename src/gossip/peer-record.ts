/** What is known of one peer: by its configured address, or by its name if it dialled this node. */

import type { NodeId } from '../core/actor.ts';
import type { Channel } from './channel.ts';
import type { Link } from './link.ts';

export type PeerState = 'connecting' | 'connected' | 'disconnected' | 'rejected' | 'self';

export class PeerRecord {
  /** As configured, or as seen. */
  readonly address: string;
  readonly direction: 'outbound' | 'inbound';
  nodeId: NodeId | undefined;
  /** The address is this node's own. */
  isSelf = false;
  isDialling = false;
  /** The last attempt ended because the two may not talk. */
  isRejected = false;
  lastError: string | undefined;
  rounds = 0;
  /** Monotonic time of the last round in which both held the same. */
  inSyncAtMs: number | undefined;
  actorsBehind: number | undefined;
  clockOffsetMs: number | undefined;
  readonly #links = new Set<Link>();
  /** Of connections that are gone. */
  #bytesReceived = 0;
  #bytesSent = 0;

  constructor(address: string, direction: 'outbound' | 'inbound') {
    this.address = address;
    this.direction = direction;
  }

  get state(): PeerState {
    if (this.isSelf) return 'self';
    if (this.#links.size > 0) return 'connected';
    if (this.isRejected) return 'rejected';
    return this.isDialling ? 'connecting' : 'disconnected';
  }

  /** Open ones, the oldest first. */
  get links(): readonly Link[] {
    return [...this.#links];
  }

  get bytesReceived(): number {
    let bytes = this.#bytesReceived;
    for (const { channel } of this.#links) bytes += channel.bytesReceived;
    return bytes;
  }

  get bytesSent(): number {
    let bytes = this.#bytesSent;
    for (const { channel } of this.#links) bytes += channel.bytesSent;
    return bytes;
  }

  addLink(link: Link): void {
    this.#links.add(link);
    this.nodeId = link.nodeId;
    this.isRejected = false;
    this.lastError = undefined;
  }

  /** Its bytes stay counted, if the link was this record's. */
  removeLink(link: Link): void {
    if (this.#links.delete(link)) this.addBytes(link.channel);
  }

  /** Counts the bytes of a connection that is gone. */
  addBytes(channel: Pick<Channel, 'bytesReceived' | 'bytesSent'>): void {
    this.#bytesReceived += channel.bytesReceived;
    this.#bytesSent += channel.bytesSent;
  }

  /** Takes over what another record of the same node has: its links, its bytes, what its rounds told. */
  absorb(other: PeerRecord): void {
    this.rounds += other.rounds;
    this.inSyncAtMs = other.inSyncAtMs ?? this.inSyncAtMs;
    this.actorsBehind = other.actorsBehind ?? this.actorsBehind;
    this.clockOffsetMs = other.clockOffsetMs ?? this.clockOffsetMs;
    this.#bytesReceived += other.#bytesReceived;
    this.#bytesSent += other.#bytesSent;
    for (const link of other.#links) this.#links.add(link);
    other.#links.clear();
  }
}
