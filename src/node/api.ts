/** The public face of a store and of a node: what `openStore` and `openNode` return. */

import type { Limits } from '../core/limits.ts';
import type { Log } from '../ports/log.ts';
import type { Broadcasting, UserEvents } from './event-api.ts';
import type { Clustered, MemberEvents } from './member-api.ts';
import type { AggregateContribution, AggregateResult } from './aggregate-api.ts';
import type { CountOptions, EntriesOptions, Entry, ReadOptions } from './read-api.ts';
import type { NodeStatus, StoreStatus } from './status-api.ts';
import type {
  BackupResult,
  ClockRepairOptions,
  ClockRepairResult,
  CollectResult,
  SignalOptions,
  SyncOptions,
  SyncResult,
  VerifyOptions,
  VerifyResult,
} from './upkeep-api.ts';
import type { Changes, WatchOptions } from './watch-api.ts';
import type {
  BatchOperation,
  BatchResult,
  DeleteOptions,
  DeleteResult,
  PutOptions,
  PutResult,
  WriteConcern,
} from './write-api.ts';

export type { Broadcasting, UserEvent, UserEvents } from './event-api.ts';
export type {
  Clustered,
  JoinOptions,
  JoinResult,
  ForgetOptions,
  ForgetResult,
  LeaveOptions,
  Member,
  MemberEventName,
  MemberEvents,
  MemberStatus,
} from './member-api.ts';
export type { AggregateContribution, AggregateResult } from './aggregate-api.ts';
export type { CountOptions, EntriesOptions, Entry, ReadOptions } from './read-api.ts';
export type {
  FencedStatus,
  NodeStatus,
  PeerStatus,
  SessionStatus,
  StoreStatus,
  TlsStatus,
  Warning,
} from './status-api.ts';
export type {
  BackupResult,
  ClockRepairOptions,
  ClockRepairResult,
  CollectResult,
  SignalOptions,
  SyncOptions,
  SyncResult,
  VerifyOptions,
  VerifyProblem,
  VerifyResult,
} from './upkeep-api.ts';
export type { Change, Changes, WatchOptions } from './watch-api.ts';
export type {
  BatchOperation,
  BatchResult,
  DeleteOptions,
  DeleteResult,
  Dot,
  PutOptions,
  PutResult,
  WriteConcern,
} from './write-api.ts';

/**
 * What a key can hold: exactly what survives a trip through msgpack. Anything else is refused with
 * `INVALID_VALUE`, never changed silently.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Date
  | readonly Value[]
  | { readonly [name: string]: Value };

/** A durable map that keeps what replication needs; alone, it does not gossip. */
export interface Store extends AsyncDisposable {
  readonly nodeId: string;
  /**
   * Resolves when the entry is on disk, here, and on as many nodes as `acks` asks for. Fails with `CONDITION_FAILED` if its
   * condition does not hold on this node, and with `TOO_FEW_ACKS` though it is stored.
   */
  put(key: string, value: Value, options?: PutOptions): Promise<PutResult>;
  get(key: string, options?: ReadOptions): Promise<Value | undefined>;
  getEntry(key: string, options?: ReadOptions): Promise<Entry | undefined>;
  /** Values in the order of `keys`. */
  getMany(keys: readonly string[], options?: ReadOptions): Promise<readonly (Value | undefined)[]>;
  /** Resolves when the tombstone is on disk. Fails as `put` does. */
  del(key: string, options?: DeleteOptions): Promise<DeleteResult>;
  /** All or nothing, conditions included, here and on every other node. A key occurs at most once. */
  batch(operations: readonly BatchOperation[], options?: WriteConcern): Promise<BatchResult>;
  /** Live entries of one consistent state, in key order, streaming. */
  entries(options?: EntriesOptions): AsyncIterableIterator<Entry>;
  count(options?: CountOptions): Promise<number>;
  /**
   * What changes from now on, or since a token, at this node: own writes, what peers bring, what expires. Always ends at a
   * key's latest state; steps between may be left out. A token is good on every node of the cluster. Throws
   * `TOKEN_INVALID`; the iterator fails with `CHANGES_GONE` where all must be read again.
   */
  watch(options?: WatchOptions): Changes;
  status(): Promise<StoreStatus>;
  /** Removes what expired or was deleted longer ago than `tombstoneTtlMs`, as far as it is safe. */
  collect(): Promise<CollectResult>;
  /**
   * Once the clock is right: takes out, in one batch, what lies more than 2 `maxDriftMs` ahead of it, and writes again
   * what this node had written of it. What those entries had replaced is gone here: it was overwritten before. Fails with
   * `CLOCK_IN_DOUBT` while the clock is in doubt.
   */
  repairClock(options?: ClockRepairOptions): Promise<ClockRepairResult>;
  compact(): Promise<void>;
  /** A backup of one moment into the file at `path`, which is there whole, and on disk, or not at all. */
  backup(path: string, options?: SignalOptions): Promise<BackupResult>;
  /** What `backup` writes, in pieces. Whoever stores it must see its end: what is cut off is no backup. */
  backupStream(options?: SignalOptions): AsyncIterableIterator<Uint8Array>;
  /** Looks at every record of one moment, while reads and writes go on. Fails with `ABORTED` if it is called off. */
  verify(options?: VerifyOptions): Promise<VerifyResult>;
  /** Waits for what was begun, then closes. Harmless when repeated. */
  close(): Promise<void>;
}

export interface NodeEvents extends MemberEvents, UserEvents {}

/** A store that gossips with its peers. */
export interface Node extends Store, Clustered, Broadcasting {
  /** What a listener throws is logged, and goes no further. */
  on<Name extends keyof NodeEvents>(name: Name, listener: NodeEvents[Name]): this;
  off<Name extends keyof NodeEvents>(name: Name, listener: NodeEvents[Name]): this;
  /** Where peers reach this node: `host:port`, with the real port when port 0 was asked for. */
  readonly address: string;
  status(): Promise<NodeStatus>;
  /** A round now, with every known peer. */
  sync(options?: SyncOptions): Promise<SyncResult>;
  /**
   * Over all nodes that can be reached, by gossip, within two and a half seconds: `keys` (that have a value and do not
   * expire), `bytes` (of the folder), `load` (of the machine, by core), `lag` (in milliseconds), or what nodes `contribute`.
   * Good to about six digits; where nodes come, go or crash meanwhile, only when asked again. Fails with `TIMEOUT` if it
   * came to nothing.
   */
  aggregate(name: string): Promise<AggregateResult>;
  /** What this node adds to the aggregate `name`, form of `nodeId`; the function returned takes it back. */
  contribute(name: string, contribution: AggregateContribution): () => void;
  /** Settles when the node has stopped: `undefined` after `close()`, an error when it had to stop by itself. */
  readonly stopped: Promise<Error | undefined>;
}

export interface StoreOptions {
  /** Folder of the node's state; made if it is missing. */
  readonly dir: string;
  /** Lasting name, `[A-Za-z0-9._-]{1,64}`; a random one by default. A folder keeps the name it was made with. */
  readonly nodeId?: string;
  /** Nodes of different clusters refuse each other. Same form as `nodeId`. Default `default`. */
  readonly clusterId?: string;
  /** `fsync` (default): a write that returned survives power loss. `os`: it survives the process only. */
  readonly durability?: 'fsync' | 'os';
  /** How long tombstones are kept at least. Default 86,400,000 (a day). One setting for the cluster. */
  readonly tombstoneTtlMs?: number;
  /** Unit of the three limits on clocks. Default 60,000. */
  readonly maxDriftMs?: number;
  /** Memory for the dot cache. Default 64 MiB. */
  readonly dotCacheBytes?: number;
  /** Lower limits for what this node writes; what it takes from others may reach the defaults, which are the protocol's. */
  readonly limits?: Partial<Limits>;
  /** Default: silent. A pino instance fits. */
  readonly log?: Log;
  /** Calls the opening off: it fails with `ABORTED` once nothing is held any more. Of no effect later. */
  readonly signal?: AbortSignal;
}

/**
 * Whether entries travel compressed. `auto`: where it saves time, because they had to be waited for, and came slowly;
 * `always`: wherever it saves bytes; `never`: neither sent nor asked for so.
 */
export type Compression = 'auto' | 'always' | 'never';

export interface NodeOptions extends StoreOptions {
  /** `host:port` to listen on; port 0 takes any. Default `127.0.0.1:0`. */
  readonly listen?: string;
  /**
   * Other nodes: `host:port`, IPv6 in brackets. A name may stand for several, and is looked up again and again; without a
   * port it is that of a service (SRV `_boato._tcp.NAME`), or else of hosts that listen on port 7531.
   */
  readonly peers?: readonly string[];
  /** `host:port` where peers reach this node, if it is another than `listen`. */
  readonly advertise?: string;
  /** Whether nodes tell each other of each other, and watch each other (SWIM). Default true; else peers are those above. */
  readonly membership?: boolean;
  /** What this node tells all others of itself, in its `Member`: up to 512 bytes of UTF-8. Default empty. */
  readonly metadata?: string;
  /**
   * `full` (default): links are kept with all members; `partial`: with some five, whatever the size of the cluster, of
   * which others take the place when they fail (HyParView), and of the other members 128 at most are known. One setting
   * for the cluster.
   */
  readonly sampler?: 'full' | 'partial';
  /** Between two probes of a member. Default 1,000. */
  readonly probeIntervalMs?: number;
  /** How long members that are down, or have left, are remembered, and the former are dialled. Default 3 days. */
  readonly memberRetentionMs?: number;
  /**
   * In which rounds this node pulls: `pull`, in those that it opens; `push`, in those that a peer opens, so that its own
   * ask the peer to pull; `push-pull` (default), in both. Nodes of different modes converge, too.
   */
  readonly mode?: 'push' | 'pull' | 'push-pull';
  /** Time between rounds, jittered. Default 1,000. */
  readonly gossipIntervalMs?: number;
  /** Peers a round. Default 3. */
  readonly gossipFanout?: number;
  /** Whether writes go at once to a few peers, which pass them on, instead of waiting for a round. Default true. */
  readonly rumours?: boolean;
  /** Between two tellings of what is news. Default 20. */
  readonly rumourIntervalMs?: number;
  /** Peers that are told each time. Default 3. */
  readonly rumourFanout?: number;
  /** So many peers in a row that knew a rumour end it. Default 4. */
  readonly rumourCounter?: number;
  /** Between two comparisons with a random peer, though nothing seems to differ. Default a day. */
  readonly auditIntervalMs?: number;
  /** Between two checks of all entries against their sums and checksums. Default a day. */
  readonly scrubIntervalMs?: number;
  /** Default `auto`. */
  readonly compression?: Compression;
  /** How long a served session outlives its last message. Default 30,000. */
  readonly sessionTimeoutMs?: number;
  /** What each peer is served at most, in bytes a second, from 65,536 on. Default: no limit. */
  readonly servedBytesPerSecond?: number;
  /**
   * TLS between nodes: files in PEM, all three or none. The node's certificate, which names it (as `store certs` makes it);
   * its key; and the authorities that certificates of peers must come from. They are read again when they change.
   */
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  /** Allows `listen` beyond loopback without TLS: anyone who reaches the port can read and write everything. */
  readonly insecureNetwork?: boolean;
}
