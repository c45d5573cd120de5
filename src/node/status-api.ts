/** The public face of a status: what a store, or a node, says of itself and its peers. */

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
    | 'TOO_MANY_RUNS'
    | 'NO_FSYNC'
    | 'PEER_REJECTED'
    | 'PEER_MISBEHAVED'
    | 'CERTIFICATE_EXPIRES'
    | 'CERTIFICATE_EXPIRES_SOON'
    | 'CERTIFICATE_EXPIRED'
    | 'CERTIFICATE_UNUSABLE'
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

/** The certificate with which a node speaks to its peers. Instants in milliseconds since 1970-01-01T00:00Z. */
export interface TlsStatus {
  /** When the node's certificate, and that of the authority which issued it, end. */
  readonly notAfter: number;
  readonly authorityNotAfter: number;
  /** How many authorities are trusted. */
  readonly authorities: number;
  /** When the files were last read, and taken. */
  readonly readAt: number;
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
  /** Version of the protocol that both speak, while connected. */
  readonly protocolVersion?: number;
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
  /** On the wire, frames included, without what TLS adds, since the start. */
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
  /** Absent where nodes speak without TLS. */
  readonly tls?: TlsStatus;
  /** Since the start: messages that broke the protocol, and sessions of which something lay too far in the future. */
  readonly malformedMessages: number;
  readonly sessionsRefused: number;
  /**
   * Writes that went ahead of the rounds, since the start: `told` to peers, `unneeded` by those that knew them, `heard` from
   * peers as news. Absent where rumours are off.
   */
  readonly rumours?: { readonly told: number; readonly unneeded: number; readonly heard: number };
  readonly peers: readonly PeerStatus[];
  readonly sessions: readonly SessionStatus[];
}
