/** The first message on a connection, and the last one (`docs/PROTOCOL.md`, "Hello and reject"). */

import type { NodeId } from '../core/actor.ts';

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
  | 'retired'
  | 'misbehaved'
  | 'shutdown'
  /** One that a later version has added, when it is read. */
  | 'other';

export type GreetingMessage = Hello | Reject;
