/**
 * Nodes that are gone for ever give up their rows for one: their *retirement* (`docs/ARCHITECTURE.md`, "Nodes that are gone
 * for ever"). It is the row of an actor that no process ever is, born at version 0. Every actor of the node that was born
 * at or below `closed` of that row is known that far, and needs no row of its own.
 */

import { type Actor, birthOf, makeActor, type NodeId, nodeIdOf } from './actor.ts';
import { type Row, saysTheSame, unknownRow } from './context.ts';
import { type Version, VERSION_ZERO } from './version.ts';

const RANDOM = 0;

/** The actor whose row is the retirement of `nodeId`. */
export function retirementOf(nodeId: NodeId): Actor {
  return makeActor(nodeId, VERSION_ZERO, RANDOM);
}

/** Whether the actor is one whose row is a retirement. */
export function isRetirement(actor: Actor): boolean {
  return birthOf(actor) === VERSION_ZERO && actor === retirementOf(nodeIdOf(actor));
}

/** Whether the node is gone for ever. */
export function isRetired(nodeId: NodeId, rowOf: (actor: Actor) => Row | undefined): boolean {
  return (rowOf(retirementOf(nodeId))?.closed ?? VERSION_ZERO) > VERSION_ZERO;
}

/** What was seen of an actor, whether it has a row or not. */
export function knownRow(actor: Actor, rowOf: (actor: Actor) => Row | undefined): Row {
  return rowOf(actor) ?? rowlessRow(actor, rowOf(retirementOf(nodeIdOf(actor)))?.closed);
}

/** Whether the row says what the retirement of its node says, and no more. */
export function isRetiredIn(row: Row, rowOf: (actor: Actor) => Row | undefined): boolean {
  return speaksFor(rowOf(retirementOf(nodeIdOf(row.actor)))?.closed, row);
}

/** Whether a retirement that is closed that far says of the row's actor what the row says. */
export function speaksFor(retiredAt: Version | undefined, row: Row): boolean {
  return knowsOf(retiredAt, row.actor) && saysTheSame(row, rowlessRow(row.actor, retiredAt));
}

/** What is known of an actor that has no row; `retiredAt`: `closed` of its node's retirement, if there is one. */
export function rowlessRow(actor: Actor, retiredAt: Version | undefined): Row {
  const row = unknownRow(actor);
  return knowsOf(retiredAt, actor) ? { ...row, received: retiredAt, closed: retiredAt } : row;
}

/** Whether the retirement of the actor's node, if there is one, tells how far the actor is known. */
export function knowsOf(retiredAt: Version | undefined, actor: Actor): retiredAt is Version {
  return retiredAt !== undefined && birthOf(actor) <= retiredAt && !isRetirement(actor);
}
