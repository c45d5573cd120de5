/** What is known of one peer: by its configured address, or by its name if it dialled this node. */

import type { NodeId } from '../core/actor.ts';
import type { Channel } from './channel.ts';
import type { LastWord } from './lag.ts';
import type { Link } from './link.ts';

/** `silent`: connected, but on each link a request has timed out, and no byte has come since. */
export type PeerState = 'connecting' | 'connected' | 'silent' | 'disconnected' | 'rejected' | 'self';

export class PeerRecord {
  /** As configured, as the node tells it, or as seen. */
  address: string;
  /** Who dials; of a node that is no seed, who dialled last. */
  direction: 'outbound' | 'inbound';
  nodeId: NodeId | undefined;
  /** The address is this node's own. */
  isSelf = false;
  isDialling = false;
  /** The last attempt ended because the two may not talk. */
  isRejected = false;
  lastError: string | undefined;
  /** Those that this node opened and the peer answered. */
  rounds = 0;
  /** Monotonic time of the last round in which both held the same. */
  inSyncAtMs: number | undefined;
  /** Monotonic time when this node last was through with it: both held the same, or a pull brought all there was. */
  succeededAtMs: number | undefined;
  /** What it told of what it has seen. */
  lastWord: LastWord | undefined;
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
    const { links } = this;
    // One may be left over that the other side has long closed.
    if (links.length > 0) return links.every(({ channel }) => channel.isStalled) ? 'silent' : 'connected';
    if (this.isRejected) return 'rejected';
    return this.isDialling ? 'connecting' : 'disconnected';
  }

  /** Whose address it is, is to be found out again. */
  forgetSelf(): void {
    this.isSelf = false;
    this.nodeId = undefined;
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

  /** Takes over what another record of the same node has, which is left without: its links, its bytes, what its rounds told. */
  absorb(other: PeerRecord): void {
    this.rounds += other.rounds;
    this.inSyncAtMs = other.inSyncAtMs ?? this.inSyncAtMs;
    this.succeededAtMs = other.succeededAtMs ?? this.succeededAtMs;
    this.lastWord = other.lastWord ?? this.lastWord;
    this.clockOffsetMs = other.clockOffsetMs ?? this.clockOffsetMs;
    this.#bytesReceived += other.#bytesReceived;
    this.#bytesSent += other.#bytesSent;
    for (const link of other.#links) this.#links.add(link);
    other.#clear();
  }

  #clear(): void {
    this.rounds = 0;
    this.inSyncAtMs = undefined;
    this.succeededAtMs = undefined;
    this.lastWord = undefined;
    this.clockOffsetMs = undefined;
    this.#bytesReceived = 0;
    this.#bytesSent = 0;
    this.#links.clear();
  }
}
