/** The public face of what is asked of a store beside reads and writes: what it takes, and what it answers. */

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
