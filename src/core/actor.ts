/** Nodes have lasting names; each run of a node that writes does so as an actor of its own. */

import { assert } from './assert.ts';
import type { Version } from './version.ts';

declare const nodeIdBrand: unique symbol;
declare const actorBrand: unique symbol;

/** The lasting name of a node: `[A-Za-z0-9._-]{1,64}`. */
export type NodeId = string & { readonly [nodeIdBrand]: true };

/**
 * `nodeId+birth+random`: the birth in 14, the random bits in 8 hexadecimal digits. All writes of an actor lie above
 * its birth. The separator sorts below every character of a node id, and all is ASCII: comparing actors as JavaScript
 * strings compares them as bytes, by node id, birth, random bits. Part of disk and wire formats.
 */
export type Actor = string & { readonly [actorBrand]: true };

const NAME = /^[A-Za-z0-9._-]{1,64}$/;
const ACTOR = /^[A-Za-z0-9._-]{1,64}\+[01][0-9a-f]{13}\+[0-9a-f]{8}$/;
const BIRTH_DIGITS = 14;
const RANDOM_DIGITS = 8;
const TAIL = 1 + BIRTH_DIGITS + 1 + RANDOM_DIGITS;

/** Longest actor in bytes. */
export const ACTOR_BYTES_MAX: number = 64 + TAIL;

/** The form of node and cluster ids. */
export function isNodeId(value: unknown): value is NodeId {
  return typeof value === 'string' && NAME.test(value);
}

export function isActor(value: unknown): value is Actor {
  return typeof value === 'string' && ACTOR.test(value);
}

/** A new actor of `nodeId`. `random` is an integer of 32 bits. */
export function makeActor(nodeId: NodeId, birth: Version, random: number): Actor {
  const actor = `${nodeId}+${hex(birth, BIRTH_DIGITS)}+${hex(random, RANDOM_DIGITS)}`;
  assert(isActor(actor), `an actor has the form nodeId+birth+random, not ${actor}`);
  return actor;
}

export function nodeIdOf(actor: Actor): NodeId {
  return actor.slice(0, -TAIL) as NodeId;
}

/** The version above which all writes of `actor` lie. */
export function birthOf(actor: Actor): Version {
  return Number.parseInt(actor.slice(1 - TAIL, 1 - TAIL + BIRTH_DIGITS), 16) as Version;
}

/** In halves, since V8 writes integers of up to 31 bits three times as fast as larger ones. `digits` is even. */
function hex(value: number, digits: number): string {
  const half = digits / 2;
  const unit = 16 ** half;
  const high = Math.floor(value / unit).toString(16);
  return high.padStart(half, '0') + (value % unit).toString(16).padStart(half, '0');
}
