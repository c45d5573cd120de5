/** Tokens: the name of a write, small enough to travel in a header or an address. */

import { type Actor, birthOf, isActor } from './actor.ts';
import type { Dot } from './entry.ts';
import { isVersion, type Version } from './version.ts';

/** Of a batch of nothing: every node has seen it. */
export const TOKEN_OF_NOTHING = '0';

/** A write: the last dot of its batch. */
export interface TokenDot extends Dot {
  /** Entries of the batch, if it has several. */
  readonly entries?: number;
}

/**
 * An actor with `.` for its separators, and how far above its birth the version lies, in base 36; of several entries also
 * how many there are.
 */
const FORM =
  /^(?<id>[A-Za-z0-9._-]{1,64})\.(?<birth>[0-9a-f]{14})\.(?<random>[0-9a-f]{8})\.(?<above>[0-9a-z]{1,11})(?:\.(?<entries>[0-9a-z]{1,4}))?$/;

/** What all tokens of an actor have in common: writes of one come in a row. */
let ofActor: { readonly actor: Actor; readonly birth: Version; readonly name: string } | undefined;

/** Of the letters that neither a header, an address nor a shell changes. */
export function makeToken({ actor, version, entries = 1 }: TokenDot): string {
  if (ofActor?.actor !== actor) ofActor = { actor, birth: birthOf(actor), name: actor.replaceAll('+', '.') };
  const name = `${ofActor.name}.${(version - ofActor.birth).toString(36)}`;
  return entries === 1 ? name : `${name}.${entries.toString(36)}`;
}

/** The write that `token` names; `nothing` for the one of an empty batch; `undefined` if it is no token. */
export function parseToken(token: unknown): TokenDot | 'nothing' | undefined {
  if (token === TOKEN_OF_NOTHING) return 'nothing';
  const groups = typeof token === 'string' ? FORM.exec(token)?.groups : undefined;
  if (groups === undefined) return undefined;
  const { id, birth, random, above = '', entries } = groups;
  const actor = `${id}+${birth}+${random}`;
  if (!isActor(actor)) return undefined;
  const version = (birthOf(actor) + Number.parseInt(above, 36)) as Version;
  const dot = { actor, version, ...(entries === undefined ? {} : { entries: Number.parseInt(entries, 36) }) };
  if (dot.entries !== undefined && dot.entries > version - birthOf(actor)) return undefined;
  return isVersion(dot.version) && makeToken(dot) === token ? dot : undefined;
}
