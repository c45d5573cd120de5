/** What a node knows of the others: one record each, and which of two records holds. */

import type { NodeId } from '../core/actor.ts';
import { compareBytes } from '../core/bytes.ts';

/** Free bytes of a node that travel with its record. Part of the protocol. */
export const METADATA_BYTES_MAX = 512;

/** Of the package, for people: printable ASCII. Part of the protocol. */
export const VERSION_LENGTH_MAX = 32;

/** A name of DNS has at most 253 characters, an address of IPv6 less; then a colon and the port. Part of the protocol. */
export const ADDRESS_LENGTH_MAX = 261;

/** Members, gone ones included, that anybody keeps. */
export const MEMBERS_MAX = 16_384;

/** In the order in which they win over each other at one incarnation (SWIM, section 4.2). Part of the protocol. */
export const STATUSES = ['up', 'suspect', 'down', 'left', 'forgotten'] as const;

/**
 * `down`: silent for so long that it counts as failed. `left`: it said so itself. `forgotten`: somebody removed it; kept
 * so that nobody who has not heard of it brings it back.
 */
export type Status = (typeof STATUSES)[number];

/** What a node says of itself; only with a higher incarnation may it change. */
export interface MemberFacts {
  /** `host:port` at which it can be dialled; empty if it cannot be. */
  readonly address: string;
  /** Of the package. */
  readonly version: string;
  /** The newest that it speaks. */
  readonly protocolVersion: number;
  readonly metadata: Uint8Array;
}

/** What travels of a member. */
export interface MemberRecord extends MemberFacts {
  readonly nodeId: NodeId;
  /** Only the node itself raises it: milliseconds since 1970 at its start, or one above what it hears of itself. */
  readonly incarnation: number;
  readonly status: Status;
}

/** A record, and what whoever tells it adds. */
export interface Update extends MemberRecord {
  /** Of a suspect: who could not reach it. Lifeguard counts how many came to that independently. */
  readonly accuser?: NodeId | undefined;
  /** How long it has been down, left or forgotten, in milliseconds; 0 of others. */
  readonly ageMs: number;
}

/**
 * Whether `record` holds against `known`, of the same member. A total order, so that all nodes come to the same, in
 * whatever order they hear: the later incarnation, then the graver status, then, as two nodes of one name may have it, the
 * larger facts.
 */
export function supersedes(record: MemberRecord, known: MemberRecord): boolean {
  return compareRecords(record, known) > 0;
}

export function compareRecords(a: MemberRecord, b: MemberRecord): number {
  return a.incarnation - b.incarnation || rankOf(a) - rankOf(b) || compareFacts(a, b);
}

export function equalFacts(a: MemberFacts, b: MemberFacts): boolean {
  return compareFacts(a, b) === 0;
}

/** Whether it takes part: it is probed, and counts where things grow with the cluster. */
export function isLive({ status }: Pick<MemberRecord, 'status'>): boolean {
  return status === 'up' || status === 'suspect';
}

function rankOf({ status }: MemberRecord): number {
  return STATUSES.indexOf(status);
}

function compareFacts(a: MemberFacts, b: MemberFacts): number {
  return (
    compareText(a.address, b.address) ||
    compareText(a.version, b.version) ||
    a.protocolVersion - b.protocolVersion ||
    compareBytes(a.metadata, b.metadata)
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
