/** Messages of users as values: checked and packed on their way out, unpacked for those who listen. */

import { packValue, unpackValue } from '../adapters/value-codec.ts';
import { BoatoError } from '../core/errors.ts';
import { EVENT_PAYLOAD_BYTES_MAX, isEventName, type UserEvent as ToldEvent } from '../gossip/event-codec.ts';
import type { Log } from '../ports/log.ts';
import type { UserEvent, UserEvents } from './event-api.ts';

type Listener = UserEvents['event'];

export class Broadcasts {
  readonly #log: Log;
  #listeners: readonly Listener[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  on(listener: Listener): void {
    this.#listeners = [...this.#listeners, listener];
  }

  off(listener: Listener): void {
    this.#listeners = this.#listeners.filter((known) => known !== listener);
  }

  /** A node told it: what it packed may be no value. Never fails. */
  tell({ name, payload, origin }: ToldEvent): void {
    if (this.#listeners.length === 0) return;
    let event: UserEvent;
    try {
      event = { name, payload: unpackValue(payload), nodeId: origin };
    } catch (error) {
      this.#log.debug(
        { peer: origin, error: String(error) },
        'An event whose payload is no value was dropped.',
      );
      return;
    }
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#log.error({ event: name, error: String(error) }, 'A listener failed.');
      }
    }
  }
}

/** The packed payload. Fails with `INVALID_OPTION`, `INVALID_VALUE` and `VALUE_TOO_LARGE`. */
export function checkedPayload(name: unknown, payload: unknown): Uint8Array {
  if (!isEventName(name)) {
    throw new BoatoError(
      'INVALID_OPTION',
      'The name of an event must be 1 to 64 of the characters A-Z a-z 0-9 . _ : / -.',
    );
  }
  const packed = packValue(payload);
  if (packed.length <= EVENT_PAYLOAD_BYTES_MAX) return packed;
  throw new BoatoError(
    'VALUE_TOO_LARGE',
    `The payload of an event must have at most ${EVENT_PAYLOAD_BYTES_MAX} bytes packed, and this one has ${packed.length}: store it, and tell its key.`,
  );
}

export function tooManyEvents(): BoatoError {
  return new BoatoError(
    'TOO_MANY_EVENTS',
    'This node has told more events in the last second than others must bear: tell fewer, or wait a second.',
  );
}
