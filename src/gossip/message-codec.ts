/**
 * Messages as bytes: one packed array each, its first element the number of its type (`docs/PROTOCOL.md`); the others are
 * in `*-message-codec.ts`, one file to each section of the protocol.
 */

import { MalformedBytes } from '../core/byte-reader.ts';
import type { Packer } from '../ports/packer.ts';
import { AGGREGATE_CODECS } from './aggregate-message-codec.ts';
import type { Codec, CodecsOf } from './codec.ts';
import { COMPARISON_CODECS } from './comparison-message-codec.ts';
import { GREETING_CODECS, isWhole } from './greeting-message-codec.ts';
import { MEMBER_CODECS } from './member-message-codec.ts';
import type { Failure, FailureCode, Message } from './messages.ts';
import { MONGERING_CODECS } from './mongering-message-codec.ts';
import { ROUND_CODECS } from './round-message-codec.ts';
import { SESSION_CODECS } from './session-message-codec.ts';
import { cleanReason, Fields } from './validated-fields.ts';
import { VIEW_CODECS } from './view-message-codec.ts';

const FAILURE_CODES: readonly FailureCode[] = ['stale', 'unknown-session', 'not-serving', 'invalid'];

/** What may take the place of any reply. */
const FAILURE_CODECS: CodecsOf<Failure> = {
  failure: {
    number: 12,
    positions: ({ request, code, reason }) => [request, code, cleanReason(reason)],
    read: (fields) => ({
      type: 'failure',
      request: fields.uint32(),
      code: fields.oneOf(FAILURE_CODES),
      reason: fields.reason(),
    }),
  },
};

const CODECS: CodecsOf<Message> = {
  ...GREETING_CODECS,
  ...ROUND_CODECS,
  ...SESSION_CODECS,
  ...COMPARISON_CODECS,
  ...MONGERING_CODECS,
  ...AGGREGATE_CODECS,
  ...MEMBER_CODECS,
  ...VIEW_CODECS,
  ...FAILURE_CODECS,
};

const READER_BY_NUMBER: ReadonlyMap<number, (fields: Fields) => Message> = new Map(
  Object.values(CODECS).map(({ number, read }) => [number, read]),
);

/** The body of a frame. */
export function encodeMessage(message: Message, packer: Packer): Uint8Array {
  // That of the message's own type, which TypeScript does not see.
  const { number, positions } = CODECS[message.type] as Codec<Message>;
  return packer.pack([number, ...positions(message)]);
}

/** Throws `MalformedBytes`, with a short reason that quotes nothing of `bytes`, on all but exactly one message. */
export function decodeMessage(bytes: Uint8Array, packer: Packer): Message {
  const fields = new Fields(unpackArray(bytes, packer));
  const read = READER_BY_NUMBER.get(fields.uint32());
  if (read === undefined) throw new MalformedBytes('a message of unknown type');
  const message = read(fields);
  if (message.type !== 'hello' || isWhole(message)) fields.end();
  return message;
}

/** A packer throws what it likes. */
function unpackArray(bytes: Uint8Array, packer: Packer): readonly unknown[] {
  let tree: unknown;
  try {
    tree = packer.unpack(bytes);
  } catch (error) {
    throw new MalformedBytes('a message that cannot be unpacked', { cause: error });
  }
  if (!Array.isArray(tree)) throw new MalformedBytes('a message that is not an array');
  return tree;
}
