/** Which versions of the protocol (`docs/PROTOCOL.md`) a node speaks, and what each of them brought. */

/**
 * Of the wire format: messages, entries, rows, hashes. A node speaks all versions from the oldest to this one; two nodes
 * speak the highest that both do, and refuse each other if there is none.
 */
export const PROTOCOL_VERSION = 2;
export const PROTOCOL_VERSION_OLDEST = 1;

/** How a node is reached, in its hello. */
export const CONTACT_SINCE = 2;

/** What members tell each other. */
export const MEMBERS_SINCE = 2;
