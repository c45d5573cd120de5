/** The public face of messages that are told, and not stored. */

import type { Value } from './api.ts';

export interface UserEvent {
  readonly name: string;
  readonly payload: Value;
  /** The node that broadcast it. */
  readonly nodeId: string;
}

/** What is told of each message, in the order in which they come to this node. */
export interface UserEvents {
  event: (event: UserEvent) => void;
}

/** Messages to everybody who listens now: a hint, a call, a signal; what must not be missed belongs into the map. */
export interface Broadcasting {
  /**
   * Tells every node that can be reached, this one included, at most once in each of its runs; through others, where this
   * node is not connected with it. Nothing is stored, and nobody makes up for what was missed. Resolves when it is on its way.
   *
   * `name`: 1 to 64 of the characters `A-Z a-z 0-9 . _ : / -`. `payload`: at most 8,192 bytes packed; null by default. Fails
   * with `INVALID_OPTION`, `INVALID_VALUE`, `VALUE_TOO_LARGE`, and `TOO_MANY_EVENTS` beyond some hundred a second.
   */
  broadcast(name: string, payload?: Value): Promise<void>;
}
