/** What gossip needs of its surroundings, and what is set of it. */

import type { NodeId } from '../core/actor.ts';
import type { Fingerprints } from '../core/fingerprint.ts';
import type { Limits } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { Compressor } from '../ports/compressor.ts';
import type { Log } from '../ports/log.ts';
import type { Packer } from '../ports/packer.ts';
import type { Random } from '../ports/random.ts';
import type { Replica } from '../ports/replica.ts';
import type { Resolver } from '../ports/resolver.ts';
import type { Transport } from '../ports/transport.ts';
import type { UserEvent } from './event-codec.ts';
import type { ClusterSettings } from './greeting-messages.ts';
import type { MemberLinksDependencies, WatchOptions } from './member-links.ts';
import type { GossipMode } from './mode.ts';
import type { RumourOptions } from './rumour-mongering.ts';

export interface GossipDependencies extends Pick<MemberLinksDependencies, 'onMember' | 'onMemberRecords'> {
  readonly replica: Replica;
  readonly transport: Transport;
  /** Of names among the peers; absent: they are dialled as they are. */
  readonly resolver?: Resolver | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly packer: Packer;
  readonly fingerprints: Fingerprints;
  readonly limits: Limits;
  /** Absent: nothing is compressed, nor asked for so. */
  readonly compressor?: Compressor | undefined;
  /** Asked for so even where it only costs time. */
  readonly compressAlways?: boolean;
  /** A peer's wall clock minus this one's, in milliseconds. */
  readonly onPeerClock: (peer: NodeId, offsetMs: number) => void;
  /** Each message of a user once, those of this node, too. Never fails. */
  readonly onUserEvent?: (event: UserEvent) => void;
}

export interface GossipOptions {
  /** `host:port` of each, or a name that is looked up. */
  readonly peers: readonly string[];
  /** Where peers reach this node, `host:port`; absent: where it listens. */
  readonly advertise?: string | undefined;
  readonly settings: ClusterSettings;
  readonly mode: GossipMode;
  readonly gossipIntervalMs: number;
  readonly gossipFanout: number;
  /** Absent: none are told, and those that come are passed on to nobody. */
  readonly rumours: RumourOptions | undefined;
  /** Absent: nobody is watched, and the peers are those that were configured, or dialled this node. */
  readonly membership?: WatchOptions | undefined;
  /** Links are kept with a few members only; nothing without membership. */
  readonly isViewPartial?: boolean | undefined;
  readonly sessionTimeoutMs: number;
  /** A chunk ends once it holds as many bytes, at most 256 KiB; 1 gives each entry or batch a message of its own. */
  readonly chunkBytes: number;
  /** What each peer is served at most, in bytes a second; absent for no limit. */
  readonly servedBytesPerSecond?: number | undefined;
}
