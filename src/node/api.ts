/** The public face of a store and of a node: what `openStore` and `openNode` return. */

import type { Limits } from '../core/limits.ts';
import type { Log } from '../ports/log.ts';
import type { CountOptions, EntriesOptions, Entry, ReadOptions } from './read-api.ts';
import type {
  BatchOperation,
  BatchResult,
  DeleteOptions,
  DeleteResult,
  PutOptions,
  PutResult,
} from './write-api.ts';

export type { CountOptions, EntriesOptions, Entry, ReadOptions } from './read-api.ts';
export type {
  BatchOperation,
  BatchResult,
  DeleteOptions,
  DeleteResult,
  Dot,
  PutOptions,
  PutResult,
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

export interface WatchOptions {
  /** Of keys that begin so. Default: all. */
  readonly prefix?: string;
  /** A token: what changed since it was given. Default: from now on. */
  readonly since?: string;
  /** Ends the watch. */
  readonly signal?: AbortSignal;
}

/** What became of a key. Whoever keeps a copy applies it over a smaller `(version, actor)`, and `expired` over an equal one. */
export type Change = (
  | { readonly type: 'put'; readonly value: Value; readonly expiresAt?: number }
  | { readonly type: 'del' | 'expired' }
) & {
  readonly key: string;
  readonly version: number;
  readonly actor: string;
  /** `local`: this node wrote it, or saw it expire. */
  readonly origin: 'local' | 'peer';
  /** The node that it came from; absent where that is not known any more. */
  readonly peer?: string;
  /** Where to go on once this change was taken. Absent where the one before it still holds. */
  readonly token?: string;
};

/** Changes, until the watch or the store is closed. Fails with `CHANGES_GONE`. */
export interface Changes extends AsyncIterableIterator<Change> {
  /** Resolves once the watch has begun, or was ended: what is read from then on misses nothing that the watch does not tell. */
  readonly begun: Promise<void>;
  /** Where to go on after the last change that was taken, as far as it is known; absent before `begun`. */
  readonly token: string | undefined;
  return(): Promise<IteratorResult<Change, undefined>>;
}

/** A condition that a person should know of, until it is gone. `code` is stable. */
export interface Warning {
  readonly code:
    | 'CHECKING'
    | 'DAMAGED'
    | 'HEALING'
    | 'FENCED'
    | 'CLOCK_IN_DOUBT'
    | 'CLOCK_OFFSET'
    | 'REFUSED_FROM_FUTURE'
    | 'HELD_FROM_FUTURE'
    | 'SETTINGS_DIFFER'
    | 'NO_FSYNC'
    | 'PEER_REJECTED'
    | 'ROLLED_BACK'
    | 'SAME_NAME';
  readonly message: string;
  readonly peer?: string;
}

/** Nothing is written since a write to disk failed; the store tries by itself to take writes again. */
export interface FencedStatus {
  /** Milliseconds since 1970-01-01T00:00Z, as `nextAttemptAt`. */
  readonly since: number;
  /** What the failed write said. */
  readonly reason: string;
  /** To open the store again. */
  readonly attempts: number;
  /** Absent while an attempt runs. */
  readonly nextAttemptAt?: number;
  /** Why the last attempt failed. */
  readonly lastError?: string;
}

export interface StoreStatus {
  readonly nodeId: string;
  readonly clusterId: string;
  readonly version: string;
  readonly dir: string;
  readonly durability: 'fsync' | 'os';
  readonly tombstoneTtlMs: number;
  /** All present entries: live ones, expired ones and tombstones. */
  readonly entries: number;
  /** Entries that are neither tombstones nor have an expiry. */
  readonly permanent: number;
  /** The actor of this run; absent until it has written. */
  readonly actor?: string;
  /** How many actors the causal context knows, and its single dots. */
  readonly actors: number;
  readonly cloudDots: number;
  readonly looseDots: number;
  /** Highest version seen, and highest version among collected tombstones. */
  readonly lastVersion: number;
  readonly horizon: number;
  /** Equal on nodes that have seen the same (16 hexadecimal digits). */
  readonly contextHash: string;
  /** Equal on nodes that hold the same permanent entries (16 hexadecimal digits). */
  readonly fingerprint: string;
  readonly bootstrapping: boolean;
  /** Its context was given up, and not every peer has completed a session with it since: nothing is collected. */
  readonly healing: boolean;
  /** While the entries are checked after an unclean stop: nothing is served or taken. */
  readonly checking?: { readonly done: number; readonly total: number };
  /** While a verification runs: how many records it has looked at. */
  readonly verifying?: { readonly records: number };
  readonly fenced?: FencedStatus;
  readonly warnings: readonly Warning[];
}

export interface PeerStatus {
  /** As configured or as seen; `host:port`. */
  readonly address: string;
  readonly nodeId?: string;
  /**
   * `self` is this node's own address among its peers: it is skipped. `silent`: connected, but it does not answer, as a
   * process that was stopped.
   */
  readonly state: 'connecting' | 'connected' | 'silent' | 'disconnected' | 'rejected' | 'self';
  readonly direction: 'outbound' | 'inbound';
  /** Those that this node opened and the peer answered, since the start. */
  readonly rounds: number;
  /** Milliseconds since both were last found to hold the same; absent if they never were. */
  readonly inSyncAgoMs?: number;
  /**
   * Milliseconds since this node was last through with the peer: both held the same, or a pull brought all that the peer had
   * and this node lacked. Absent if it never was.
   */
  readonly lastSuccessAgoMs?: number;
  /**
   * Milliseconds since the peer last told what it has; `lagMs` and `actorsBehind` are about what it had then. All three are
   * absent until it has told.
   */
  readonly heardAgoMs?: number;
  /**
   * Age, by this node's clock, of the newest write that the peer has and this node lacks: 0 if it lacks nothing, else at
   * least 1. Where all that is known of it are single writes without their past, it is not older than this.
   */
  readonly lagMs?: number;
  /** Actors of whose writes the peer has seen something that this node has not. */
  readonly actorsBehind?: number;
  /** The peer's wall clock minus ours, in milliseconds, as of its last message that carried one. */
  readonly clockOffsetMs?: number;
  /** On the wire, frames included, since the start. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly lastError?: string;
}

export interface SessionStatus {
  readonly direction: 'inbound' | 'served';
  readonly peer: string;
  readonly order: 'key' | 'version';
  /**
   * `set-aside`: without progress for a while; resumed when its peer can be reached. `comparing`: after a long absence, or
   * damage, the node finds out what differs.
   */
  readonly state: 'running' | 'set-aside' | 'comparing';
  /** Taken, or sent, so far. */
  readonly entries: number;
  readonly bytes: number;
  /** Of a comparison. */
  readonly compared?: {
    /** Own entries that were read, of how many. */
    readonly read: number;
    readonly total: number;
    /** Keys that differed and were settled. */
    readonly settled: number;
    /** Own entries that the peer lacks. */
    readonly kept: number;
    /** Own entries that were deleted or replaced at the peer meanwhile. */
    readonly dropped: number;
    readonly taken: number;
  };
}

export interface NodeStatus extends StoreStatus {
  /** Where peers reach this node: `host:port`. */
  readonly address: string;
  readonly mode: 'push' | 'pull' | 'push-pull';
  /** Since the start: messages that broke the protocol, and sessions of which something lay too far in the future. */
  readonly malformedMessages: number;
  readonly sessionsRefused: number;
  readonly peers: readonly PeerStatus[];
  readonly sessions: readonly SessionStatus[];
}

/** What `collect` did. */
export interface CollectResult {
  /** Tombstones and expired entries removed. */
  readonly collected: number;
  /** Old enough, but kept: their past is not known here yet. */
  readonly kept: number;
  /** Why nothing was collected, if something forbids it now. */
  readonly reason?: string;
}

/** A backup that is whole. */
export interface BackupResult {
  readonly nodeId: string;
  readonly clusterId: string;
  /** Wall clock of the node when it was taken: milliseconds since 1970-01-01T00:00Z. */
  readonly takenAt: number;
  /** Records of the store; several for an entry. */
  readonly records: number;
  readonly bytes: number;
}

/** A kind of problem that a verification found. */
export interface VerifyProblem {
  /** Stable, such as `unreadable` or `not-indexed`. */
  readonly kind: string;
  /** The key space, as in `records`. */
  readonly space: string;
  /** What it is: a few words. */
  readonly message: string;
  readonly count: number;
  /** The first one that was met: a key, or an actor and a version. */
  readonly example: string;
}

export interface VerifyResult {
  /** Nothing was wrong. */
  readonly sound: boolean;
  /** Records that were looked at, by key space. */
  readonly records: Readonly<Record<string, number>>;
  readonly problems: readonly VerifyProblem[];
  /** With `repair`, if anything was wrong. */
  readonly repair?: {
    /** A second look found nothing wrong. */
    readonly sound: boolean;
    /** What was done, and what comes next: a sentence or two. */
    readonly message: string;
  };
}

/** Calls off what takes long: it fails with `ABORTED`, whose `cause` is the reason of the signal. */
export interface SignalOptions {
  readonly signal?: AbortSignal;
}

export interface VerifyOptions extends SignalOptions {
  /** Makes anew what can be made from the entries, forgets what was seen, and lets the peers be asked for the rest. */
  readonly repair?: boolean;
}

export interface ClockRepairOptions {
  /** Writes other nodes' entries again, too: for nodes that are gone for good. Others write theirs again themselves. */
  readonly all?: boolean;
}

/** What `repairClock` did. */
export interface ClockRepairResult {
  /** Entries taken out. */
  readonly removed: number;
  /** Those of them that were written again, with new versions. */
  readonly rewritten: number;
  /** Those of them that other nodes had written. */
  readonly others: number;
}

/** Payload is the bytes of keys and values. */
export interface SyncResult {
  /** Peers asked, and those that held the same when the call returned. */
  readonly peers: number;
  readonly inSync: number;
  readonly entriesReceived: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

export interface SyncOptions extends SignalOptions {
  /** Until every known peer holds what this node held when the call began (rounds go on meanwhile). */
  readonly wait?: boolean;
  readonly timeoutMs?: number;
}

/** A durable map that keeps what replication needs; alone, it does not gossip. */
export interface Store extends AsyncDisposable {
  readonly nodeId: string;
  /** Resolves when the entry is on disk. Fails with `CONDITION_FAILED` if its condition does not hold on this node. */
  put(key: string, value: Value, options?: PutOptions): Promise<PutResult>;
  get(key: string, options?: ReadOptions): Promise<Value | undefined>;
  getEntry(key: string, options?: ReadOptions): Promise<Entry | undefined>;
  /** Values in the order of `keys`. */
  getMany(keys: readonly string[], options?: ReadOptions): Promise<readonly (Value | undefined)[]>;
  /** Resolves when the tombstone is on disk. Fails as `put` does. */
  del(key: string, options?: DeleteOptions): Promise<DeleteResult>;
  /** All or nothing, conditions included, here and on every other node. A key occurs at most once. */
  batch(operations: readonly BatchOperation[]): Promise<BatchResult>;
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

/** A store that gossips with its peers. */
export interface Node extends Store {
  /** Where peers reach this node: `host:port`, with the real port when port 0 was asked for. */
  readonly address: string;
  status(): Promise<NodeStatus>;
  /** A round now, with every known peer. */
  sync(options?: SyncOptions): Promise<SyncResult>;
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
 * Whether entries travel compressed. `auto`: where it saves time, because they had to be waited for; `always`: wherever it
 * saves bytes; `never`: neither sent nor asked for so.
 */
export type Compression = 'auto' | 'always' | 'never';

export interface NodeOptions extends StoreOptions {
  /** `host:port` to listen on; port 0 takes any. Default `127.0.0.1:0`. */
  readonly listen?: string;
  /** `host:port` of other nodes; IPv6 in brackets. */
  readonly peers?: readonly string[];
  /**
   * In which rounds this node pulls: `pull`, in those that it opens; `push`, in those that a peer opens, so that its own
   * ask the peer to pull; `push-pull` (default), in both. Nodes of different modes converge, too.
   */
  readonly mode?: 'push' | 'pull' | 'push-pull';
  /** Time between rounds, jittered. Default 1,000. */
  readonly gossipIntervalMs?: number;
  /** Peers a round. Default 3. */
  readonly gossipFanout?: number;
  /** Between two comparisons with a random peer, though nothing seems to differ. Default a day. */
  readonly auditIntervalMs?: number;
  /** Between two checks of all entries against their sums and checksums. Default a day. */
  readonly scrubIntervalMs?: number;
  /** Default `auto`. */
  readonly compression?: Compression;
  /** How long a served session outlives its last message. Default 30,000. */
  readonly sessionTimeoutMs?: number;
  /** Allows `listen` beyond loopback without TLS: anyone who reaches the port can read and write everything. */
  readonly insecureNetwork?: boolean;
}
