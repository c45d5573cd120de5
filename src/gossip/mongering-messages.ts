/** News, and what a peer says to them (`docs/PROTOCOL.md`, "Rumours" and "Events"). */

import type { UserEvent } from './event-codec.ts';

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

export type MongeringRequest = Rumours | Events;
export type MongeringReply = RumoursReply | EventsReply;
