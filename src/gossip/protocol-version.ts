/** Which versions of the protocol (`docs/PROTOCOL.md`) a node speaks, and what each of them brought. */

import type { Request } from './messages.ts';

/**
 * Of the wire format: messages, entries, rows, hashes. A node speaks all versions from the oldest to this one; two nodes
 * speak the highest that both do, and refuse each other if there is none.
 */
export const PROTOCOL_VERSION = 2;
export const PROTOCOL_VERSION_OLDEST = 1;

/** How a node is reached, in its hello. */
export const CONTACT_SINCE = 2;

/** What members tell each other, and how partial views are kept. */
export const MEMBERS_SINCE = 2;

/** A round tells heads before digests. */
export const HEADS_SINCE = 2;

/** A mention is answered with `known` only once what it is about is on disk. */
export const DURABLE_MENTIONS_SINCE = 2;

/** Messages of users that are told and not stored. */
export const EVENTS_SINCE = 2;

export const AGGREGATES_SINCE = 2;

/** One row in the place of all that a node had which is gone for ever. */
export const RETIREMENTS_SINCE = 2;

const SINCE_BY_REQUEST: Readonly<Partial<Record<Request['type'], number>>> = {
  heads: HEADS_SINCE,
  chains: HEADS_SINCE,
  events: EVENTS_SINCE,
  aggregate: AGGREGATES_SINCE,
};

/** Whether a link on which `version` is spoken carries such requests. */
export function mayAsk(type: Request['type'], version: number): boolean {
  return version >= (SINCE_BY_REQUEST[type] ?? PROTOCOL_VERSION_OLDEST);
}
