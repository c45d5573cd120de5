/** What anti-entropy asks of the store that it serves and feeds; `src/storage` implements it. */

import type { Actor, NodeId } from '../core/actor.ts';
import type { BucketTree } from '../core/bucket-tree.ts';
import type { FullRow, Predecessor, Row, Sum } from '../core/context.ts';
import type { Dot, Entry } from '../core/entry.ts';
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

/** Which dot is present under a key. */
export interface KeyDot extends Dot {
  readonly key: Uint8Array;
}

/** Dots in the order of their keys, in pages; an empty array at the end. Otherwise as `EntryScan`. */
export interface DotScan {
  next(): Promise<readonly KeyDot[]>;
  close(): Promise<void>;
}

/** State, context and horizon of one instant between two commits (R3). */
export interface PinnedState {
  /** Rows of the actors asked for, in the order of `actors`, with their clouds. */
  readonly rows: readonly FullRow[];
  readonly horizon: Version;
  /** Batches may be torn here: it serves its own actors only (R3), nobody compares with it, and nobody adopts from it. */
  readonly bootstrapping: boolean;
  /** R8: the first sum, which a fold must add up to. */
  readonly all: Sum;
  /** Present entries of `actor` with versions above `after`, ascending. */
  byVersion(actor: Actor, after: Version): EntryScan;
  /** All present entries with keys above `after`, ascending. */
  byKey(after: Uint8Array | undefined): EntryScan;
  /** R9: all present entries by the hash of their keys, summed up. Reads every entry, a little at a time; `onPage`: how many. */
  fold(depth: number, onPage?: (entries: number) => void): Promise<BucketTree>;
  /** Dots of the buckets (of a fold of this depth) with keys above `after`. Reads every entry, too. */
  dotsIn(depth: number, buckets: ReadonlySet<number>, after: Uint8Array | undefined): DotScan;
  /** Present entries in the order of `keys`. */
  getMany(keys: readonly Uint8Array[]): Promise<readonly (Entry | undefined)[]>;
  /** The entries of the batch of `entry` that are present, itself among them, ascending. */
  batchOf(entry: Entry): Promise<readonly Entry[]>;
  /** Frees the snapshot. Harmless when repeated. */
  close(): Promise<void>;
}

/** What rumours brought of an actor while a session is under way: its versions above one up to another, but for these. */
export interface Rumoured {
  readonly above: Version;
  readonly upTo: Version;
  /** Were here before. */
  readonly known: ReadonlySet<Version>;
}

/** What a puller tells of itself when it opens a session, durable and of one instant. */
export interface PullerState {
  /** In the order of `actors`; unknown ones as `unknownRow`. */
  readonly rows: readonly FullRow[];
  /** Context hash without the rows of `actors`. */
  readonly restHash: bigint;
  /** Holds no entry. */
  readonly empty: boolean;
  /** Highest version seen or made so far: what this node writes later lies above it. */
  readonly openedAt: Version;
  /** Changes when the context is given up: a session that was opened before is void then. */
  readonly epoch: number;
  /**
   * Of a session that is opened now: what rumours bring from now on, until the next one is opened. Its server has not seen
   * it. Changes as they come.
   */
  readonly rumoured?: ReadonlyMap<Actor, Rumoured>;
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
  /** The server is bootstrapping: its own writes are stored, and nothing is adopted. */
  readonly serverBootstrapping: boolean;
  /** Of the snapshot. */
  readonly serverEntries: number;
  /** Of the puller, as of `PullerState`. */
  readonly openedAt: Version;
  readonly epoch: number;
  readonly rumoured?: ReadonlyMap<Actor, Rumoured>;
  /** R7 does not apply: this node held no entry when the first chunk arrived. */
  readonly exempt: boolean;
  /** Something of another peer was stored since it was opened: what is here no longer tells what the server had seen then. */
  readonly mixed: boolean;
  /** Opaque to the puller; where the next chunk begins. */
  readonly cursor: Uint8Array;
  /** What was stored so far. */
  readonly entries: number;
  readonly bytes: number;
}

export type NewSession = Omit<StoredSession, 'exempt' | 'mixed' | 'cursor' | 'entries' | 'bytes'>;

export interface ArrivedChunk {
  readonly peer: NodeId;
  /** With the first chunk: the session to store with it. */
  readonly session: NewSession | undefined;
  /** With the others: session and cursor of the chunk before. Where that was not stored, this one is not either. */
  readonly after?: Pick<StoredSession, 'name' | 'cursor'>;
  /** Whole batches, in the session's order (batches come apart in key order). */
  readonly entries: readonly Entry[];
  /** Size on the wire, for the statistics. */
  readonly bytes: number;
  readonly cursor: Uint8Array;
}

/** R9: a key on which this node and the server's snapshot differ. */
export interface Difference {
  readonly key: Uint8Array;
  /** What is present there. */
  readonly theirs: Dot | undefined;
}

/** Some of the differences of a comparison, with what they need. */
export interface Settlement {
  readonly session: NewSession;
  readonly differences: readonly Difference[];
  /** Of the differences whose `theirs` was not seen here: those entries, with what is left of their batches. */
  readonly entries: readonly Entry[];
}

export interface Settled {
  /** Entries that are here now. */
  readonly taken: number;
  /** Own entries that were replaced or deleted there. */
  readonly dropped: number;
  /** Own entries, tombstones among them, that the server had not seen and nothing of it replaces. */
  readonly kept: number;
  /** Own entries that the server must have lost. */
  readonly unexplained: readonly KeyDot[];
}

/** R10: a whole batch that its writer has just written, ahead of its past. */
export interface Rumour {
  /** Of one actor, ascending. */
  readonly entries: readonly Entry[];
  /** Version of the actor's entry before these; its birth before the first. */
  readonly prev: Version;
  readonly predecessor: Predecessor | undefined;
}

/** `gap`: something before it is missing here. `refused`: from too far in the future. `busy`: none are taken now. */
export type RumourOutcome = 'applied' | 'known' | 'gap' | 'refused' | 'busy';

/**
 * What a session asks of the replica fails with `SESSION_VOID` if the context was given up since the session was opened.
 */
export interface Replica {
  readonly nodeId: NodeId;
  readonly clusterId: string;

  // As of the last commit that was decided; cheap. After a failed write that is ahead of the disk: what would tell peers of
  // it throws `STORE_FENCED` then.
  contextHash(): bigint;
  /** The second sum of R8: entries that are neither tombstones nor expiring. */
  fingerprint(): Sum;
  rows(): readonly Row[];
  /** Rows that the others do not imply (`core/heads.ts`). */
  heads(): readonly Row[];
  /** `undefined` where there is none, be the actor unknown or of a node that is gone for ever (`core/retirement.ts`). */
  row(actor: Actor): Row | undefined;
  /** Whether the actor is one of this process run. */
  hasWrittenAs(actor: Actor): boolean;
  /** Actors whose rows moved since the monotonic time `sinceMs`, the latest first, at most `limit`. */
  movedSince(sinceMs: number, limit: number): readonly Actor[];
  /** Why this node serves and adopts nothing now (a sentence), or `undefined` when it does. */
  notServing(): string | undefined;
  /** Why it adopts nothing now, though it may serve. */
  notTaking(): string | undefined;
  /** As in `PullerState`; a session that is served is void as well once it has changed. */
  readonly epoch: number;
  /** It gave up its context, and has not yet completed a session with each of its peers since (R8). */
  isHealing(): boolean;
  /** A first copy is not through: batches may be torn, until their rest is here or every peer was asked. */
  isBootstrapping(): boolean;

  // In line with commits.
  /** Between two commits: what to tell when opening a session about `actors`. `opens`: it is opened now. */
  pullerState(actors: readonly Actor[], opens?: boolean): Promise<PullerState>;
  /** A snapshot between two commits; `undefined` if the context without `actors` does not hash to `restHash`. */
  pin(actors: readonly Actor[], restHash: bigint): Promise<PinnedState | undefined>;
  /** The stored session with `peer`, if there is one. */
  storedSession(peer: NodeId): Promise<StoredSession | undefined>;
  storedSessions(): Promise<readonly StoredSession[]>;
  dropSession(peer: NodeId): Promise<void>;
  /**
   * Merges the entries (R2) and stores the session and its cursor in the same batch; resolves when on disk. The next chunk may
   * come before: they are stored one after another.
   */
  storeChunk(chunk: ArrivedChunk): Promise<void>;
  /**
   * R7, then R4, of the stored session with `peer`; the session is deleted in the same batch either way. Fails with
   * `SESSION_VOID` if it is late, and something of another peer came since it was opened: its snapshot cannot be compared
   * with any more.
   */
  adopt(peer: NodeId): Promise<'adopted' | 'late'>;

  // Comparisons (R9), one at a time.
  /** A snapshot to compare with `session`; rumours are refused until `endComparison`. */
  beginComparison(session: NewSession): Promise<PinnedState>;
  /** Those whose dots the context does not cover; they may be present. */
  unseen(dots: readonly KeyDot[]): readonly KeyDot[];
  /** Of those the ones that are not present either: they were not seen here (R2). */
  lacking(dots: readonly KeyDot[]): Promise<readonly KeyDot[]>;
  /** Resolves when on disk. */
  settle(settlement: Settlement): Promise<Settled>;
  /** R4, once every difference is settled. */
  adoptCompared(session: NewSession): Promise<void>;
  endComparison(): void;

  /**
   * R8: the context is emptied, entries stay. `why`: a sentence for people. `foundIn`: the epoch in which that was found; in
   * another one nothing is done. Resolves when on disk.
   */
  giveUp(why: string, foundIn?: number): Promise<void>;
  /**
   * Every peer that can be reached has completed a session with this node since it gave up its context, or since a first
   * copy broke off: what torn batches still lack is nowhere, unless that copy can be resumed.
   */
  endHealing(): Promise<void>;
  /** `from`: the peer that told it. */
  applyRumour(rumour: Rumour, from?: NodeId): Promise<RumourOutcome>;
  /** Resolves when all that was decided so far is on disk. Fails with `STORE_FENCED`. */
  written(): Promise<void>;
  /** `tell` is called with each own write from now on, once it is on disk. */
  onWritten(tell: (rumour: Rumour) => void): void;
}
