/** Messages of users that are told and not stored ("user events", as Serf calls them), and their bytes. */

import { isNodeId, type NodeId } from '../core/actor.ts';
import { ByteReader, MalformedBytes } from '../core/byte-reader.ts';
import { ByteWriter } from '../core/byte-writer.ts';
import { byteString } from '../core/bytes.ts';

/** A packed payload. Part of the protocol: news are told to several peers, and kept until they are. */
export const EVENT_PAYLOAD_BYTES_MAX = 8192;

/** Of one message. Part of the protocol. */
export const EVENTS_MAX = 256;

/** Of nodes and of events. */
const NAME_LENGTH_MAX = 64;

const NAME = /^[A-Za-z0-9._:/-]{1,64}$/;

export interface UserEvent {
  /** The node that began it, and its run: the nonce of its hello. */
  readonly origin: NodeId;
  readonly run: number;
  /** From 1 on, one higher for each event of that run. */
  readonly sequence: number;
  readonly name: string;
  /** A packed value. */
  readonly payload: Uint8Array;
}

export function isEventName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}

export function packEvents(events: readonly UserEvent[]): Uint8Array {
  const writer = new ByteWriter();
  for (const { origin, run, sequence, name, payload } of events) {
    writer.asciiPrefixed(origin);
    writer.uint32(run);
    writer.varint(sequence);
    writer.asciiPrefixed(name);
    writer.lengthPrefixed(payload);
  }
  return writer.finish();
}

/** Throws `MalformedBytes` on anything that `packEvents` does not write. */
export function unpackEvents(bytes: Uint8Array): readonly UserEvent[] {
  const reader = new ByteReader(bytes);
  const events: UserEvent[] = [];
  while (reader.left > 0) {
    if (events.length >= EVENTS_MAX) throw new MalformedBytes('too many events at once');
    const origin = shortText(reader);
    if (!isNodeId(origin)) throw new MalformedBytes('an event of a node without a name');
    const run = reader.uint32();
    const sequence = reader.varint();
    if (sequence === 0) throw new MalformedBytes('an event without a number');
    const name = shortText(reader);
    if (!isEventName(name)) throw new MalformedBytes('an event without a name');
    // A copy: what is kept must not keep the whole message.
    const payload = reader.lengthPrefixed();
    if (payload.length > EVENT_PAYLOAD_BYTES_MAX) throw new MalformedBytes('an event that is too large');
    events.push({ origin, run, sequence, name, payload: payload.slice() });
  }
  return events;
}

function shortText(reader: ByteReader): string {
  const bytes = reader.lengthPrefixed();
  if (bytes.length > NAME_LENGTH_MAX) throw new MalformedBytes('a name that is too long');
  return byteString(bytes);
}
