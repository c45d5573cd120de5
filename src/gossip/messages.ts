/** The messages between two nodes, as values; `docs/PROTOCOL.md` gives their grammar on the wire. */

import type { NodeId } from '../core/actor.ts';
import type { FullRow, Row, Sum } from '../core/context.ts';
import type { Version } from '../core/version.ts';
import type { HyParViewMessage } from '../membership/hyparview.ts';
import type { MemberMessage } from '../membership/member-messages.ts';
import type { SessionOrder } from '../ports/replica.ts';
import type { Share } from './aggregate.ts';
import type { Offer } from './averaging.ts';
import type { Travelling } from './compressed.ts';
import type { UserEvent } from './event-codec.ts';

/**
 * Of the wire format: messages, entries, rows, hashes. A node speaks all versions from the oldest to this one; two nodes
 * speak the highest that both do, and refuse each other if there is none.
 */
export const PROTOCOL_VERSION = 2;
export const PROTOCOL_VERSION_OLDEST = 1;

/** The version of the protocol that brought what members tell each other. */
export const MEMBERS_SINCE = 2;

/** Settings that should be the same in the whole cluster; where they differ, nodes say so. */
export interface ClusterSettings {
  readonly tombstoneTtlMs: number;
  readonly maxDriftMs: number;
}

/** The first message on every connection, in both directions. */
export interface Hello {
  readonly type: 'hello';
  /** Of the protocol, that the sender speaks. */
  readonly newestVersion: number;
  readonly oldestVersion: number;
  readonly clusterId: string;
  readonly nodeId: NodeId;
  /** Random for each start of a node, 32 bits: tells a restart, and the own address, from another node of the same name. */
  readonly bootNonce: number;
  readonly settings: ClusterSettings;
  /** Since version 2; absent of a node that speaks version 1 only. */
  readonly contact?: Contact;
}

/** How a node is reached. */
export interface Contact {
  /** An empty one stands for the host that its connections come from. */
  readonly host: string;
  readonly port: number;
  /** By which host the sender knows the receiver: what one that listens on all of its addresses cannot know itself. */
  readonly seenHost: string;
  /** Of two live processes under one name the one that began later is refused. Milliseconds since 1970. */
  readonly startedMs: number;
}

/** The last message on a connection: why the sender closes it. */
export interface Reject {
  readonly type: 'reject';
  readonly code: RejectCode;
  readonly reason: string;
}

export type RejectCode =
  | 'protocol-version'
  | 'cluster'
  | 'certificate'
  | 'same-node'
  | 'same-name'
  | 'misbehaved'
  | 'shutdown'
  /** One that a later version has added, when it is read. */
  | 'other';

/** Opens a round. */
export interface Summary {
  readonly type: 'summary';
  readonly request: number;
  readonly contextHash: bigint;
  readonly fingerprint: Sum;
  /** Milliseconds since 1970. */
  readonly wallMs: number;
}

export interface SummaryReply {
  readonly type: 'summary-reply';
  readonly request: number;
  readonly contextHash: bigint;
  readonly fingerprint: Sum;
  readonly wallMs: number;
}

export interface DigestPair {
  readonly actorHash: bigint;
  readonly rowHash: bigint;
}

/** Rows that moved lately (Demers et al. 1987, 1.3: recent update lists): most often they are all that differs. */
export interface Recent {
  readonly type: 'recent';
  readonly request: number;
  /** The puller's, ascending by actor. */
  readonly rows: readonly Row[];
}

export interface RecentReply {
  readonly type: 'recent-reply';
  readonly request: number;
  /** The responder's rows of those actors, as far as it has them, and of those that moved lately here. */
  readonly rows: readonly Row[];
  /** Its context hash without these rows: where the puller's without its own of the same actors is another, digests follow. */
  readonly restHash: bigint;
}

/** All non-trivial rows of the puller whose actor hashes lie in `from` to `to`, both inclusive, ascending. */
export interface Digest {
  readonly type: 'digest';
  readonly request: number;
  readonly from: bigint;
  readonly to: bigint;
  readonly pairs: readonly DigestPair[];
}

export interface DigestReply {
  readonly type: 'digest-reply';
  readonly request: number;
  /** Of the responder: those in the range that differ, that the puller lacks, or that moved lately. */
  readonly rows: readonly Row[];
  /** Actor hashes of the puller's that the responder lacks. */
  readonly lacking: readonly bigint[];
}

/** Heads of the puller (`core/heads.ts`), instead of a digest; since version 2. */
export interface Heads {
  readonly type: 'heads';
  readonly request: number;
  /** Ascending by actor; of a node all or none. Without their predecessors. */
  readonly rows: readonly Row[];
  /** There are no others, and none are to be left out of the reply. */
  readonly all: boolean;
}

export interface HeadsReply {
  readonly type: 'heads-reply';
  readonly request: number;
  /** Of the responder: those that differ from what it was told, its heads that it was not told, those that moved lately. */
  readonly rows: readonly Row[];
  readonly contextHash: bigint;
}

/** Asks for the rows of these actors and of those before them, which heads imply; since version 2. */
export interface Chains {
  readonly type: 'chains';
  readonly request: number;
  /** Rows that say nothing but their actors, ascending. */
  readonly rows: readonly Row[];
  /** How many of each chain at most. */
  readonly steps: number;
}

export interface ChainsReply {
  readonly type: 'chains-reply';
  readonly request: number;
  readonly rows: readonly Row[];
}

/** Asks for a session (R3). */
export interface Open {
  readonly type: 'open';
  readonly request: number;
  /** The puller's rows of all actors that may differ, ascending by actor. */
  readonly rows: readonly FullRow[];
  readonly restHash: bigint;
  readonly empty: boolean;
  /** To compare at once (R9), without a delta. */
  readonly compare: boolean;
  /** Whether chunks may be compressed. */
  readonly compress: boolean;
  readonly wallMs: number;
}

export interface Opened {
  readonly type: 'opened';
  readonly request: number;
  readonly session: string;
  readonly order: SessionOrder;
  /** The server's rows of the same actors, at the instant of the snapshot. */
  readonly rows: readonly FullRow[];
  readonly horizon: Version;
  readonly bootstrapping: boolean;
  /** How many entries the snapshot holds. */
  readonly entries: number;
  readonly wallMs: number;
  readonly chunk: Chunk;
}

/** Entries packed by `chunk.ts`, perhaps compressed, and where the next chunk begins. */
export interface Chunk extends Travelling {
  readonly cursor: Uint8Array;
  readonly last: boolean;
}

/** Asks for the chunk at `cursor`. */
export interface Next {
  readonly type: 'next';
  readonly request: number;
  readonly session: string;
  readonly cursor: Uint8Array;
  /** Whether this chunk may be compressed, if those of the session may be. */
  readonly compress: boolean;
}

export interface NextReply {
  readonly type: 'next-reply';
  readonly request: number;
  readonly chunk: Chunk;
}

/** R9: asks the server to fold the snapshot of the session. */
export interface Compare {
  readonly type: 'compare';
  readonly request: number;
  readonly session: string;
  readonly depth: number;
}

export interface Compared {
  readonly type: 'compared';
  readonly request: number;
}

/** Asks for the sums below these nodes of a level, ascending. */
export interface Sums {
  readonly type: 'sums';
  readonly request: number;
  readonly session: string;
  readonly level: number;
  readonly nodes: readonly number[];
}

/** Sixteen for each node. */
export interface SumsReply {
  readonly type: 'sums-reply';
  readonly request: number;
  readonly sums: readonly bigint[];
}

/** Asks for the dots of these buckets, ascending; none: those of the list before. */
export interface List {
  readonly type: 'list';
  readonly request: number;
  readonly session: string;
  readonly buckets: readonly number[];
  /** The key after which the list goes on; empty at its begin. */
  readonly after: Uint8Array;
}

export interface ListReply {
  readonly type: 'list-reply';
  readonly request: number;
  /** A chunk of entries without values: each counts as a tombstone. */
  readonly dots: Uint8Array;
  readonly last: boolean;
}

/** Asks for the entries of these keys, with what is left of their batches. */
export interface Fetch {
  readonly type: 'fetch';
  readonly request: number;
  readonly session: string;
  readonly keys: readonly Uint8Array[];
}

/** A chunk; of the first `count` of the keys, at least one. */
export interface FetchReply extends Travelling {
  readonly type: 'fetch-reply';
  readonly request: number;
  readonly count: number;
}

/** R10: batches that are news, ahead of their past. */
export interface Rumours {
  readonly type: 'rumours';
  readonly request: number;
  /** Packed by `rumour-codec.ts`. */
  readonly rows: Uint8Array;
  readonly entries: Uint8Array;
  readonly steps: Uint8Array;
  /** Milliseconds since 1970. */
  readonly wallMs: number;
}

/** The feedback (Demers et al. 1987, section 1.4). */
export interface RumoursReply {
  readonly type: 'rumours-reply';
  readonly request: number;
  /** For each batch, then for each row that says more than its batches: one of `FEEDBACK`. */
  readonly feedback: Uint8Array;
}

/** Since version 2: messages of users, which are told and not stored. */
export interface Events {
  readonly type: 'events';
  readonly request: number;
  readonly events: readonly UserEvent[];
}

export interface EventsReply {
  readonly type: 'events-reply';
  readonly request: number;
  /** For each event: one of `FEEDBACK`. */
  readonly feedback: Uint8Array;
}

/** Since version 2: an exchange of an epoch of aggregation, whoever began it. */
export interface AggregateRequest extends Offer {
  readonly type: 'aggregate';
  readonly request: number;
  /** What is aggregated. */
  readonly name: string;
  /** Which epoch: who began it, 32 random bits, and how long ago. */
  readonly asker: NodeId;
  readonly epoch: number;
  readonly ageMs: number;
}

export interface AggregateReply {
  readonly type: 'aggregate-reply';
  readonly request: number;
  /** What moves to the asker, and the extremes that are known; absent, nothing does: the epoch is over, or not taken part in. */
  readonly share: Share | undefined;
}

/** Since version 2: how partial views are kept; not answered, but by another of them. */
export interface ViewMessage {
  readonly type: 'view';
  readonly message: HyParViewMessage<NodeId>;
}

/** Still at work on this session, on either side; not answered. */
export interface KeepAlive {
  readonly type: 'keep-alive';
  readonly session: string;
}

/** R9: the puller holds these, the server has seen them, and does not hold them; not answered. */
export interface Lost {
  readonly type: 'lost';
  readonly session: string;
  /** As in `ListReply`. */
  readonly dots: Uint8Array;
}

/** The puller needs the session no more; not answered. */
export interface Done {
  readonly type: 'done';
  readonly session: string;
}

export interface Failure {
  readonly type: 'failure';
  readonly request: number;
  readonly code: FailureCode;
  readonly reason: string;
}

/**
 * `stale`: the digest is out of date, do it again. `unknown-session`: the snapshot is gone, the session void.
 * `not-serving`: try another peer. `invalid`: the request makes no sense here.
 */
export type FailureCode = 'stale' | 'unknown-session' | 'not-serving' | 'invalid';

export type Message =
  | Hello
  | Reject
  | Summary
  | SummaryReply
  | Recent
  | RecentReply
  | Digest
  | DigestReply
  | Heads
  | HeadsReply
  | Chains
  | ChainsReply
  | Open
  | Opened
  | Next
  | NextReply
  | Compare
  | Compared
  | Sums
  | SumsReply
  | List
  | ListReply
  | Fetch
  | FetchReply
  | Rumours
  | RumoursReply
  | Events
  | EventsReply
  | AggregateRequest
  | AggregateReply
  | ViewMessage
  | KeepAlive
  | Lost
  | Done
  | Failure
  | MemberMessage;

export type Request =
  | Summary
  | Recent
  | Digest
  | Heads
  | Chains
  | Open
  | Next
  | Compare
  | Sums
  | List
  | Fetch
  | Rumours
  | Events
  | AggregateRequest;
export type Reply =
  | SummaryReply
  | RecentReply
  | DigestReply
  | HeadsReply
  | ChainsReply
  | Opened
  | NextReply
  | Compared
  | SumsReply
  | ListReply
  | FetchReply
  | RumoursReply
  | EventsReply
  | AggregateReply
  | Failure;
/** Not answered. */
export type Notice = Done | KeepAlive | Lost;
