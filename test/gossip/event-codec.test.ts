import { describe, expect, test } from 'vitest';
import type { NodeId } from '../../src/core/actor.ts';
import {
  EVENT_PAYLOAD_BYTES_MAX,
  EVENTS_MAX,
  isEventName,
  packEvents,
  unpackEvents,
  type UserEvent,
} from '../../src/gossip/event-codec.ts';

function event(changes: Partial<UserEvent> = {}): UserEvent {
  return { origin: 'a' as NodeId, run: 1, sequence: 1, name: 'go', payload: new Uint8Array(1), ...changes };
}

const largest = event({
  name: 'n'.repeat(64),
  payload: new Uint8Array(EVENT_PAYLOAD_BYTES_MAX),
  sequence: Number.MAX_SAFE_INTEGER,
});

describe('events', () => {
  test('come back as they were, up to their limits', () => {
    const events = Array.from({ length: EVENTS_MAX }, () => largest);
    const bytes = packEvents(events);
    expect(Buffer.compare(packEvents(unpackEvents(bytes)), bytes)).toBe(0);
    expect(unpackEvents(packEvents([largest]))).toEqual([largest]);
  });

  test('do not share the memory of the message that brought them', () => {
    const [told] = unpackEvents(packEvents([event()]));
    expect(told?.payload.buffer.byteLength).toBe(1);
  });

  test.each([
    ['too many', Array.from({ length: EVENTS_MAX + 1 }, () => event()), 'too many events at once'],
    [
      'a payload that is too large',
      [event({ payload: new Uint8Array(EVENT_PAYLOAD_BYTES_MAX + 1) })],
      'too large',
    ],
    ['a long name', [event({ name: 'n'.repeat(65) })], 'a name that is too long'],
    ['another name', [event({ name: 'a b' })], 'an event without a name'],
    ['no name', [event({ name: '' })], 'an event without a name'],
    ['no origin', [event({ origin: '' as NodeId })], 'a node without a name'],
    ['the number 0', [event({ sequence: 0 })], 'without a number'],
  ])('with %s are malformed', (_, events, reason) => {
    expect(() => unpackEvents(packEvents(events))).toThrow(reason);
  });

  test('that are cut off are malformed', () => {
    const bytes = packEvents([event()]);
    for (let length = 1; length < bytes.length; length++)
      expect(() => unpackEvents(bytes.subarray(0, length))).toThrow('the end came too early');
  });

  test.each([
    ['a', true],
    ['a/b:c.d_e-F9', true],
    ['', false],
    ['ä', false],
    ['a\n', false],
    [1, false],
  ])('may be called %j: %s', (name, isOne) => {
    expect(isEventName(name)).toBe(isOne);
  });
});
