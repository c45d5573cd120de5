/** What members tell each other, as positions of a message (`docs/PROTOCOL.md`, "Members"). */

import { MalformedBytes } from '../core/byte-reader.ts';
import { LOCAL_HEALTH_MAX } from '../membership/local-health.ts';
import type { MemberMessage } from '../membership/member-messages.ts';
import type { Update } from '../membership/member.ts';
import { PROBE_INTERVAL_MAX_MS } from '../membership/options.ts';
import { SEQUENCE_MAX } from '../membership/sequences.ts';
import { decodeUpdates, encodeUpdates, UPDATES_BYTES_MAX } from '../membership/update-codec.ts';
import type { Fields } from './validated-fields.ts';

/** First positions. Part of the protocol, since version 2. */
export const MEMBER_TYPE: Readonly<Record<MemberMessage['type'], number>> = {
  ping: 30,
  ack: 31,
  'ping-request': 32,
  nack: 33,
  'members-digest': 34,
  members: 35,
  'members-reply': 36,
};

/** Longest that a requester waits: the longest probe interval, of the illest node. Part of the protocol. */
const TIMEOUT_MAX_MS: number = (LOCAL_HEALTH_MAX + 1) * PROBE_INTERVAL_MAX_MS;

export function memberPositions(message: MemberMessage): readonly unknown[] {
  switch (message.type) {
    case 'ping':
    case 'ack':
      return [message.sequence, encodeUpdates(message.updates)];
    case 'ping-request': {
      const { sequence, target, timeoutMs, updates } = message;
      return [sequence, target, timeoutMs, encodeUpdates(updates)];
    }
    case 'nack':
      return [message.sequence];
    case 'members-digest':
      return [message.digest];
    case 'members':
      return [message.sequence, message.after, message.isLast, encodeUpdates(message.records)];
    case 'members-reply':
      return [message.sequence, message.isCut, encodeUpdates(message.records)];
  }
}

/** `undefined` if `type` is none of these. Throws `MalformedBytes`. */
export function readMemberMessage(type: number, fields: Fields): MemberMessage | undefined {
  switch (type) {
    case MEMBER_TYPE.ping:
      return { type: 'ping', sequence: fields.upTo(SEQUENCE_MAX), updates: readUpdates(fields) };
    case MEMBER_TYPE.ack:
      return { type: 'ack', sequence: fields.upTo(SEQUENCE_MAX), updates: readUpdates(fields) };
    case MEMBER_TYPE['ping-request']:
      return {
        type: 'ping-request',
        sequence: fields.upTo(SEQUENCE_MAX),
        target: fields.name(),
        timeoutMs: fields.upTo(TIMEOUT_MAX_MS),
        updates: readUpdates(fields),
      };
    case MEMBER_TYPE.nack:
      return { type: 'nack', sequence: fields.upTo(SEQUENCE_MAX) };
    case MEMBER_TYPE['members-digest']:
      return { type: 'members-digest', digest: fields.uint32() };
    case MEMBER_TYPE.members: {
      const page = {
        sequence: fields.upTo(SEQUENCE_MAX),
        after: fields.nameOrNone(),
        isLast: fields.boolean(),
      };
      const records = readRecords(fields, page.after);
      if (records.length === 0 && !page.isLast) throw new MalformedBytes('a page of members without an end');
      return { type: 'members', ...page, records };
    }
    case MEMBER_TYPE['members-reply']: {
      const answer = { sequence: fields.upTo(SEQUENCE_MAX), isCut: fields.boolean() };
      const records = readRecords(fields, '');
      if (records.length === 0 && answer.isCut) throw new MalformedBytes('a page of members without an end');
      return { type: 'members-reply', ...answer, records };
    }
    default:
      return undefined;
  }
}

function readUpdates(fields: Fields): Update[] {
  return decodeUpdates(fields.bytes(UPDATES_BYTES_MAX));
}

/** Ascending, behind `after`: so pages come to an end. */
function readRecords(fields: Fields, after: string): Update[] {
  const records = readUpdates(fields);
  let before = after;
  for (const { nodeId } of records) {
    if (nodeId <= before) throw new MalformedBytes('members out of order');
    before = nodeId;
  }
  return records;
}
