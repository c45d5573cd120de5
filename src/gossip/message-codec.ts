/** Messages as bytes: one packed array each, its first element the number of its type (`docs/PROTOCOL.md`). */

import { DEPTH_MAX, FAN_OUT } from '../core/bucket-tree.ts';
import { MalformedBytes } from '../core/byte-reader.ts';
import { PORT_MAX } from '../core/host.ts';
import { FRAME_BYTES_MAX } from '../core/limits.ts';
import type { Packer } from '../ports/packer.ts';
import {
  FETCH_KEYS_MAX,
  packIndices,
  packKeys,
  packSums,
  SUMS_NODES_MAX,
  unpackIndices,
  unpackKeys,
  unpackSums,
} from './comparison-lists.ts';
import { EVENTS_MAX, packEvents, unpackEvents } from './event-codec.ts';
import type { Share } from './aggregate.ts';
import { commonVersion, rangeOf, SPOKEN } from './handshake.ts';
import { CHAIN_ROWS_MAX, CHAINS_MAX, HEADS_MAX } from './heads.ts';
import {
  DIGEST_PAIRS_MAX,
  HASH_BYTES,
  PAIR_BYTES,
  packHash,
  packHashes,
  packPairs,
  unpackHashes,
  unpackPairs,
} from './hash-list.ts';
import {
  type Chunk,
  type DigestPair,
  type FailureCode,
  type Hello,
  type Message,
  type RejectCode,
} from './messages.ts';
import type { SessionOrder } from '../ports/replica.ts';
import { decodePlainRows, decodeRows, encodePlainRows, encodeRows } from '../core/row-codec.ts';
import { MEMBER_TYPE, memberPositions, readMemberMessage } from './member-message-codec.ts';
import { RUMOURS_MAX } from './rumour-codec.ts';
import { readViewMessage, VIEW_TYPE, viewPositions } from './view-codec.ts';
import { cleanReason, Fields } from './validated-fields.ts';

/** A cursor is a key (at most 65,535 bytes), or an actor and a version, and little else. Part of the protocol. */
export const CURSOR_BYTES_MAX: number = 65_535 + 128;

/** First positions of messages. Part of the protocol; those of hello and reject in all its versions. */
const TYPE = {
  hello: 1,
  reject: 2,
  summary: 3,
  'summary-reply': 4,
  digest: 5,
  'digest-reply': 6,
  open: 7,
  opened: 8,
  next: 9,
  'next-reply': 10,
  done: 11,
  failure: 12,
  compare: 13,
  compared: 14,
  sums: 15,
  'sums-reply': 16,
  list: 17,
  'list-reply': 18,
  fetch: 19,
  'fetch-reply': 20,
  'keep-alive': 21,
  lost: 22,
  recent: 23,
  'recent-reply': 24,
  rumours: 25,
  'rumours-reply': 26,
  events: 38,
  'events-reply': 39,
  heads: 40,
  'heads-reply': 41,
  chains: 42,
  'chains-reply': 43,
  ...MEMBER_TYPE,
  aggregate: 44,
  'aggregate-reply': 45,
  view: VIEW_TYPE,
} as const satisfies Record<Message['type'], number>;

/** The version of the protocol that added how a node is reached to its hello. */
const CONTACT_SINCE = 2;

const REJECT_CODES: readonly RejectCode[] = [
  'protocol-version',
  'cluster',
  'certificate',
  'same-node',
  'same-name',
  'misbehaved',
  'shutdown',
  'other',
];
const FAILURE_CODES: readonly FailureCode[] = ['stale', 'unknown-session', 'not-serving', 'invalid'];
const ORDERS: readonly SessionOrder[] = ['version', 'key'];

/** The body of a frame. */
export function encodeMessage(message: Message, packer: Packer): Uint8Array {
  return packer.pack([TYPE[message.type], ...positionsOf(message)]);
}

/** Throws `MalformedBytes`, with a short reason that quotes nothing of `bytes`, on all but exactly one message. */
export function decodeMessage(bytes: Uint8Array, packer: Packer): Message {
  const positions = unpackArray(bytes, packer);
  const fields = new Fields(positions);
  const message = messageOf(fields.uint32(), fields);
  if (message.type !== 'hello' || isWhole(message)) fields.end();
  return message;
}

/** A hello of a node that speaks a later version, too, may go on as that version likes. */
function isWhole(hello: Hello): boolean {
  return hello.newestVersion === commonVersion(SPOKEN, rangeOf(hello));
}

function positionsOf(message: Message): readonly unknown[] {
  switch (message.type) {
    case 'hello': {
      const { newestVersion, clusterId, nodeId, oldestVersion, bootNonce, settings } = message;
      const names = [newestVersion, clusterId, nodeId, oldestVersion];
      const { tombstoneTtlMs, maxDriftMs } = settings;
      return [...names, bootNonce, tombstoneTtlMs, maxDriftMs, ...contactPositions(message)];
    }
    case 'reject':
      return [message.code, cleanReason(message.reason)];
    case 'summary':
    case 'summary-reply': {
      const { request, contextHash, fingerprint, wallMs } = message;
      const { count, sum } = fingerprint;
      return [request, packHash(contextHash), count, packHash(sum), Math.floor(wallMs)];
    }
    case 'recent':
      return [message.request, encodePlainRows(message.rows)];
    case 'recent-reply':
      return [message.request, encodePlainRows(message.rows), packHash(message.restHash)];
    case 'digest': {
      const { request, from, to, pairs } = message;
      return [request, packHash(from), packHash(to), packPairs(pairs)];
    }
    case 'digest-reply':
      return [message.request, encodePlainRows(message.rows), packHashes(message.lacking)];
    case 'heads':
      return [message.request, encodePlainRows(message.rows), message.all];
    case 'heads-reply':
      return [message.request, encodePlainRows(message.rows), packHash(message.contextHash)];
    case 'chains':
      return [message.request, encodePlainRows(message.rows), message.steps];
    case 'chains-reply':
      return [message.request, encodePlainRows(message.rows)];
    case 'open': {
      const { request, rows, restHash, empty, compare, compress, wallMs } = message;
      return [request, encodeRows(rows), packHash(restHash), empty, compare, compress, Math.floor(wallMs)];
    }
    case 'opened': {
      const { request, session, order, rows, horizon, bootstrapping, entries, wallMs, chunk } = message;
      const head = [request, session, order, encodeRows(rows), horizon, bootstrapping, entries];
      return [...head, Math.floor(wallMs), ...chunkPositions(chunk)];
    }
    case 'next':
      return [message.request, message.session, message.cursor, message.compress];
    case 'next-reply':
      return [message.request, ...chunkPositions(message.chunk)];
    case 'compare':
      return [message.request, message.session, message.depth];
    case 'compared':
      return [message.request];
    case 'sums':
      return [message.request, message.session, message.level, packIndices(message.nodes)];
    case 'sums-reply':
      return [message.request, packSums(message.sums)];
    case 'list':
      return [message.request, message.session, packIndices(message.buckets), message.after];
    case 'list-reply':
      return [message.request, message.dots, message.last];
    case 'fetch':
      return [message.request, message.session, packKeys(message.keys)];
    case 'fetch-reply':
      return [message.request, message.count, message.entries, message.plainBytes];
    case 'rumours':
      return [message.request, message.rows, message.entries, message.steps, Math.floor(message.wallMs)];
    case 'events':
      return [message.request, packEvents(message.events)];
    case 'rumours-reply':
    case 'events-reply':
      return [message.request, message.feedback];
    case 'aggregate': {
      const { request, name, asker, epoch, ageMs, number, applied, share } = message;
      return [request, name, asker, epoch, ageMs, number, applied, ...sharePositions(share)];
    }
    case 'aggregate-reply':
      return [message.request, ...(message.share === undefined ? [] : sharePositions(message.share))];
    case 'view':
      return viewPositions(message);
    case 'lost':
      return [message.session, message.dots];
    case 'keep-alive':
    case 'done':
      return [message.session];
    case 'failure':
      return [message.request, message.code, cleanReason(message.reason)];
    case 'ping':
    case 'ack':
    case 'ping-request':
    case 'nack':
    case 'members-digest':
    case 'members':
    case 'members-reply':
      return memberPositions(message);
  }
}

/** Arguments are evaluated in the order in which they are written: that of the positions. */
function messageOf(type: number, fields: Fields): Message {
  switch (type) {
    case TYPE.hello:
      return readHello(fields);
    case TYPE.reject:
      return { type: 'reject', code: fields.knownCode(REJECT_CODES, 'other'), reason: fields.reason() };
    case TYPE.summary:
      return { type: 'summary', ...readSummary(fields) };
    case TYPE['summary-reply']:
      return { type: 'summary-reply', ...readSummary(fields) };
    case TYPE.recent:
      return {
        type: 'recent',
        request: fields.uint32(),
        rows: decodePlainRows(fields.bytes(FRAME_BYTES_MAX)),
      };
    case TYPE['recent-reply']:
      return {
        type: 'recent-reply',
        request: fields.uint32(),
        rows: decodePlainRows(fields.bytes(FRAME_BYTES_MAX)),
        restHash: fields.hash(),
      };
    case TYPE.digest:
      return { type: 'digest', request: fields.uint32(), ...readRange(fields) };
    case TYPE['digest-reply']:
      return {
        type: 'digest-reply',
        request: fields.uint32(),
        rows: decodePlainRows(fields.bytes(FRAME_BYTES_MAX)),
        lacking: unpackHashes(fields.bytes(DIGEST_PAIRS_MAX * HASH_BYTES)),
      };
    case TYPE.heads:
      return {
        type: 'heads',
        request: fields.uint32(),
        rows: decodePlainRows(fields.bytes(FRAME_BYTES_MAX), HEADS_MAX),
        all: fields.boolean(),
      };
    case TYPE['heads-reply']:
      return {
        type: 'heads-reply',
        request: fields.uint32(),
        rows: decodePlainRows(fields.bytes(FRAME_BYTES_MAX), HEADS_MAX),
        contextHash: fields.hash(),
      };
    case TYPE.chains:
      return {
        type: 'chains',
        request: fields.uint32(),
        rows: decodePlainRows(fields.bytes(FRAME_BYTES_MAX), CHAINS_MAX),
        steps: fields.upTo(CHAIN_ROWS_MAX),
      };
    case TYPE['chains-reply']:
      return {
        type: 'chains-reply',
        request: fields.uint32(),
        rows: decodePlainRows(fields.bytes(FRAME_BYTES_MAX), CHAIN_ROWS_MAX),
      };
    case TYPE.open:
      return {
        type: 'open',
        request: fields.uint32(),
        rows: decodeRows(fields.bytes(FRAME_BYTES_MAX)),
        restHash: fields.hash(),
        empty: fields.boolean(),
        compare: fields.boolean(),
        compress: fields.boolean(),
        wallMs: fields.count(),
      };
    case TYPE.opened:
      return {
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
      };
    case TYPE.next:
      return {
        type: 'next',
        request: fields.uint32(),
        session: fields.sessionName(),
        cursor: fields.bytes(CURSOR_BYTES_MAX),
        compress: fields.boolean(),
      };
    case TYPE['next-reply']:
      return { type: 'next-reply', request: fields.uint32(), chunk: readChunk(fields) };
    case TYPE.compare:
      return {
        type: 'compare',
        request: fields.uint32(),
        session: fields.sessionName(),
        depth: fields.upTo(DEPTH_MAX),
      };
    case TYPE.compared:
      return { type: 'compared', request: fields.uint32() };
    case TYPE.sums:
      return {
        type: 'sums',
        request: fields.uint32(),
        session: fields.sessionName(),
        level: fields.upTo(DEPTH_MAX - 1),
        nodes: unpackIndices(fields.bytes(FRAME_BYTES_MAX), SUMS_NODES_MAX),
      };
    case TYPE['sums-reply']:
      return {
        type: 'sums-reply',
        request: fields.uint32(),
        sums: unpackSums(fields.bytes(FRAME_BYTES_MAX)),
      };
    case TYPE.list:
      return {
        type: 'list',
        request: fields.uint32(),
        session: fields.sessionName(),
        buckets: unpackIndices(fields.bytes(FRAME_BYTES_MAX), FAN_OUT ** DEPTH_MAX),
        after: fields.bytes(CURSOR_BYTES_MAX),
      };
    case TYPE['list-reply']:
      return {
        type: 'list-reply',
        request: fields.uint32(),
        dots: fields.bytes(FRAME_BYTES_MAX),
        last: fields.boolean(),
      };
    case TYPE.fetch:
      return {
        type: 'fetch',
        request: fields.uint32(),
        session: fields.sessionName(),
        keys: unpackKeys(fields.bytes(FRAME_BYTES_MAX)),
      };
    case TYPE['fetch-reply']:
      return {
        type: 'fetch-reply',
        request: fields.uint32(),
        count: fields.upTo(FETCH_KEYS_MAX),
        entries: fields.bytes(FRAME_BYTES_MAX),
        plainBytes: fields.upTo(FRAME_BYTES_MAX),
      };
    case TYPE.rumours:
      return {
        type: 'rumours',
        request: fields.uint32(),
        rows: fields.bytes(FRAME_BYTES_MAX),
        entries: fields.bytes(FRAME_BYTES_MAX),
        steps: fields.bytes(FRAME_BYTES_MAX),
        wallMs: fields.count(),
      };
    case TYPE['rumours-reply']:
      return { type: 'rumours-reply', request: fields.uint32(), feedback: fields.bytes(RUMOURS_MAX) };
    case TYPE.events:
      return {
        type: 'events',
        request: fields.uint32(),
        events: unpackEvents(fields.bytes(FRAME_BYTES_MAX)),
      };
    case TYPE['events-reply']:
      return { type: 'events-reply', request: fields.uint32(), feedback: fields.bytes(EVENTS_MAX) };
    case TYPE.aggregate:
      return {
        type: 'aggregate',
        request: fields.uint32(),
        name: fields.name(),
        asker: fields.name(),
        epoch: fields.uint32(),
        ageMs: fields.count(),
        number: fields.uint32(),
        applied: fields.uint32(),
        share: readShare(fields),
      };
    case TYPE['aggregate-reply']:
      return {
        type: 'aggregate-reply',
        request: fields.uint32(),
        share: fields.hasMore ? readShare(fields) : undefined,
      };
    case TYPE.view:
      return readViewMessage(fields);
    case TYPE['keep-alive']:
      return { type: 'keep-alive', session: fields.sessionName() };
    case TYPE.lost:
      return { type: 'lost', session: fields.sessionName(), dots: fields.bytes(FRAME_BYTES_MAX) };
    case TYPE.done:
      return { type: 'done', session: fields.sessionName() };
    case TYPE.failure:
      return {
        type: 'failure',
        request: fields.uint32(),
        code: fields.oneOf(FAILURE_CODES),
        reason: fields.reason(),
      };
    default: {
      const message = readMemberMessage(type, fields);
      if (message === undefined) throw new MalformedBytes('a message of unknown type');
      return message;
    }
  }
}

/** Of a node with which no version is common only what all versions share is read: enough to refuse it by name. */
function readHello(fields: Fields): Hello {
  const newestVersion = fields.uint32();
  const names = { clusterId: fields.name() as string, nodeId: fields.name() };
  const oldestVersion = fields.uint32();
  if (oldestVersion > newestVersion) throw new MalformedBytes('a range of versions that holds none');
  const told = { type: 'hello', newestVersion, oldestVersion, ...names } as const;
  if (commonVersion(SPOKEN, rangeOf(told)) === undefined)
    return { ...told, bootNonce: 0, settings: { tombstoneTtlMs: 0, maxDriftMs: 0 } };
  const bootNonce = fields.uint32();
  const settings = { tombstoneTtlMs: fields.count(), maxDriftMs: fields.count() };
  if (newestVersion < CONTACT_SINCE) return { ...told, bootNonce, settings };
  const host = fields.host();
  const port = fields.upTo(PORT_MAX);
  const contact = { host, port, seenHost: fields.host(), startedMs: fields.count() };
  return { ...told, bootNonce, settings, contact };
}

/** Positions that version 2 has added. */
function contactPositions({ newestVersion, contact }: Hello): readonly unknown[] {
  if (newestVersion < CONTACT_SINCE || contact === undefined) return [];
  const { host, port, seenHost, startedMs } = contact;
  return [host, port, seenHost, Math.floor(startedMs)];
}

function readSummary(fields: Fields) {
  return {
    request: fields.uint32(),
    contextHash: fields.hash(),
    fingerprint: fields.sum(),
    wallMs: fields.count(),
  };
}

function readRange(fields: Fields): { from: bigint; to: bigint; pairs: DigestPair[] } {
  const from = fields.hash();
  const to = fields.hash();
  if (from > to) throw new MalformedBytes('a range that ends before it begins');
  return { from, to, pairs: unpackPairs(fields.bytes(DIGEST_PAIRS_MAX * PAIR_BYTES), from, to) };
}

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

function readShare(fields: Fields): Share {
  const mass = { sum: fields.number(), contributors: fields.number(), weight: fields.number() };
  return { ...mass, ...fields.extremes() };
}

function sharePositions({ sum, contributors, weight, minimum, maximum }: Share): readonly unknown[] {
  return [sum, contributors, weight, minimum, maximum];
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
