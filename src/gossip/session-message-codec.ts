/** What nodes say to each other in a session, as positions (`docs/PROTOCOL.md`, "A session"). */

import { FRAME_BYTES_MAX } from '../core/limits.ts';
import { decodeRows, encodeRows } from '../core/row-codec.ts';
import type { SessionOrder } from '../ports/replica.ts';
import type { CodecsOf } from './codec.ts';
import { packHash } from './hash-list.ts';
import type { Chunk, SessionNotice, SessionReply, SessionRequest } from './session-messages.ts';
import type { Fields } from './validated-fields.ts';

/** A cursor is a key (at most 65,535 bytes), or an actor and a version, and little else. Part of the protocol. */
export const CURSOR_BYTES_MAX: number = 65_535 + 128;

const ORDERS: readonly SessionOrder[] = ['version', 'key'];

export const SESSION_CODECS: CodecsOf<SessionRequest | SessionReply | SessionNotice> = {
  open: {
    number: 7,
    positions: ({ request, rows, restHash, empty, compare, compress, wallMs }) => {
      const head = [request, encodeRows(rows), packHash(restHash)];
      return [...head, empty, compare, compress, Math.floor(wallMs)];
    },
    read: (fields) => ({
      type: 'open',
      request: fields.uint32(),
      rows: decodeRows(fields.bytes(FRAME_BYTES_MAX)),
      restHash: fields.hash(),
      empty: fields.boolean(),
      compare: fields.boolean(),
      compress: fields.boolean(),
      wallMs: fields.count(),
    }),
  },
  opened: {
    number: 8,
    positions: ({ request, session, order, rows, horizon, bootstrapping, entries, wallMs, chunk }) => {
      const head = [request, session, order, encodeRows(rows), horizon, bootstrapping, entries];
      return [...head, Math.floor(wallMs), ...chunkPositions(chunk)];
    },
    read: (fields) => ({
      type: 'opened',
      request: fields.uint32(),
      session: fields.sessionName(),
      order: fields.oneOf(ORDERS),
      rows: decodeRows(fields.bytes(FRAME_BYTES_MAX)),
      horizon: fields.version(),
      bootstrapping: fields.boolean(),
      entries: fields.count(),
      wallMs: fields.count(),
      chunk: readChunk(fields),
    }),
  },
  next: {
    number: 9,
    positions: ({ request, session, cursor, compress }) => [request, session, cursor, compress],
    read: (fields) => ({
      type: 'next',
      request: fields.uint32(),
      session: fields.sessionName(),
      cursor: fields.bytes(CURSOR_BYTES_MAX),
      compress: fields.boolean(),
    }),
  },
  'next-reply': {
    number: 10,
    positions: ({ request, chunk }) => [request, ...chunkPositions(chunk)],
    read: (fields) => ({ type: 'next-reply', request: fields.uint32(), chunk: readChunk(fields) }),
  },
  done: {
    number: 11,
    positions: ({ session }) => [session],
    read: (fields) => ({ type: 'done', session: fields.sessionName() }),
  },
  'keep-alive': {
    number: 21,
    positions: ({ session }) => [session],
    read: (fields) => ({ type: 'keep-alive', session: fields.sessionName() }),
  },
};

function readChunk(fields: Fields): Chunk {
  return {
    entries: fields.bytes(FRAME_BYTES_MAX),
    plainBytes: fields.upTo(FRAME_BYTES_MAX),
    cursor: fields.bytes(CURSOR_BYTES_MAX),
    last: fields.boolean(),
  };
}

function chunkPositions({ entries, plainBytes, cursor, last }: Chunk): readonly unknown[] {
  return [entries, plainBytes, cursor, last];
}
