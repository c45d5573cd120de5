/** What members tell each other, as positions of a message (`docs/PROTOCOL.md`, "Members"). */

import { MalformedBytes } from '../core/byte-reader.ts';
import { LOCAL_HEALTH_MAX } from '../membership/local-health.ts';
import type { MemberMessage } from '../membership/member-messages.ts';
import type { Update } from '../membership/member.ts';
import { PROBE_INTERVAL_MAX_MS } from '../membership/options.ts';
import { SEQUENCE_MAX } from '../membership/sequences.ts';
import { decodeUpdates, encodeUpdates, UPDATES_BYTES_MAX } from '../membership/update-codec.ts';
import type { CodecsOf } from './codec.ts';
import type { Fields } from './validated-fields.ts';

/** Longest that a requester waits: the longest probe interval, of the illest node. Part of the protocol. */
const TIMEOUT_MAX_MS: number = (LOCAL_HEALTH_MAX + 1) * PROBE_INTERVAL_MAX_MS;

/** Since version 2 of the protocol. */
export const MEMBER_CODECS: CodecsOf<MemberMessage> = {
  ping: {
    number: 30,
    positions: ({ sequence, updates }) => [sequence, encodeUpdates(updates)],
    read: (fields) => ({
      type: 'ping',
      sequence: fields.upTo(SEQUENCE_MAX),
      updates: readUpdates(fields),
    }),
  },
  ack: {
    number: 31,
    positions: ({ sequence, updates }) => [sequence, encodeUpdates(updates)],
    read: (fields) => ({
      type: 'ack',
      sequence: fields.upTo(SEQUENCE_MAX),
      updates: readUpdates(fields),
    }),
  },
  'ping-request': {
    number: 32,
    positions: ({ sequence, target, timeoutMs, updates }) => {
      return [sequence, target, timeoutMs, encodeUpdates(updates)];
    },
    read: (fields) => ({
      type: 'ping-request',
      sequence: fields.upTo(SEQUENCE_MAX),
      target: fields.name(),
      timeoutMs: fields.upTo(TIMEOUT_MAX_MS),
      updates: readUpdates(fields),
    }),
  },
  nack: {
    number: 33,
    positions: ({ sequence }) => [sequence],
    read: (fields) => ({ type: 'nack', sequence: fields.upTo(SEQUENCE_MAX) }),
  },
  'members-digest': {
    number: 34,
    positions: ({ digest }) => [digest],
    read: (fields) => ({ type: 'members-digest', digest: fields.uint32() }),
  },
  members: {
    number: 35,
    positions: ({ sequence, after, isLast, records }) => [sequence, after, isLast, encodeUpdates(records)],
    read: (fields) => {
      const page = {
        sequence: fields.upTo(SEQUENCE_MAX),
        after: fields.nameOrNone(),
        isLast: fields.boolean(),
      };
      return { type: 'members', ...page, records: readPage(fields, page.after, page.isLast) };
    },
  },
  'members-reply': {
    number: 36,
    positions: ({ sequence, isCut, records }) => [sequence, isCut, encodeUpdates(records)],
    read: (fields) => {
      const answer = { sequence: fields.upTo(SEQUENCE_MAX), isCut: fields.boolean() };
      return { type: 'members-reply', ...answer, records: readPage(fields, '', !answer.isCut) };
    },
  },
};

export function readUpdates(fields: Fields): Update[] {
  return decodeUpdates(fields.bytes(UPDATES_BYTES_MAX));
}

/** Ascending, behind `after`, and not empty before the last one: so pages come to an end. */
function readPage(fields: Fields, after: string, isLast: boolean): Update[] {
  const records = readUpdates(fields);
  let before = after;
  for (const { nodeId } of records) {
    if (nodeId <= before) throw new MalformedBytes('members out of order');
    before = nodeId;
  }
  if (records.length === 0 && !isLast) throw new MalformedBytes('a page of members without an end');
  return records;
}
