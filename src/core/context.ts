/**
 * The causal context, one row for each actor (Bieniusa et al. 2012; Almeida et al. 2016): two versions, a cloud of
 * single dots seen beyond them, and a count and sum of the loose dots present beyond them.
 */

import { type Actor, birthOf } from './actor.ts';
import { maxVersion, type Version } from './version.ts';

/** A count, and the sum modulo 2^64 of hashes: equal sets have equal ones, whatever the order of their making. */
export interface Sum {
  readonly count: number;
  readonly sum: bigint;
}

export const SUM_ZERO: Sum = { count: 0, sum: 0n };

/** One object for all empty ones: two of them are in every row. */
export function makeSum(count: number, sum: bigint): Sum {
  return count === 0 && sum === 0n ? SUM_ZERO : { count, sum };
}

/** The node's actor before this one, and how far it was closed at the birth of this one. */
export interface Predecessor {
  readonly actor: Actor;
  readonly closed: Version;
}

/** What a node has seen of one actor's writes, without the dots of its cloud. */
export interface Row {
  readonly actor: Actor;
  /** All writes of the actor up to this one were seen. At least its birth. */
  readonly received: Version;
  /** Also everything that those up to this one replaced or deleted. From the birth to `received`. */
  readonly closed: Version;
  /** Dots beyond `received` that were seen and need not be present. */
  readonly cloud: Sum;
  /** Dots beyond `received` that are present and not in the cloud. */
  readonly loose: Sum;
  readonly predecessor: Predecessor | undefined;
}

/** A row with the dots of its cloud, ascending, as it travels in sessions. */
export interface FullRow extends Row {
  readonly cloudVersions: readonly Version[];
}

/** What a node knows of an actor that it never heard of. */
export function unknownRow(actor: Actor): Row {
  const birth = birthOf(actor);
  return { actor, received: birth, closed: birth, cloud: SUM_ZERO, loose: SUM_ZERO, predecessor: undefined };
}

/** Whether the row says no more than `unknownRow`; the predecessor does not count. */
export function isTrivial(row: Row): boolean {
  return row.received === birthOf(row.actor) && row.cloud.count === 0 && row.loose.count === 0;
}

export function equalSums(a: Sum, b: Sum): boolean {
  return a.count === b.count && a.sum === b.sum;
}

/** Whether both say the same of one actor's writes; the predecessor does not count. */
export function saysTheSame(a: Row, b: Row): boolean {
  return (
    a.received === b.received &&
    a.closed === b.closed &&
    equalSums(a.cloud, b.cloud) &&
    equalSums(a.loose, b.loose)
  );
}

/** Whether `own` certainly gains nothing from `other`: no dot, no claim. */
export function dominates(own: Row, other: Row): boolean {
  return (
    own.received >= other.received &&
    own.closed >= other.closed &&
    (other.cloud.count === 0 || equalSums(own.cloud, other.cloud)) &&
    (other.loose.count === 0 || equalSums(own.loose, other.loose))
  );
}

/** Whether no entry of the actor can be missing on either side (R3): such actors are passed over. */
export function sameEntries(a: Row, b: Row): boolean {
  return a.received === b.received && equalSums(a.loose, b.loose);
}

/** R7, for one actor: whether a deletion that `own` does not know may have been collected. */
export function isLate(
  own: Row | undefined,
  snapshotClosed: Version,
  actor: Actor,
  horizon: Version,
): boolean {
  const known = own === undefined ? birthOf(actor) : maxVersion(own.closed, birthOf(actor));
  return known < Math.min(snapshotClosed, horizon);
}

/** R4, for one actor: what is known after adopting `other`. Cloud and loose sums are the caller's to bring up to date. */
export function joinVersions(own: Row, other: Pick<Row, 'received' | 'closed' | 'predecessor'>): Row {
  return {
    ...own,
    received: maxVersion(own.received, other.received),
    closed: maxVersion(own.closed, other.closed),
    predecessor: own.predecessor ?? other.predecessor,
  };
}
