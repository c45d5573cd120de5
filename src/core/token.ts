/** Tokens: the name of a write, small enough to travel in a header or an address. */

import { type Actor, birthOf, isActor } from './actor.ts';
import type { Dot } from './entry.ts';
import { isVersion, type Version } from './version.ts';

/** Of a batch of nothing: every node has seen it. */
export const TOKEN_OF_NOTHING = '0';

/** An actor with `.` for its separators, and how far above its birth the version lies, in base 36. */
const FORM =
  /^(?<id>[A-Za-z0-9._-]{1,64})\.(?<birth>[0-9a-f]{14})\.(?<random>[0-9a-f]{8})\.(?<above>[0-9a-z]{1,11})$/;

/** What all tokens of an actor have in common: writes of one come in a row. */
let ofActor: { readonly actor: Actor; readonly birth: Version; readonly name: string } | undefined;

/** Of the letters that neither a header, an address nor a shell changes. */
export function makeToken({ actor, version }: Dot): string {
  if (ofActor?.actor !== actor) ofActor = { actor, birth: birthOf(actor), name: actor.replaceAll('+', '.') };
  return `${ofActor.name}.${(version - ofActor.birth).toString(36)}`;
}

/** The dot that `token` names; `nothing` for the one of an empty batch; `undefined` if it is no token. */
export function parseToken(token: unknown): Dot | 'nothing' | undefined {
  if (token === TOKEN_OF_NOTHING) return 'nothing';
  const groups = typeof token === 'string' ? FORM.exec(token)?.groups : undefined;
  if (groups === undefined) return undefined;
  const { id, birth, random, above = '' } = groups;
  const actor = `${id}+${birth}+${random}`;
  if (!isActor(actor)) return undefined;
  const dot = { actor, version: (birthOf(actor) + Number.parseInt(above, 36)) as Version };
  return isVersion(dot.version) && makeToken(dot) === token ? dot : undefined;
}
