/** Composes the overlay, anti-entropy over it, and what is told between its rounds: dispatches, and nothing else. */

import type { NodeId } from '../core/actor.ts';
import { isRetired } from '../core/retirement.ts';
import type { Membership } from '../membership/membership.ts';
import type { Replica } from '../ports/replica.ts';
import { Aggregation } from './aggregation.ts';
import { AntiEntropy } from './anti-entropy.ts';
import type { GossipDependencies, GossipOptions } from './gossip-options.ts';
import { Healing } from './healing.ts';
import { type Lag, lagOf, lastWordOf } from './lag.ts';
import type { Link } from './link.ts';
import type { GossipMode } from './mode.ts';
import { Mongering } from './mongering.ts';
import { Overlay } from './overlay.ts';
import { Pacing } from './pacing.ts';
import { PeerClocks } from './peer-clocks.ts';
import type { PeerRecord } from './peer-record.ts';
import type { Peers } from './peers.ts';
import { type PulledStatus, pulledStatuses } from './pulled-status.ts';
import { Puller } from './puller.ts';
import { Responder } from './responder.ts';
import { RolledBack } from './rolled-back.ts';
import { Rounds } from './round.ts';
import type { Mention } from './rumour-codec.ts';
import type { RumourCounts } from './rumour-mongering.ts';
import type { ServedStatus } from './kept-sessions.ts';
import { SessionServer } from './session-server.ts';
import { givesSignOfLife } from './sign-of-life.ts';
import { Sync, type SyncCounts } from './sync.ts';
import { Twins } from './twins.ts';
import { type GossipWarning, Warnings } from './warnings.ts';

export class Gossip {
  readonly mode: GossipMode;
  /** Absent if it is off. */
  readonly membership: Membership | undefined;
  readonly aggregation: Aggregation;
  readonly #replica: Replica;
  readonly #warnings: Warnings;
  readonly #rolledBack: RolledBack;
  readonly #server: SessionServer;
  readonly #overlay: Overlay;
  readonly #peers: Peers;
  readonly #puller: Puller;
  readonly #antiEntropy: AntiEntropy;
  readonly #mongering: Mongering;
  readonly #sync: Sync;
  readonly #healing: Healing;

  constructor(dependencies: GossipDependencies, options: GossipOptions) {
    const { replica, clock, random, log, fingerprints, limits, compressor } = dependencies;
    const { nodeId, clusterId } = replica;
    const { gossipIntervalMs: intervalMs, gossipFanout: fanout, sessionTimeoutMs, chunkBytes } = options;
    const { maxDriftMs } = options.settings;
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
      onDone: (peer) => this.#mongering.acknowledgements.pulled(peer),
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
      hearRumours: (link, rumours) => this.#mongering.rumours.hear(link, rumours),
      hearEvents: (link, events) => this.#mongering.events.hear(link, events),
      exchangeAggregate: (link, request) => this.aggregation.serve(link, request),
    });
    const overlay = new Overlay(
      {
        ...dependencies,
        nodeId,
        clusterId,
        warnings,
        responder,
        server,
        isRetired: (peer) => isRetired(peer, (actor) => replica.row(actor)),
        isBusy: (peer) => puller.running?.peer === peer || server.kept.isServing(peer),
        onConnected: (link) => {
          puller.connected(link);
          this.#mongering.acknowledgements.connected(link.nodeId);
          void this.#antiEntropy.round(link);
        },
      },
      options,
    );
    const { peers } = overlay;
    const links = (): readonly Link[] => peers.links();
    const linkTo = (peer: NodeId): Link | undefined => peers.linkTo(peer);
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
      isComparing: (peer) => server.kept.isComparing(peer),
      sentTo: (peer) => server.kept.sentTo(peer),
      onPeerClock: (peer, wallMs) => void peerClocks.hear(peer, wallMs),
      onCompleted: (peer) => {
        rolledBack.clearCovered();
        for (const record of peers.recordsOf(peer)) record.succeededAtMs = clock.monotonicMs();
        void this.#healing.completed(peer);
      },
    });
    this.#healing = new Healing(replica, () => links().map(({ nodeId: peer }) => peer), log);
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
        // Equal nodes compare no rows.
        rolledBack.look({ nodeId: peer }, []);
        warnings.clear('REFUSED_FROM_FUTURE', peer);
        void this.#healing.completed(peer);
      },
      mode: options.mode,
      intervalMs,
      fanout,
    });
    this.#mongering = new Mongering(
      {
        replica,
        nodeId,
        bootNonce: overlay.bootNonce,
        links,
        linkTo,
        clock,
        random,
        log,
        limits,
        mayTake: (peer, wallMs) => peerClocks.hear(peer, wallMs),
        pull: (link) => void puller.pull(link),
        onEvent: (event) => dependencies.onUserEvent?.(event),
      },
      options.rumours,
    );
    this.aggregation = new Aggregation({ nodeId, links, clock, random, log });
    const antiEntropy = this.#antiEntropy;
    this.#sync = new Sync({
      replica,
      peers,
      rounds,
      antiEntropy,
      clock,
      log,
      pull: (link) => puller.pull(link),
      received: () => puller.entries,
    });
    this.mode = options.mode;
    this.membership = overlay.membership;
    this.#replica = replica;
    this.#warnings = warnings;
    this.#rolledBack = rolledBack;
    this.#server = server;
    this.#overlay = overlay;
    this.#peers = peers;
    this.#puller = puller;
  }

  /** Listens, dials, and gossips from now on. Returns the bound address. Fails with `LISTEN_FAILED`. */
  async start(address: string): Promise<string> {
    const bound = await this.#overlay.listen(address);
    this.#overlay.dial();
    this.#antiEntropy.start();
    this.#mongering.start();
    this.#overlay.watch();
    return bound;
  }

  /** Nothing runs any more when it resolves, and every snapshot is free. For good. */
  async stop(): Promise<void> {
    this.#sync.stop();
    this.#mongering.stop();
    this.aggregation.stop();
    this.#overlay.stop();
    const stopped = [this.#antiEntropy.stop(), this.#puller.stop()];
    await this.#overlay.hangUp();
    await Promise.all(stopped);
    await this.#server.stop();
    await this.#overlay.close();
  }

  /**
   * A further peer, for ever. Resolves when a first attempt has come to an end, with what is known of it, and whether it let
   * this node in: it may say hello before it has found that out. Never fails.
   */
  async join(address: string): Promise<{ readonly records: readonly PeerRecord[]; readonly isIn: boolean }> {
    const records = await this.#peers.addSeed(address);
    const answers = await Promise.all(records.flatMap(({ links }) => links).map(givesSignOfLife));
    return { records, isIn: answers.includes(true) || records.some(({ isSelf }) => isSelf) };
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

  /** Pulls from each of these nodes now. Resolves to those from which it could not, to the end. */
  pullFrom(nodes: readonly NodeId[]): Promise<readonly NodeId[]> {
    return this.#sync.pullFrom(nodes);
  }

  /** Resolves with how many peers hold an own write: `count` of them, or fewer when the time is over, or all is stopped. */
  untilHeld(write: Mention, count: number, timeoutMs: number): Promise<number> {
    return this.#mongering.acknowledgements.untilHeld(write, count, timeoutMs);
  }

  /** Tells all nodes, this one included, once, as far as they can be reached. `false`: it has told too many lately. */
  broadcast(name: string, payload: Uint8Array): boolean {
    return this.#mongering.events.broadcast(name, payload);
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
    return this.#server.kept.status();
  }

  /** Sessions in which this node pulls: at most one runs, others are set aside. */
  pulled(): Promise<readonly PulledStatus[]> {
    return pulledStatuses(this.#replica, this.#puller);
  }

  /** Since the start; `undefined` where rumours are off. */
  get rumours(): Readonly<RumourCounts> | undefined {
    const { rumours } = this.#mongering;
    return rumours.isOn ? rumours.counts : undefined;
  }

  /** Malformed messages so far. */
  get malformed(): number {
    return this.#overlay.malformed;
  }

  /** Sessions so far of which something lay too far in the future. */
  get refusedFromFuture(): number {
    return this.#puller.refused;
  }
}
