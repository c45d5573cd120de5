/** Messages about partial views, as positions of a message (`docs/PROTOCOL.md`, "Partial views"). */

import { isNodeId, type NodeId } from '../core/actor.ts';
import { MalformedBytes } from '../core/byte-reader.ts';
import type { HyParViewMessage } from '../membership/hyparview.ts';
import { encodeUpdates } from '../membership/update-codec.ts';
import type { CodecsOf } from './codec.ts';
import { readUpdates } from './member-message-codec.ts';
import type { ViewMessage } from './messages.ts';
import type { Fields } from './validated-fields.ts';

/** By number. Part of the protocol. */
const KINDS = [
  'join',
  'forward-join',
  'neighbour',
  'neighbour-reply',
  'disconnect',
  'shuffle',
  'shuffle-reply',
] as const satisfies readonly HyParViewMessage<NodeId>['type'][];

/** Steps of a walk. Part of the protocol. */
const WALK_MAX = 16;

/** Members that a shuffle names. Part of the protocol. */
const NAMED_MAX = 16;

/** Names, with spaces between. */
const NAMES_LENGTH_MAX = NAMED_MAX * 65;

/** Since version 2 of the protocol. */
export const VIEW_CODECS: CodecsOf<ViewMessage> = {
  view: {
    number: 46,
    positions: ({ message, updates }) =>
      message.type === 'disconnect'
        ? positionsOf(message)
        : [...positionsOf(message), encodeUpdates(updates)],
    read: (fields) => {
      const message = readMessage(fields);
      return { type: 'view', message, updates: message.type === 'disconnect' ? [] : readUpdates(fields) };
    },
  },
};

function positionsOf(message: HyParViewMessage<NodeId>): readonly unknown[] {
  const kind = KINDS.indexOf(message.type);
  switch (message.type) {
    case 'join':
    case 'disconnect':
      return [kind];
    case 'forward-join':
      return [kind, message.peer, message.left];
    case 'neighbour':
      return [kind, message.isUrgent];
    case 'neighbour-reply':
      return [kind, message.isAccepted];
    case 'shuffle':
      return [kind, message.origin, message.left, message.peers.join(' ')];
    case 'shuffle-reply':
      return [kind, message.peers.join(' ')];
  }
}

function readMessage(fields: Fields): HyParViewMessage<NodeId> {
  const type = KINDS[fields.upTo(KINDS.length - 1)] as (typeof KINDS)[number];
  switch (type) {
    case 'join':
    case 'disconnect':
      return { type };
    case 'forward-join':
      return { type, peer: fields.name(), left: fields.upTo(WALK_MAX) };
    case 'neighbour':
      return { type, isUrgent: fields.boolean() };
    case 'neighbour-reply':
      return { type, isAccepted: fields.boolean() };
    case 'shuffle':
      return { type, origin: fields.name(), left: fields.upTo(WALK_MAX), peers: readNames(fields) };
    case 'shuffle-reply':
      return { type, peers: readNames(fields) };
  }
}

function readNames(fields: Fields): readonly NodeId[] {
  const text = fields.text(NAMES_LENGTH_MAX);
  const names = text === '' ? [] : text.split(' ');
  if (names.length > NAMED_MAX) throw new MalformedBytes('too many members in one message');
  return names.map((name) => {
    if (!isNodeId(name)) throw new MalformedBytes('not the name of a member');
    return name;
  });
}
