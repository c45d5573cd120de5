/** What anti-entropy asks of the store that it serves and feeds; `src/storage` implements it. */

import type { Actor, NodeId } from '../core/actor.ts';
import type { FullRow, Row, Sum } from '../core/context.ts';
import type { Entry } from '../core/entry.ts';
import type { Version } from '../core/version.ts';

/** Entries in the order of a scan, in pages bounded in count and bytes. */
export interface EntryScan {
  /**
   * The next entries, none where those that were looked at are no longer present; `undefined` at the end. Fails with
   * `RECORD_DAMAGED` on a damaged record.
   */
  next(): Promise<readonly Entry[] | undefined>;
  /** Of a scan by version: up to where it has looked. */
  readonly lookedAt: Version;
  /** Harmless when repeated. */
  close(): Promise<void>;
}

/** State, context and horizon of one instant between two commits (R3). */
export interface PinnedState {
  /** Rows of the actors asked for, in the order of `actors`, with their clouds. */
  readonly rows: readonly FullRow[];
  readonly horizon: Version;
  /** True for a node that has adopted nothing yet: it serves its own actors only (R3). */
  readonly bootstrapping: boolean;
  /** Present entries of `actor` with versions above `after`, ascending. */
  byVersion(actor: Actor, after: Version): EntryScan;
  /** All present entries with keys above `after`, ascending. */
  byKey(after: Uint8Array | undefined): EntryScan;
  /** Frees the snapshot. Harmless when repeated. */
  close(): Promise<void>;
}

/** What a puller tells of itself when it opens a session, durable and of one instant. */
export interface PullerState {
  /** In the order of `actors`; unknown ones as `unknownRow`. */
  readonly rows: readonly FullRow[];
  /** Context hash without the rows of `actors`. */
  readonly restHash: bigint;
  /** Holds no entry. */
  readonly empty: boolean;
}

/** Where entries come from, in which order they arrive. */
export type SessionOrder = 'version' | 'key';

/** What a puller keeps of a session, so that it resumes after a broken connection or its own restart (R5). */
export interface StoredSession {
  /** The serving node. */
  readonly peer: NodeId;
  /** The random name by which the server knows its snapshot. */
  readonly name: string;
  readonly order: SessionOrder;
  /** Context of the snapshot: the rows that differed. */
  readonly rows: readonly FullRow[];
  readonly horizon: Version;
  /** The server is bootstrapping: of its rows only `received` is joined. */
  readonly serverBootstrapping: boolean;
  /** R7 does not apply: this node held no entry when the first chunk arrived. */
  readonly exempt: boolean;
  /** Opaque to the puller; where the next chunk begins. */
  readonly cursor: Uint8Array;
  /** What was stored so far. */
  readonly entries: number;
  readonly bytes: number;
}

export type NewSession = Omit<StoredSession, 'exempt' | 'cursor' | 'entries' | 'bytes'>;

export interface ArrivedChunk {
  readonly peer: NodeId;
  /** With the first chunk: the session to store with it. */
  readonly session: NewSession | undefined;
  /** Whole batches, in the session's order (batches come apart in key order). */
  readonly entries: readonly Entry[];
  /** Size on the wire, for the statistics. */
  readonly bytes: number;
  readonly cursor: Uint8Array;
}

export interface Replica {
  readonly nodeId: NodeId;
  readonly clusterId: string;

  // As of the last commit that was decided; cheap.
  contextHash(): bigint;
  /** The second sum of R8: entries that are neither tombstones nor expiring. */
  fingerprint(): Sum;
  rows(): readonly Row[];
  row(actor: Actor): Row | undefined;
  /** Actors whose rows moved since the monotonic time `sinceMs`, the latest first, at most `limit`. */
  movedSince(sinceMs: number, limit: number): readonly Actor[];
  /** Why this node serves no session now (a sentence), or `undefined` when it does. */
  notServing(): string | undefined;
  /** R7: whether adopting `rows` and `horizon` would be late. */
  isLate(rows: readonly Row[], horizon: Version): boolean;
  /** Holds no entry. */
  isEmpty(): boolean;
  /** Never adopted and never wrote, but holds entries: the remains of a bootstrap. */
  canStartOver(): boolean;

  // In line with commits.
  /** Between two commits: what to tell when opening a session about `actors`. */
  pullerState(actors: readonly Actor[]): Promise<PullerState>;
  /** A snapshot between two commits; `undefined` if the context without `actors` does not hash to `restHash`. */
  pin(actors: readonly Actor[], restHash: bigint): Promise<PinnedState | undefined>;
  /** The stored session with `peer`, if there is one. */
  storedSession(peer: NodeId): Promise<StoredSession | undefined>;
  storedSessions(): Promise<readonly StoredSession[]>;
  dropSession(peer: NodeId): Promise<void>;
  /** Merges the entries (R2) and stores the session and its cursor in the same batch; resolves when on disk. */
  storeChunk(chunk: ArrivedChunk): Promise<void>;
  /** R7, then R4, of the stored session with `peer`; the session is deleted in the same batch either way. */
  adopt(peer: NodeId): Promise<'adopted' | 'late'>;
  /** Removes everything: the remains of a bootstrap that cannot be resumed. Only if `canStartOver()`. */
  startOver(): Promise<void>;
}
