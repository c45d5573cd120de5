/** Composes anti-entropy: dispatches, and nothing else. */

import type { NodeId } from '../core/actor.ts';
import type { Fingerprints } from '../core/fingerprint.ts';
import type { Limits } from '../core/limits.ts';
import type { Membership } from '../membership/membership.ts';
import type { Clock } from '../ports/clock.ts';
import type { Compressor } from '../ports/compressor.ts';
import type { Log } from '../ports/log.ts';
import type { Packer } from '../ports/packer.ts';
import type { Random } from '../ports/random.ts';
import type { Replica, SessionOrder } from '../ports/replica.ts';
import type { Resolver } from '../ports/resolver.ts';
import type { Listener, Transport } from '../ports/transport.ts';
import { Acknowledgements, askDelayMs } from './acknowledgements.ts';
import { Admission } from './admission.ts';
import { Aggregation } from './aggregation.ts';
import { AntiEntropy } from './anti-entropy.ts';
import type { ComparisonCounts } from './comparison.ts';
import { EventMongering } from './event-mongering.ts';
import type { UserEvent } from './event-codec.ts';
import { Greeter } from './greeter.ts';
import { Healing } from './healing.ts';
import { type Lag, lagOf, lastWordOf } from './lag.ts';
import type { Link } from './link.ts';
import {
  type MemberLinksDependencies,
  membershipOver,
  speaksOfMembers,
  type WatchOptions,
} from './member-links.ts';
import type { ClusterSettings } from './greeting-messages.ts';
import type { GossipMode } from './mode.ts';
import { OwnAddress } from './own-address.ts';
import { FULL_VIEW, type Partner, partnersAmong, type PeerSampler } from './partners.ts';
import { PeerClocks } from './peer-clocks.ts';
import { PartialView } from './partial-view.ts';
import { Pacing } from './pacing.ts';
import type { PeerRecord } from './peer-record.ts';
import { Peers } from './peers.ts';
import { Penalties } from './penalties.ts';
import { Puller } from './puller.ts';
import { Responder } from './responder.ts';
import { RolledBack } from './rolled-back.ts';
import { Rounds } from './round.ts';
import type { Mention } from './rumour-codec.ts';
import { type RumourCounts, RumourMongering, type RumourOptions } from './rumour-mongering.ts';
import { type ServedStatus, SessionServer } from './session-server.ts';
import { Sync, type SyncCounts } from './sync.ts';
import { Twins } from './twins.ts';
import { type GossipWarning, Warnings } from './warnings.ts';

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

export interface PulledStatus {
  readonly peer: NodeId;
  readonly order: SessionOrder;
  /** `set-aside`: it goes on when its peer is next pulled from. `comparing`: `entries` are those that were taken. */
  readonly state: 'running' | 'set-aside' | 'comparing';
  readonly entries: number;
  readonly bytes: number;
  /** Of a comparison. */
  readonly compared?: ComparisonCounts;
}

export class Gossip {
  readonly mode: GossipMode;
  /** Absent if it is off. */
  readonly membership: Membership | undefined;
  readonly aggregation: Aggregation;
  readonly #replica: Replica;
  readonly #transport: Transport;
  readonly #warnings: Warnings;
  readonly #rolledBack: RolledBack;
  readonly #server: SessionServer;
  readonly #greeter: Greeter;
  readonly #ownAddress: OwnAddress;
  readonly #peers: Peers;
  readonly #puller: Puller;
  readonly #antiEntropy: AntiEntropy;
  readonly #mongering: RumourMongering;
  readonly #acknowledgements: Acknowledgements;
  readonly #events: EventMongering;
  readonly #sync: Sync;
  readonly #healing: Healing;
  readonly #partialView: PartialView | undefined;
  #isChoosing = false;
  #listener: Listener | undefined;

  constructor(dependencies: GossipDependencies, options: GossipOptions) {
    const { replica, transport, clock, random, log, packer, fingerprints, limits, compressor } = dependencies;
    const { nodeId, clusterId } = replica;
    const { settings, gossipIntervalMs: intervalMs, gossipFanout: fanout } = options;
    const { maxDriftMs } = settings;
    const { sessionTimeoutMs, chunkBytes } = options;
    const warnings = new Warnings(clock, log);
    const twins = new Twins(replica, clock, warnings, maxDriftMs);
    const rolledBack = new RolledBack(replica, warnings, clock, maxDriftMs, (row) => twins.isTwins(row));
    const rounds = new Rounds(replica, clock, fingerprints);
    const server = new SessionServer({
      replica,
      clock,
      random,
      limits,
      sessionTimeoutMs,
      chunkBytes,
      compressor,
      onDone: (peer) => this.#acknowledgements.pulled(peer),
    });
    const peerClocks = new PeerClocks({
      clock,
      warnings,
      maxDriftMs,
      recordsOf: (peer) => this.#peers.recordsOf(peer),
      onPeerClock: dependencies.onPeerClock,
    });
    const responder = new Responder({
      replica,
      clock,
      log,
      fingerprints,
      server,
      pacing: new Pacing(clock, options.servedBytesPerSecond),
      onPeerClock: (link, wallMs) => void peerClocks.hear(link.nodeId, wallMs),
      onSummary: (link, summary, isSame) => this.#antiEntropy.answerRound(link, summary, isSame),
      hearRumours: (link, rumours) => this.#mongering.hear(link, rumours),
      hearEvents: (link, events) => this.#events.hear(link, events),
      exchangeAggregate: (link, request) => this.aggregation.serve(link, request),
    });
    const linkTo = (peer: NodeId): Link | undefined => this.#peers.linkTo(peer);
    const { onMember } = dependencies;
    const onMemberRecords = (): void => {
      this.#choosePartners();
      dependencies.onMemberRecords?.();
    };
    const isWatched = (member: NodeId): boolean => partialView?.watches(member) ?? true;
    const membership =
      options.membership &&
      membershipOver(
        { nodeId, clock, random, linkTo, isWatched, onMember, onMemberRecords },
        options.membership,
      );
    const partialView =
      membership === undefined || options.isViewPartial !== true
        ? undefined
        : new PartialView({
            nodeId,
            clock,
            random,
            links: () => this.#peers.links(),
            linkTo,
            partners: () => partnersAmong(membership.members()),
            isBusy: (peer) => puller.running?.peer === peer || server.isServing(peer),
            onChanged: () => this.#choosePartners(),
            dialSeeds: () => this.#peers.dialSeeds(),
          });
    const ownAddress = new OwnAddress(options.advertise, () =>
      membership?.announce({ address: ownAddress.text }),
    );
    const startedMs = Math.floor(clock.wallMs());
    const self = {
      nodeId,
      clusterId,
      bootNonce: random.uint32(),
      settings,
      get contact() {
        return { ...ownAddress.contact, startedMs };
      },
    };
    const greeter = new Greeter({
      self,
      packer,
      clock,
      warnings,
      responder,
      server,
      penalties: new Penalties(clock),
      admission: new Admission((peer) => this.#peers.linksTo(peer)),
      onSeen: (host) => ownAddress.seenAs(host),
      onMemberMessage: (link, message) => {
        if (message.type === 'view') partialView?.receive(link, message.message);
        else membership?.receive(link.nodeId, message);
      },
    });
    this.#peers = new Peers(options.peers, {
      nodeId,
      transport,
      greeter,
      clock,
      random,
      resolver: dependencies.resolver,
      log,
      warnings,
      wantsSeeds: partialView && (() => partialView.wantsSeeds),
      onConnected: (link) => {
        partialView?.linked(link);
        if (speaksOfMembers(link)) membership?.linkOpened(link.nodeId);
        puller.connected(link);
        this.#acknowledgements.connected(link.nodeId);
        void this.#antiEntropy.round(link);
      },
    });
    const peers = this.#peers;
    const puller = new Puller({
      replica,
      clock,
      limits,
      maxDriftMs,
      compressor,
      compressAlways: dependencies.compressAlways ?? false,
      log,
      warnings,
      sessionTimeoutMs,
      compare: async (link: Link) => {
        const comparison = await rounds.compare(link);
        rolledBack.look(link, comparison.rows);
        const lastWord = lastWordOf(comparison.rows, replica, clock.monotonicMs());
        for (const record of peers.recordsOf(link.nodeId)) record.lastWord = lastWord;
        return comparison;
      },
      linkTo,
      isComparing: (peer) => server.isComparing(peer),
      sentTo: (peer) => server.sentTo(peer),
      onPeerClock: (peer, wallMs) => void peerClocks.hear(peer, wallMs),
      onCompleted: (peer) => {
        rolledBack.clearCovered();
        for (const record of peers.recordsOf(peer)) record.succeededAtMs = clock.monotonicMs();
        void this.#healing.completed(peer);
      },
    });
    this.#healing = new Healing(replica, () => peers.links().map(({ nodeId: peer }) => peer), log);
    this.#antiEntropy = new AntiEntropy({
      replica,
      peers,
      peerClocks,
      rounds,
      puller,
      clock,
      random,
      log,
      warnings,
      onWhole: (peer) => {
        warnings.clear('REFUSED_FROM_FUTURE', peer);
        void this.#healing.completed(peer);
      },
      mode: options.mode,
      intervalMs,
      fanout,
    });
    this.#mongering = new RumourMongering(
      {
        replica,
        links: () => peers.links(),
        linkTo,
        clock,
        random,
        log,
        limits,
        mayTake: (peer, wallMs) => peerClocks.hear(peer, wallMs),
        pull: (link) => void puller.pull(link),
        onHeld: (peer, write) => this.#acknowledgements.heard(peer, write),
      },
      options.rumours,
    );
    this.#events = new EventMongering(
      {
        nodeId,
        bootNonce: self.bootNonce,
        links: () => peers.links(),
        linkTo: (peer) => peers.linkTo(peer),
        clock,
        random,
        log,
        onEvent: (event) => dependencies.onUserEvent?.(event),
      },
      options.rumours,
    );
    this.#acknowledgements = new Acknowledgements({
      links: () => peers.links(),
      linkTo: (peer) => peers.linkTo(peer),
      clock,
      log,
      delayMs: askDelayMs(options.rumours),
    });
    this.aggregation = new Aggregation({ nodeId, links: () => peers.links(), clock, random, log });
    const antiEntropy = this.#antiEntropy;
    this.#sync = new Sync({
      replica,
      peers,
      rounds,
      antiEntropy,
      clock,
      log,
      received: () => puller.entries,
    });
    this.mode = options.mode;
    this.membership = membership;
    this.#partialView = partialView;
    this.#ownAddress = ownAddress;
    this.#replica = replica;
    this.#transport = transport;
    this.#warnings = warnings;
    this.#rolledBack = rolledBack;
    this.#server = server;
    this.#greeter = greeter;
    this.#puller = puller;
  }

  /** Listens, dials, and gossips from now on. Returns the bound address. Fails with `LISTEN_FAILED`. */
  async start(address: string): Promise<string> {
    this.#listener = await this.#transport.listen(address, (connection) => this.#peers.accept(connection));
    this.#ownAddress.bound(this.#listener.address);
    this.#peers.start(this.#partners());
    this.#antiEntropy.start();
    this.#mongering.start();
    this.membership?.start();
    this.#partialView?.start();
    return this.#listener.address;
  }

  /** Nothing runs any more when it resolves, and every snapshot is free. For good. */
  async stop(): Promise<void> {
    this.#sync.stop();
    this.#acknowledgements.stop();
    this.#events.stop();
    this.#mongering.stop();
    this.membership?.stop();
    this.aggregation.stop();
    this.#partialView?.stop();
    this.#peers.stop();
    const stopped = [this.#antiEntropy.stop(), this.#puller.stop()];
    await this.#listener?.close();
    this.#greeter.shutDown();
    await Promise.all(stopped);
    await this.#server.stop();
    await this.#transport.close();
    await this.#peers.idle();
  }

  /** A further peer, for ever. Resolves with what is known of it when a first attempt has come to an end. Never fails. */
  join(address: string): Promise<readonly PeerRecord[]> {
    return this.#peers.addSeed(address);
  }

  /** A round now, with every known peer. Called off, it ends early with what came of it so far. */
  sync(cancelled: () => boolean = () => false): Promise<SyncCounts> {
    return this.#sync.now(cancelled);
  }

  /** A round with every peer as soon as it can be, for which nobody waits. */
  hurry(): void {
    this.#sync.hurry();
  }

  /** Compares with a random peer now. Never fails. */
  audit(): Promise<void> {
    return this.#antiEntropy.audit();
  }

  /** Until every known peer has seen what this node has seen now. Resolves to whether it came to that. */
  waitUntilSeen(cancelled: () => boolean): Promise<boolean> {
    return this.#sync.untilSeen(this.#replica.rows(), cancelled);
  }

  /** Resolves with how many peers hold an own write: `count` of them, or fewer when the time is over, or all is stopped. */
  untilHeld(write: Mention, count: number, timeoutMs: number): Promise<number> {
    return this.#acknowledgements.untilHeld(write, count, timeoutMs);
  }

  /** Tells all nodes, this one included, once, as far as they can be reached. `false`: it has told too many lately. */
  broadcast(name: string, payload: Uint8Array): boolean {
    return this.#events.broadcast(name, payload);
  }

  /** A record for each configured address, and for each other node that dialled this one. */
  peers(): readonly PeerRecord[] {
    return this.#peers.records();
  }

  /** What a peer has that this node lacks, as of its last word; `undefined` before the first one. */
  lag({ lastWord }: PeerRecord, wallMs: number): Lag | undefined {
    return lastWord === undefined ? undefined : lagOf(lastWord, this.#replica, wallMs);
  }

  warnings(): readonly GossipWarning[] {
    this.#rolledBack.clearCovered();
    return this.#warnings.all();
  }

  served(): readonly ServedStatus[] {
    return this.#server.status();
  }

  /** Sessions in which this node pulls: at most one runs, others are set aside. */
  async pulled(): Promise<readonly PulledStatus[]> {
    const stored = await this.#replica.storedSessions();
    const running = this.#puller.running;
    const compared = running?.session.compared;
    const others = stored.filter(({ peer }) => compared === undefined || peer !== running?.peer);
    const pulled = others.map(({ peer, order, entries, bytes }): PulledStatus => {
      const state = running?.peer === peer ? 'running' : 'set-aside';
      return { peer, order, state, entries, bytes };
    });
    if (running === undefined || compared === undefined) return pulled;
    const { peer, session } = running;
    const entries = session.entries + compared.taken;
    const status = { peer, order: 'version', state: 'comparing', entries, bytes: session.bytes } as const;
    return [...pulled, { ...status, compared: { ...compared } }];
  }

  /** Since the start; `undefined` where rumours are off. */
  get rumours(): Readonly<RumourCounts> | undefined {
    return this.#mongering.isOn ? this.#mongering.counts : undefined;
  }

  /** Once for all that one message of a member changes. */
  #choosePartners(): void {
    if (this.#isChoosing) return;
    this.#isChoosing = true;
    void Promise.resolve().then(() => {
      this.#isChoosing = false;
      this.#peers.setPartners(this.#partners());
    });
  }

  #partners(): readonly Partner[] {
    const sampler: PeerSampler = this.#partialView ?? FULL_VIEW;
    return sampler.sample(partnersAmong(this.membership?.members() ?? []));
  }

  /** Malformed messages so far. */
  get malformed(): number {
    return this.#greeter.malformed;
  }

  /** Sessions so far of which something lay too far in the future. */
  get refusedFromFuture(): number {
    return this.#puller.refused;
  }
}
