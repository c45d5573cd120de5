/** A store that gossips: the map, anti-entropy, and what runs by itself between them. */

import { BoatoError } from '../core/errors.ts';
import type { Gossip } from '../gossip/gossip.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Aggregates } from './aggregates.ts';
import type {
  AggregateContribution,
  AggregateResult,
  BackupResult,
  BatchOperation,
  BatchResult,
  Changes,
  ClockRepairOptions,
  ClockRepairResult,
  CollectResult,
  CountOptions,
  DeleteOptions,
  DeleteResult,
  EntriesOptions,
  Entry,
  ForgetOptions,
  ForgetResult,
  JoinOptions,
  JoinResult,
  LeaveOptions,
  Member,
  MemberEventName,
  MemberEvents,
  Node,
  NodeEvents,
  NodeStatus,
  PutOptions,
  PutResult,
  ReadOptions,
  SessionStatus,
  SignalOptions,
  SyncOptions,
  SyncResult,
  UserEvents,
  Value,
  VerifyOptions,
  VerifyResult,
  WatchOptions,
  WriteConcern,
} from './api.ts';
import { type Broadcasts, checkedPayload, tooManyEvents } from './broadcasts.ts';
import type { CertificateWatch } from './certificate-watch.ts';
import type { Cluster } from './cluster.ts';
import type { CurrentReplica } from './current-replica.ts';
import type { LiveReplica } from './live-replica.ts';
import type { MapStore } from './map-store.ts';
import { checkEventName } from './event-names.ts';
import { peerStatuses } from './peer-status.ts';
import { RequestedSync } from './requested-sync.ts';
import { Upkeep, type UpkeepDependencies } from './upkeep.ts';

export class GossipingNode implements Node {
  readonly address: string;
  readonly stopped: Promise<Error | undefined>;
  readonly #map: MapStore;
  readonly #gossip: Gossip;
  readonly #broadcasts: Broadcasts;
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #requestedSync: RequestedSync;
  readonly #upkeep: Upkeep;
  readonly #aggregates: Aggregates;
  readonly #certificates: CertificateWatch | undefined;
  #resolveStopped: (error: Error | undefined) => void = () => {};
  #closing: Promise<void> | undefined;

  constructor(dependencies: {
    readonly map: MapStore;
    readonly live: LiveReplica;
    readonly replica: CurrentReplica;
    readonly gossip: Gossip;
    readonly broadcasts: Broadcasts;
    readonly cluster: Cluster;
    readonly aggregates: Aggregates;
    readonly clock: Clock;
    readonly log: Log;
    readonly address: string;
    readonly certificates?: CertificateWatch | undefined;
    readonly intervals: Pick<UpkeepDependencies, 'tombstoneTtlMs' | 'auditIntervalMs' | 'scrubIntervalMs'>;
  }) {
    const { map, live, replica, gossip, clock, log, address } = dependencies;
    this.address = address;
    this.#map = map;
    this.#gossip = gossip;
    this.#broadcasts = dependencies.broadcasts;
    this.#cluster = dependencies.cluster;
    this.#clock = clock;
    this.#aggregates = dependencies.aggregates;
    this.#requestedSync = new RequestedSync(gossip, clock, () => this.#closing !== undefined);
    map.causalReads.askPeers = () => gossip.hurry();
    map.writeConcerns.untilHeld = (write, count, timeoutMs) => gossip.untilHeld(write, count, timeoutMs);
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve;
    });
    // What stops it is told; that closing a fenced store may fail, too, adds nothing.
    live.onGivenUp((error) => void this.#close(error).catch(() => undefined));
    this.#upkeep = new Upkeep({
      replica,
      clock,
      log,
      collect: () => map.collect(),
      audit: () => gossip.audit(),
      ...dependencies.intervals,
    });
    this.#upkeep.start();
    this.#certificates = dependencies.certificates;
    this.#certificates?.start();
  }

  get nodeId(): string {
    return this.#map.nodeId;
  }

  put(key: string, value: Value, options?: PutOptions): Promise<PutResult> {
    return this.#map.put(key, value, options);
  }

  get(key: string, options?: ReadOptions): Promise<Value | undefined> {
    return this.#map.get(key, options);
  }

  getEntry(key: string, options?: ReadOptions): Promise<Entry | undefined> {
    return this.#map.getEntry(key, options);
  }

  getMany(keys: readonly string[], options?: ReadOptions): Promise<readonly (Value | undefined)[]> {
    return this.#map.getMany(keys, options);
  }

  del(key: string, options?: DeleteOptions): Promise<DeleteResult> {
    return this.#map.del(key, options);
  }

  batch(operations: readonly BatchOperation[], options?: WriteConcern): Promise<BatchResult> {
    return this.#map.batch(operations, options);
  }

  entries(options?: EntriesOptions): AsyncIterableIterator<Entry> {
    return this.#map.entries(options);
  }

  count(options?: CountOptions): Promise<number> {
    return this.#map.count(options);
  }

  watch(options?: WatchOptions): Changes {
    return this.#map.watch(options);
  }

  collect(): Promise<CollectResult> {
    return this.#map.collect();
  }

  repairClock(options?: ClockRepairOptions): Promise<ClockRepairResult> {
    return this.#map.repairClock(options);
  }

  compact(): Promise<void> {
    return this.#map.compact();
  }

  backup(path: string, options?: SignalOptions): Promise<BackupResult> {
    return this.#map.backup(path, options);
  }

  backupStream(options?: SignalOptions): AsyncIterableIterator<Uint8Array> {
    return this.#map.backupStream(options);
  }

  verify(options?: VerifyOptions): Promise<VerifyResult> {
    return this.#map.verify(options);
  }

  async status(): Promise<NodeStatus> {
    this.#assertOpen();
    const status = await this.#map.status();
    return {
      ...status,
      warnings: [...status.warnings, ...this.#gossip.warnings(), ...(this.#certificates?.warnings() ?? [])],
      ...(this.#certificates === undefined ? {} : { tls: this.#certificates.status() }),
      address: this.address,
      mode: this.#gossip.mode,
      malformedMessages: this.#gossip.malformed,
      sessionsRefused: this.#gossip.refusedFromFuture,
      ...(this.#gossip.rumours === undefined ? {} : { rumours: { ...this.#gossip.rumours } }),
      peers: peerStatuses(this.#gossip, this.#clock),
      sessions: await this.#sessions(),
    };
  }

  async broadcast(name: string, payload: Value = null): Promise<void> {
    this.#assertOpen();
    if (!this.#gossip.broadcast(name, checkedPayload(name, payload))) throw tooManyEvents();
    return Promise.resolve();
  }

  async sync(options?: SyncOptions): Promise<SyncResult> {
    this.#assertOpen();
    return this.#requestedSync.run(options);
  }

  members(): readonly Member[] {
    this.#assertOpen();
    return this.#cluster.members();
  }

  async join(addresses: readonly string[], options?: JoinOptions): Promise<JoinResult> {
    this.#assertOpen();
    return this.#cluster.join(addresses, options);
  }

  async leave(options?: LeaveOptions): Promise<void> {
    this.#assertOpen();
    await this.#cluster.leave(options);
    await this.close();
  }

  async forget(nodeId: string, options?: ForgetOptions): Promise<ForgetResult> {
    this.#assertOpen();
    return this.#cluster.forget(nodeId, options);
  }

  on<Name extends keyof NodeEvents>(name: Name, listener: NodeEvents[Name]): this {
    checkEventName(name);
    if (name === 'event') this.#broadcasts.on(listener as UserEvents['event']);
    else this.#cluster.on(name, listener as MemberEvents[MemberEventName]);
    return this;
  }

  off<Name extends keyof NodeEvents>(name: Name, listener: NodeEvents[Name]): this {
    checkEventName(name);
    if (name === 'event') this.#broadcasts.off(listener as UserEvents['event']);
    else this.#cluster.off(name, listener as MemberEvents[MemberEventName]);
    return this;
  }

  async aggregate(name: string): Promise<AggregateResult> {
    this.#assertOpen();
    return this.#aggregates.ask(name);
  }

  contribute(name: string, contribution: AggregateContribution): () => void {
    this.#assertOpen();
    return this.#aggregates.contribute(name, contribution);
  }

  close(): Promise<void> {
    return this.#close(undefined);
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new BoatoError('STORE_CLOSED', 'The node is closed.');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #close(error: Error | undefined): Promise<void> {
    this.#closing ??= this.#stop(error);
    return this.#closing;
  }

  async #stop(error: Error | undefined): Promise<void> {
    this.#map.refuse();
    this.#certificates?.stop();
    try {
      await this.#gossip.stop();
      await this.#cluster.stop();
      await this.#upkeep.stop();
      // Reads of a fenced store go on until its owner closes it; a node has no owner that would.
      await this.#map.close();
    } finally {
      this.#resolveStopped(error);
    }
  }

  async #sessions(): Promise<SessionStatus[]> {
    const pulled = await this.#gossip.pulled();
    return [
      ...pulled.map((session): SessionStatus => ({ direction: 'inbound', ...session })),
      ...this.#gossip
        .served()
        .map((session): SessionStatus => ({ direction: 'served', state: 'running', ...session })),
    ];
  }
}
