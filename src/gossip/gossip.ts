/** Composes anti-entropy: dispatches, and nothing else. */

import type { NodeId } from '../core/actor.ts';
import type { Fingerprints } from '../core/fingerprint.ts';
import type { Limits } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Packer } from '../ports/packer.ts';
import type { Random } from '../ports/random.ts';
import type { Replica, SessionOrder } from '../ports/replica.ts';
import type { Listener, Transport } from '../ports/transport.ts';
import { AntiEntropy } from './anti-entropy.ts';
import { Greeter } from './greeter.ts';
import type { Link } from './link.ts';
import type { ClusterSettings } from './messages.ts';
import { Peers } from './peers.ts';
import type { PeerRecord } from './peer-record.ts';
import { Puller } from './puller.ts';
import { Responder } from './responder.ts';
import { Rounds } from './round.ts';
import { type ServedStatus, SessionServer } from './session-server.ts';
import { type GossipWarning, Warnings } from './warnings.ts';

export interface GossipDependencies {
  readonly replica: Replica;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly packer: Packer;
  readonly fingerprints: Fingerprints;
  readonly limits: Limits;
  /** A peer's wall clock minus this one's, in milliseconds. */
  readonly onPeerClock: (peer: NodeId, offsetMs: number) => void;
}

export interface GossipOptions {
  /** `host:port` of each. */
  readonly peers: readonly string[];
  readonly settings: ClusterSettings;
  readonly gossipIntervalMs: number;
  readonly gossipFanout: number;
  readonly sessionTimeoutMs: number;
  /** A chunk ends once it holds as many bytes; 1 gives each entry or batch a message of its own. */
  readonly chunkBytes: number;
}

export interface PulledStatus {
  readonly peer: NodeId;
  readonly order: SessionOrder;
  readonly state: 'running' | 'set-aside';
  readonly entries: number;
  readonly bytes: number;
}

export class Gossip {
  readonly #replica: Replica;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #server: SessionServer;
  readonly #greeter: Greeter;
  readonly #peers: Peers;
  readonly #puller: Puller;
  readonly #antiEntropy: AntiEntropy;
  readonly #warnings: Warnings;
  #listener: Listener | undefined;

  constructor(dependencies: GossipDependencies, options: GossipOptions) {
    const { replica, transport, clock, random, log, packer, fingerprints, limits } = dependencies;
    const { maxDriftMs } = options.settings;
    this.#replica = replica;
    this.#transport = transport;
    this.#clock = clock;
    this.#warnings = new Warnings(log);
    const warnings = this.#warnings;
    this.#server = new SessionServer(replica, clock, random, options);
    const responder = new Responder(replica, clock, fingerprints, this.#server, {
      onPeerClock: (link, wallMs) => void this.#antiEntropy.hearClock(link, wallMs),
      onSummary: (link, isSame) => this.#antiEntropy.answerRound(link, isSame),
    });
    const { nodeId, clusterId } = replica;
    const self = { nodeId, clusterId, bootNonce: random.uint32(), settings: options.settings };
    this.#greeter = new Greeter({ self, packer, clock, log, warnings, responder, server: this.#server });
    const onConnected = (link: Link): void => void this.#antiEntropy.round(link);
    this.#peers = new Peers(options.peers, {
      ...{ nodeId, transport, greeter: this.#greeter, clock, random, log, warnings, onConnected },
    });
    const rounds = new Rounds(replica, clock, fingerprints);
    this.#puller = new Puller({ replica, clock, limits, maxDriftMs, log, warnings }, async (link) => {
      const comparison = await rounds.compare(link);
      for (const record of this.#peers.recordsOf(link.nodeId)) record.actorsBehind = comparison.behind;
      return comparison;
    });
    this.#antiEntropy = new AntiEntropy({
      ...{ replica, peers: this.#peers, rounds, puller: this.#puller, clock, random, log, warnings, maxDriftMs },
      intervalMs: options.gossipIntervalMs,
      fanout: options.gossipFanout,
      onPeerClock: dependencies.onPeerClock,
    });
  }

  /** Listens, dials, and gossips from now on. Returns the bound address. */
  async start(address: string): Promise<string> {
    this.#listener = await this.#transport.listen(address, (connection) => this.#peers.accept(connection));
    this.#peers.start();
    this.#antiEntropy.start();
    return this.#listener.address;
  }

  /** Nothing runs any more when it resolves, and every snapshot is free. */
  async stop(): Promise<void> {
    this.#peers.stop();
    const stopped = this.#antiEntropy.stop();
    await this.#listener?.close();
    this.#greeter.closeAll('the node stops');
    await stopped;
    await this.#puller.idle();
    await this.#server.stop();
    await this.#transport.close();
  }

  /** A round now, with every known peer. */
  sync(): Promise<{ peers: number; inSync: number; entries: number }> {
    return this.#antiEntropy.syncNow();
  }

  /** Until every known peer has seen what this node has seen now. Resolves to whether it came to that. */
  waitUntilSeen(cancelled: () => boolean): Promise<boolean> {
    return this.#antiEntropy.waitUntilSeen(this.#replica.rows(), cancelled);
  }

  peers(): readonly PeerRecord[] {
    return this.#peers.records();
  }

  isLate(peer: NodeId): boolean {
    return this.#puller.isLate(peer);
  }

  warnings(): readonly GossipWarning[] {
    return this.#warnings.all();
  }

  served(): readonly ServedStatus[] {
    return this.#server.status();
  }

  /** Sessions in which this node pulls: at most one runs, others are set aside. */
  async pulled(): Promise<readonly PulledStatus[]> {
    const running = this.#puller.running;
    const stored = await this.#replica.storedSessions();
    return stored.map(({ peer, order, entries, bytes }) => ({
      ...{ peer, order, entries, bytes },
      state: running?.peer === peer ? 'running' : 'set-aside',
    }));
  }

  /** Malformed messages so far. */
  get malformed(): number {
    return this.#greeter.malformed;
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }
}
