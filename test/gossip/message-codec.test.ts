import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { makeActor } from '../../src/core/actor.ts';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import { type FullRow, type Row, SUM_ZERO, unknownRow } from '../../src/core/context.ts';
import type { Version } from '../../src/core/version.ts';
import { FETCH_KEYS_MAX, SUMS_NODES_MAX } from '../../src/gossip/comparison-lists.ts';
import { DIGEST_PAIRS_MAX } from '../../src/gossip/hash-list.ts';
import { EVENTS_MAX } from '../../src/gossip/event-codec.ts';
import { CHAIN_ROWS_MAX, CHAINS_MAX, HEADS_MAX } from '../../src/gossip/heads.ts';
import { decodeMessage, encodeMessage } from '../../src/gossip/message-codec.ts';
import { CURSOR_BYTES_MAX } from '../../src/gossip/session-message-codec.ts';
import type { Hello } from '../../src/gossip/greeting-messages.ts';
import type { Message } from '../../src/gossip/messages.ts';
import { PROTOCOL_VERSION } from '../../src/gossip/protocol-version.ts';
import { RUMOURS_MAX } from '../../src/gossip/rumour-codec.ts';
import type { Summary } from '../../src/gossip/round-messages.ts';
import type { Chunk } from '../../src/gossip/session-messages.ts';
import { encodePlainRows, encodeRows, ROWS_MAX } from '../../src/core/row-codec.ts';
import { FRAME_BYTES_MAX, FRAME_HEADER_BYTES } from '../../src/core/limits.ts';
import { encodeUpdates } from '../../src/membership/update-codec.ts';
import { packer } from '../../src/adapters/msgpack-packer.ts';
import { HASH_MAX, hex, nodeId, plainRow, unhex } from '../support/codec-arbitraries.ts';

/** The grammar, in one line. */
const PROTOCOL = readFileSync(new URL('../../docs/PROTOCOL.md', import.meta.url), 'utf8').replaceAll(
  /\s+/g,
  ' ',
);

const BIRTH = 0x3_0000_0000_0000 as Version;
const ACTOR = makeActor(nodeId('a'), BIRTH, 1);
const ROW: FullRow = {
  actor: ACTOR,
  received: (BIRTH + 2) as Version,
  closed: (BIRTH + 2) as Version,
  cloud: { count: 1, sum: 0x0102_0304_0506_0708n },
  cloudVersions: [(BIRTH + 5) as Version],
  loose: SUM_ZERO,
  predecessor: undefined,
};
const WALL_MS = 1_800_000_000_000;
const SESSION = '0123456789abcdef0123456789abcdef';
const HELLO: Hello = {
  type: 'hello',
  newestVersion: 1,
  oldestVersion: 1,
  clusterId: 'c',
  nodeId: nodeId('a'),
  bootNonce: 0xdead_beef,
  settings: { tombstoneTtlMs: 86_400_000, maxDriftMs: 60_000 },
};
const SUMMARY: Summary = {
  type: 'summary',
  request: 7,
  contextHash: 0x0102_0304_0506_0708n,
  fingerprint: { count: 1000, sum: HASH_MAX },
  wallMs: WALL_MS,
};
const CHUNK: Chunk = { entries: Uint8Array.of(1, 2, 3), plainBytes: 4, cursor: Uint8Array.of(9), last: true };

/** Hashes, one after another. */
function hashesOf(...numbers: number[]): Uint8Array {
  const bytes = new Uint8Array(8 * numbers.length);
  for (const [index, number] of numbers.entries()) bytes[8 * index + 7] = number;
  return bytes;
}

const bytesOf = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);

/** 2^53 - 1, the largest one. */
const MAX_VARINT = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];

function decodeTree(tree: unknown): Message {
  return decodeMessage(packer.pack(tree), packer);
}

describe('on the wire', () => {
  test('an idle round costs less than 100 bytes each way, its frame included', () => {
    const largest: Summary = {
      type: 'summary',
      request: 0xffff_ffff,
      contextHash: HASH_MAX,
      fingerprint: { count: Number.MAX_SAFE_INTEGER, sum: HASH_MAX },
      wallMs: Number.MAX_SAFE_INTEGER,
    };
    const sizes = [SUMMARY, largest].flatMap((message) => [
      FRAME_HEADER_BYTES + encodeMessage(message, packer).length,
      FRAME_HEADER_BYTES + encodeMessage({ ...message, type: 'summary-reply' }, packer).length,
    ]);
    expect(sizes).toMatchInlineSnapshot(`
      [
        40,
        40,
        50,
        50,
      ]
    `);
    expect(Math.max(...sizes)).toBeLessThan(100);
  });

  // For each rule of docs/PROTOCOL.md a message and its bytes.
  const row = '01 05 01 61 808080808080c001 00000001 02 01 0102030405060708';
  const wall = 'cb 427a3185c5000000';
  const session = `d920 ${hex(Buffer.from(SESSION))}`;
  const pinned: Record<string, [Message, string]> = {
    'hello = [1, newestVersion: uint32, clusterId: name, nodeId: name, oldestVersion: uint32, bootNonce: uint32, tombstoneTtlMs: ms, maxDriftMs: ms]':
      [HELLO, '98 01 01 a163 a161 01 cedeadbeef ce05265c00 cdea60'],
    'bootNonce: uint32, tombstoneTtlMs: ms, maxDriftMs: ms, host: host, port: 0..65535, seenHost: host, startedMs: ms]':
      [
        {
          ...HELLO,
          newestVersion: 2,
          contact: { host: 'h', port: 1, seenHost: '::1', startedMs: 2 },
        },
        '9c 01 02 a163 a161 01 cedeadbeef ce05265c00 cdea60 a168 01 a33a3a31 02',
      ],
    'reject = [2, code, reason]': [
      { type: 'reject', code: 'cluster', reason: 'no' },
      '93 02 a7636c7573746572 a26e6f',
    ],
    'summary = [3, request: uint32, contextHash: hash, fingerprint, wallMs: ms]': [
      SUMMARY,
      `96 03 07 c4080102030405060708 cd03e8 c408ffffffffffffffff ${wall}`,
    ],
    'summary-reply = [4, request: uint32, contextHash: hash, fingerprint, wallMs: ms]': [
      { ...SUMMARY, type: 'summary-reply' },
      `96 04 07 c4080102030405060708 cd03e8 c408ffffffffffffffff ${wall}`,
    ],
    'digest = [5, request: uint32, from: hash, to: hash, pairs]': [
      { type: 'digest', request: 7, from: 0n, to: HASH_MAX, pairs: [{ actorHash: 1n, rowHash: 2n }] },
      '95 05 07 c4080000000000000000 c408ffffffffffffffff c41000000000000000010000000000000002',
    ],
    'recent = [23, request: uint32, plainRows]': [
      { type: 'recent', request: 7, rows: [plainRow(ROW)] },
      `93 17 07 c41a ${row}`,
    ],
    'recent-reply = [24, request: uint32, plainRows, restHash: hash]': [
      { type: 'recent-reply', request: 7, rows: [plainRow(ROW)], restHash: 3n },
      `94 18 07 c41a ${row} c4080000000000000003`,
    ],
    'digest-reply = [6, request: uint32, plainRows, lacking]': [
      { type: 'digest-reply', request: 7, rows: [plainRow(ROW)], lacking: [1n, 2n] },
      `94 06 07 c41a ${row} c41000000000000000010000000000000002`,
    ],
    'heads = [40, request: uint32, plainRows, all: boolean]': [
      { type: 'heads', request: 7, rows: [plainRow(ROW)], all: true },
      `94 28 07 c41a ${row} c3`,
    ],
    'heads-reply = [41, request: uint32, plainRows, contextHash: hash]': [
      { type: 'heads-reply', request: 7, rows: [plainRow(ROW)], contextHash: 3n },
      `94 29 07 c41a ${row} c4080000000000000003`,
    ],
    'chains = [42, request: uint32, plainRows, steps: 0..4096]': [
      { type: 'chains', request: 7, rows: [plainRow(ROW)], steps: 16 },
      `94 2a 07 c41a ${row} 10`,
    ],
    'chains-reply = [43, request: uint32, plainRows]': [
      { type: 'chains-reply', request: 7, rows: [plainRow(ROW)] },
      `93 2b 07 c41a ${row}`,
    ],
    'open = [7, request: uint32, rows, restHash: hash, empty: boolean, compare: boolean, compress: boolean, wallMs: ms]':
      [
        {
          type: 'open',
          request: 7,
          rows: [ROW],
          restHash: 3n,
          empty: false,
          compare: true,
          compress: false,
          wallMs: WALL_MS,
        },
        `98 07 07 c41b ${row} 03 c4080000000000000003 c2 c3 c2 ${wall}`,
      ],
    'opened = [8, request: uint32, session, order, rows, horizon: version, bootstrapping: boolean, entries: count, wallMs: ms, chunk]':
      [
        {
          type: 'opened',
          request: 7,
          session: SESSION,
          order: 'key',
          rows: [ROW],
          horizon: 5 as Version,
          bootstrapping: true,
          entries: 9,
          wallMs: WALL_MS,
          chunk: CHUNK,
        },
        `9d 08 07 d920 ${hex(Buffer.from(SESSION))} a36b6579 c41b ${row} 03 05 c3 09 ${wall} c403010203 04 c40109 c3`,
      ],
    'next = [9, request: uint32, session, cursor, compress: boolean]': [
      { type: 'next', request: 7, session: SESSION, cursor: CHUNK.cursor, compress: true },
      `95 09 07 d920 ${hex(Buffer.from(SESSION))} c40109 c3`,
    ],
    'next-reply = [10, request: uint32, chunk]': [
      { type: 'next-reply', request: 7, chunk: CHUNK },
      '96 0a 07 c403010203 04 c40109 c3',
    ],
    'done = [11, session]': [{ type: 'done', session: SESSION }, `92 0b d920 ${hex(Buffer.from(SESSION))}`],
    'failure = [12, request: uint32, code, reason]': [
      { type: 'failure', request: 7, code: 'stale', reason: 'late' },
      '94 0c 07 a57374616c65 a46c617465',
    ],
    'compare = [13, request: uint32, session, depth: 0..5]': [
      { type: 'compare', request: 7, session: SESSION, depth: 5 },
      `94 0d 07 ${session} 05`,
    ],
    'compared = [14, request: uint32]': [{ type: 'compared', request: 7 }, '92 0e 07'],
    'sums = [15, request: uint32, session, level: 0..4, indices]': [
      { type: 'sums', request: 7, session: SESSION, level: 4, nodes: [0, 2, 133] },
      `95 0f 07 ${session} 04 c404 00 01 8201`,
    ],
    'sums-reply = [16, request: uint32, bytes: hash*]': [
      { type: 'sums-reply', request: 7, sums: Array.from({ length: 16 }, () => HASH_MAX) },
      `93 10 07 c480 ${'ff'.repeat(128)}`,
    ],
    'list = [17, request: uint32, session, indices, after: bytes(65 663)]': [
      { type: 'list', request: 7, session: SESSION, buckets: [1, 2 ** 20 - 1], after: Uint8Array.of(0x6b) },
      `95 11 07 ${session} c404 01 fdff3f c4016b`,
    ],
    'list-reply = [18, request: uint32, dots: bytes, last: boolean]': [
      { type: 'list-reply', request: 7, dots: CHUNK.entries, last: false },
      '94 12 07 c403010203 c2',
    ],
    'fetch = [19, request: uint32, session, keys: bytes: text*]': [
      { type: 'fetch', request: 7, session: SESSION, keys: [Uint8Array.of(0x61), Uint8Array.of(0x62, 0x63)] },
      `94 13 07 ${session} c405 0161 026263`,
    ],
    'fetch-reply = [20, request: uint32, count: 0..1024, travelling]': [
      { type: 'fetch-reply', request: 7, count: 1024, entries: CHUNK.entries, plainBytes: 4 },
      '95 14 07 cd0400 c403010203 04',
    ],
    'keep-alive = [21, session]': [{ type: 'keep-alive', session: SESSION }, `92 15 ${session}`],
    'lost = [22, session, dots: bytes]': [
      { type: 'lost', session: SESSION, dots: CHUNK.entries },
      `93 16 ${session} c403010203`,
    ],
    'rumours = [25, request: uint32, plainRows, chunk, steps: bytes, wallMs: ms]': [
      {
        type: 'rumours',
        request: 7,
        rows: bytesOf(1, 2),
        entries: CHUNK.entries,
        steps: bytesOf(1),
        wallMs: WALL_MS,
      },
      `96 19 07 c4020102 c403010203 c40101 ${wall}`,
    ],
    'rumours-reply = [26, request: uint32, feedback: bytes]': [
      { type: 'rumours-reply', request: 7, feedback: bytesOf(1, 0) },
      '93 1a 07 c4020100',
    ],
    'events = [38, request: uint32, events: bytes]': [
      {
        type: 'events',
        request: 7,
        events: [{ origin: nodeId('a'), run: 5, sequence: 300, name: 'go', payload: bytesOf(0xc0) }],
      },
      '93 26 07 c40d 0161 00000005 ac02 02676f 01c0',
    ],
    'events-reply = [39, request: uint32, feedback: bytes]': [
      { type: 'events-reply', request: 7, feedback: bytesOf(1) },
      '93 27 07 c40101',
    ],
    'aggregate = [44, request: uint32, name: name, asker: name, epoch: uint32, ageMs: ms, number: uint32, applied: uint32, share]':
      [
        {
          type: 'aggregate',
          request: 7,
          name: 'keys',
          asker: nodeId('a'),
          epoch: 9,
          ageMs: 100,
          number: 2,
          applied: 1,
          share: { sum: 2.5, contributors: 1, weight: 0, minimum: -1, maximum: 6 },
        },
        '9d 2c 07 a46b657973 a161 09 64 02 01 cb4004000000000000 01 00 ff 06',
      ],
    'view = [46, 0, updates] join': [
      { type: 'view', message: { type: 'join' }, updates: [] },
      '93 2e 00 c400',
    ],
    '| [46, 1, peer: name, left: 0..16, updates] forward-join': [
      { type: 'view', message: { type: 'forward-join', peer: nodeId('a'), left: 16 }, updates: [] },
      '95 2e 01 a161 10 c400',
    ],
    '| [46, 2, isUrgent: boolean, updates] neighbour': [
      { type: 'view', message: { type: 'neighbour', isUrgent: true }, updates: [] },
      '94 2e 02 c3 c400',
    ],
    '| [46, 3, isAccepted: boolean, updates] neighbour-reply': [
      { type: 'view', message: { type: 'neighbour-reply', isAccepted: false }, updates: [] },
      '94 2e 03 c2 c400',
    ],
    '| [46, 4] disconnect': [{ type: 'view', message: { type: 'disconnect' }, updates: [] }, '92 2e 04'],
    '| [46, 5, origin: name, left: 0..16, peers, updates] shuffle': [
      {
        type: 'view',
        message: { type: 'shuffle', origin: nodeId('a'), left: 6, peers: [nodeId('b'), nodeId('c')] },
        updates: [],
      },
      '96 2e 05 a161 06 a3622063 c400',
    ],
    '| [46, 6, peers, updates] shuffle-reply': [
      { type: 'view', message: { type: 'shuffle-reply', peers: [] }, updates: [] },
      '94 2e 06 a0 c400',
    ],
    'aggregate-reply = [45, request: uint32, share?]': [
      {
        type: 'aggregate-reply',
        request: 7,
        share: {
          sum: 0,
          contributors: 0,
          weight: 0.5,
          minimum: Number.POSITIVE_INFINITY,
          maximum: Number.NEGATIVE_INFINITY,
        },
      },
      '97 2d 07 00 00 cb3fe0000000000000 cb7ff0000000000000 cbfff0000000000000',
    ],
    '[45, request: uint32, share?]': [{ type: 'aggregate-reply', request: 7, share: undefined }, '92 2d 07'],
  };
  test.each(Object.entries(pinned))('%s', (rule, [message, expected]) => {
    expect(PROTOCOL).toContain(rule);
    expect(hex(encodeMessage(message, packer))).toBe(expected.replaceAll(' ', ''));
    expect(decodeMessage(unhex(expected), packer)).toEqual(message);
  });
});

describe('a message is refused', () => {
  const hash = new Uint8Array(8);
  const from = hashesOf(2);
  const to = hashesOf(9);
  const rows = encodeRows([ROW]);
  const long = new Uint8Array(CURSOR_BYTES_MAX + 1);
  const nobody = encodeUpdates([]);
  const namesOf = (count: number): string => Array.from({ length: count }, (_, at) => `n${at}`).join(' ');
  const cases: Record<string, [unknown, string]> = {
    'that is no array': [7, 'a message that is not an array'],
    'that is empty': [[], 'a message with too few positions'],
    'of type 0': [[0], 'a message of unknown type'],
    'of type 27': [[27], 'a message of unknown type'],
    'whose type is a name': [['hello'], 'position 0 of a message is not an integer'],
    'with a position too few': [[11], 'a message with too few positions'],
    'with a position too many': [[11, SESSION, 0], 'a message with too many positions'],
    'with a request above 32 bits': [
      [9, 2 ** 32, SESSION, hash],
      'position 1 of a message is not an integer of 32',
    ],
    'with a negative request': [[9, -1, SESSION, hash], 'position 1 of a message is not an integer from 0'],
    'with a fraction for a request': [
      [9, 0.5, SESSION, hash],
      'position 1 of a message is not an integer from 0',
    ],
    'with upper case in the name of a session': [[11, SESSION.toUpperCase()], 'not the name of a session'],
    'with a short name of a session': [[11, SESSION.slice(1)], 'not the name of a session'],
    'with a line break after the name of a session': [[11, `${SESSION}\n`], 'not the name of a session'],
    'with the name of a session in a list': [[11, [SESSION]], 'not the name of a session'],
    'with a node id that is none': [[1, 1, 'c', 'a b', 0, 0, 0], 'position 3 of a message is not a name'],
    'with a cluster id of 65 characters': [
      [1, 1, 'c'.repeat(65), 'a', 0, 0, 0],
      'position 2 of a message is not a',
    ],
    'with infinity for a setting': [
      [1, 1, 'c', 'a', 0, Infinity, 0],
      'position 5 of a message is not an integer',
    ],
    'with a code of no rejection': [[2, 'Stale', ''], 'position 1 of a message is not a code'],
    'with a code in a list': [[2, ['too-loud'], ''], 'position 1 of a message is not a code'],
    'with a code of no failure': [[12, 7, 'cluster', ''], 'not one of stale, unknown-session'],
    'with a number for a reason': [[12, 7, 'stale', 7], 'position 3 of a message is not a reason'],
    'with a reason of 501 characters': [[12, 7, 'stale', 'x'.repeat(501)], 'not a short line'],
    'with a reason of two lines': [[12, 7, 'stale', 'a\nb'], 'not a short line'],
    'with a hash of 7 bytes': [
      [3, 7, hash.subarray(1), 1, hash, 0],
      'position 2 of a message is not 8 bytes',
    ],
    'with a hash that is a number': [[3, 7, 1, 1, hash, 0], 'position 2 of a message is not a byte string'],
    'with a sum of nothing that is not 0': [[3, 7, hash, 0, to, 0], 'not 0, as the sum of nothing'],
    'with a wall clock above 2^53 - 1': [
      [3, 7, hash, 1, hash, 2 ** 53],
      'position 5 of a message is not an integer',
    ],
    'with a range that ends before it begins': [
      [5, 7, to, from, hash.subarray(8)],
      'a range that ends before',
    ],
    'with half a pair': [[5, 7, from, to, hash], 'a list that is not of 16 bytes each'],
    'with a pair below the range': [[5, 7, from, to, hashesOf(1, 0)], 'a hash out of range'],
    'with a pair above the range': [[5, 7, from, to, hashesOf(10, 0)], 'a hash out of range'],
    'with pairs out of order': [[5, 7, from, to, hashesOf(4, 0, 3, 0)], 'hashes out of order'],
    'with a pair twice': [[5, 7, from, to, hashesOf(4, 0, 4, 0)], 'hashes out of order'],
    'with too many pairs': [[5, 7, hash, to, new Uint8Array(16 * 4097)], 'not at most 65536 bytes'],
    'with too many lacking actors': [
      [6, 7, encodePlainRows([]), new Uint8Array(8 * 4097)],
      'not at most 32768 bytes',
    ],
    'with lacking actors out of order': [[6, 7, encodePlainRows([]), hashesOf(2, 1)], 'hashes out of order'],
    'with full rows where plain ones belong': [[6, 7, rows, hashesOf()], '1 bytes too many'],
    'with plain rows where full ones belong': [
      [7, 7, rows.subarray(0, -1), hash, true, 0],
      'a cloud longer than',
    ],
    'with a number for a boolean': [[7, 7, rows, hash, 1, 0], 'position 4 of a message is not a boolean'],
    'with a cursor that is too long': [[9, 7, SESSION, long], 'not at most 65663 bytes'],
    'with a cursor that is a string': [[9, 7, SESSION, 'k'], 'position 3 of a message is not a byte string'],
    'with a depth above 5': [[13, 7, SESSION, 6], 'position 3 of a message is not at most 5'],
    'with a negative depth': [[13, 7, SESSION, -1], 'position 3 of a message is not an integer from 0'],
    'with the level of the buckets themselves': [
      [15, 7, SESSION, 5, bytesOf(0)],
      'position 3 of a message is not at most 4',
    ],
    'with nodes that are no bytes': [
      [15, 7, SESSION, 0, [0]],
      'position 4 of a message is not a byte string',
    ],
    'with half a node': [[15, 7, SESSION, 0, bytesOf(0x80)], 'the end came too early'],
    'with a node longer than need be': [
      [15, 7, SESSION, 0, bytesOf(0x80, 0)],
      'an integer longer than need be',
    ],
    'with more nodes than are asked for at once': [
      [15, 7, SESSION, 4, new Uint8Array(SUMS_NODES_MAX + 1)],
      'too many indices',
    ],
    'with nodes of more bytes than so many can have': [
      [15, 7, SESSION, 4, new Uint8Array(4 * SUMS_NODES_MAX + 1)],
      'too many indices',
    ],
    'with a bucket above all integers': [
      [17, 7, SESSION, bytesOf(...MAX_VARINT, ...MAX_VARINT), bytesOf()],
      'too many indices',
    ],
    'with a key to go on after that is too long': [
      [17, 7, SESSION, bytesOf(0), long],
      'position 4 of a message is not at most 65663 bytes',
    ],
    'with fifteen sums for a node': [
      [16, 7, new Uint8Array(15 * 8)],
      'sums that are not sixteen for each node',
    ],
    'with half a sum': [[16, 7, new Uint8Array(16 * 8 - 4)], 'sums that are not sixteen for each node'],
    'with sums for more nodes than were asked for at once': [
      [16, 7, new Uint8Array(16 * 8 * (SUMS_NODES_MAX + 1))],
      'sums that are not sixteen for each node',
    ],
    'with a list that does not tell whether it is the last': [
      [18, 7, bytesOf(), 0],
      'position 3 of a message is not a boolean',
    ],
    'with a key that ends too early': [[19, 7, SESSION, bytesOf(2, 0x61)], 'the end came too early'],
    'with more keys than are fetched at once': [
      [19, 7, SESSION, new Uint8Array(FETCH_KEYS_MAX + 1)],
      'too many keys at once',
    ],
    'with entries of more keys than are fetched at once': [
      [20, 7, FETCH_KEYS_MAX + 1, bytesOf()],
      'position 2 of a message is not at most 1024',
    ],
    'with a keep-alive of no session': [[21, ''], 'not the name of a session'],
    'with lost dots that are no bytes': [[22, SESSION, 'k'], 'position 2 of a message is not a byte string'],
    'with an order that is none': [
      [8, 7, SESSION, 'time', rows, 0, true, 0, hash, hash, true],
      'not one of version,',
    ],
    'with a chunk that is longer than a frame when it is plain': [
      [10, 7, bytesOf(), FRAME_BYTES_MAX + 1, bytesOf(), true],
      `position 3 of a message is not at most ${FRAME_BYTES_MAX}`,
    ],
    'with fetched entries that are longer than a frame when they are plain': [
      [20, 7, 1, bytesOf(), FRAME_BYTES_MAX + 1],
      `position 4 of a message is not at most ${FRAME_BYTES_MAX}`,
    ],
    'with more steps than a chain is followed': [
      [42, 7, encodePlainRows([]), CHAIN_ROWS_MAX + 1],
      'position 3 of a message is not at most 4096',
    ],
    'with feedback on more rumours than are told at once': [
      [26, 7, new Uint8Array(RUMOURS_MAX + 1)],
      `position 2 of a message is not at most ${RUMOURS_MAX} bytes`,
    ],
    'with feedback on more events than are told at once': [
      [39, 7, new Uint8Array(EVENTS_MAX + 1)],
      `position 2 of a message is not at most ${EVENTS_MAX} bytes`,
    ],
    'about a partial view of the number behind the last': [
      [46, 7, nobody],
      'position 1 of a message is not at most 6',
    ],
    'with the news of a join that go on for too long': [
      [46, 1, 'a', 17, nobody],
      'position 3 of a message is not at most 16',
    ],
    'with a shuffle that goes on for too long': [
      [46, 5, 'a', 17, '', nobody],
      'position 3 of a message is not at most 16',
    ],
    'with a shuffle of names in a list': [
      [46, 6, ['a'], nobody],
      'position 2 of a message is not a text of at most 1040',
    ],
    'with a shuffle of a text that is longer than so many names': [
      [46, 6, 'a'.repeat(1041), nobody],
      'position 2 of a message is not a text of at most 1040',
    ],
    'with a shuffle of 17 members': [[46, 6, namesOf(17), nobody], 'too many members in one message'],
    'with a shuffle of names between which two spaces are': [
      [46, 6, 'a  b', nobody],
      'not the name of a member',
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [tree, reason]) => {
    expect(() => decodeTree(tree)).toThrow(MalformedBytes);
    expect(() => decodeTree(tree)).toThrow(reason);
  });

  test('with more rows than a list may have', () => {
    const some = Uint8Array.from([0x81, 0x80, 0x10, ...new Uint8Array(7 * (ROWS_MAX + 1))]);
    expect(() => decodeTree([7, 7, some, hash, true, 0])).toThrow('more than 262144 rows');
  });

  test('with minus zero for a number', () => {
    const some = unhex('9409cb8000000000000000c0c0');
    expect(() => decodeMessage(some, packer)).toThrow('position 1 of a message is not an integer from 0');
  });

  test('with bytes after it', () => {
    const some = Uint8Array.from([...encodeMessage(HELLO, packer), 0]);
    expect(() => decodeMessage(some, packer)).toThrow('a message that cannot be unpacked');
  });
});

describe('a share is refused', () => {
  const [mass, extremes] = ['not a finite number', 'not a maximum that fits its minimum'];
  const cases: Record<string, [readonly unknown[], string]> = {
    'whose sum is a text': [['1', 1, 1, 0, 0], `position 2 of a message is ${mass}`],
    'whose sum is above 10^30': [[1.1e30, 1, 1, 0, 0], `position 2 of a message is ${mass}`],
    'of fewer than -10^30': [[1, -1.1e30, 1, 0, 0], `position 3 of a message is ${mass}`],
    'whose weight is not a number': [[1, 1, Number.NaN, 0, 0], `position 4 of a message is ${mass}`],
    'whose weight is infinite': [[1, 1, Infinity, 0, 0], `position 4 of a message is ${mass}`],
    'whose minimum is above its maximum': [[1, 1, 1, 2, 1], extremes],
    'whose minimum is a text': [[1, 1, 1, '0', 1], extremes],
    'whose maximum is a text': [[1, 1, 1, 0, '1'], extremes],
    'whose minimum is below -10^30': [[1, 1, 1, -1.1e30, 0], extremes],
    'whose maximum is above 10^30': [[1, 1, 1, 0, 1.1e30], extremes],
    'whose minimum is not a number': [[1, 1, 1, Number.NaN, 0], extremes],
    'whose maximum is not a number': [[1, 1, 1, 0, Number.NaN], extremes],
    'whose minimum alone is that of nothing': [[1, 1, 1, Infinity, 0], extremes],
    'whose maximum alone is that of nothing': [[1, 1, 1, 0, -Infinity], extremes],
    'of all numbers': [[1, 1, 1, -Infinity, Infinity], extremes],
  };
  test.each(Object.entries(cases))('%s', (_, [share, reason]) => {
    expect(() => decodeTree([45, 7, ...share])).toThrow(MalformedBytes);
    expect(() => decodeTree([45, 7, ...share])).toThrow(reason);
  });
});

describe('at their edges', () => {
  test.each<Message>([
    {
      ...HELLO,
      newestVersion: 2,
      contact: { host: '', port: 65_535, seenHost: '', startedMs: Number.MAX_SAFE_INTEGER },
    },
    { ...SUMMARY, fingerprint: { count: 0, sum: 0n } },
    { type: 'next-reply', request: 0, chunk: { ...CHUNK, plainBytes: FRAME_BYTES_MAX } },
    {
      type: 'fetch-reply',
      request: 0,
      count: FETCH_KEYS_MAX,
      entries: bytesOf(),
      plainBytes: FRAME_BYTES_MAX,
    },
    { type: 'chains', request: 0, rows: [], steps: CHAIN_ROWS_MAX },
    { type: 'rumours-reply', request: 0, feedback: new Uint8Array(RUMOURS_MAX) },
    { type: 'events-reply', request: 0, feedback: new Uint8Array(EVENTS_MAX) },
    { type: 'failure', request: 0xffff_ffff, code: 'stale', reason: 'x'.repeat(500) },
    {
      type: 'view',
      message: {
        type: 'shuffle',
        origin: nodeId('n'.repeat(64)),
        left: 16,
        peers: Array.from({ length: 16 }, (_, at) => nodeId(`${'n'.repeat(62)}${10 + at}`)),
      },
      updates: [],
    },
    {
      type: 'aggregate-reply',
      request: 0,
      share: { sum: 1e30, contributors: -1e30, weight: 0, minimum: -1e30, maximum: 1e30 },
    },
    {
      type: 'aggregate-reply',
      request: 0,
      share: { sum: 1, contributors: 1, weight: 0, minimum: 1, maximum: 1 },
    },
  ])('a message is not refused: $type', (message) => {
    expect(decodeMessage(encodeMessage(message, packer), packer)).toEqual(message);
  });

  test('a digest has its greatest number of pairs', () => {
    const pairs = Array.from({ length: DIGEST_PAIRS_MAX }, (_, index) => ({
      actorHash: BigInt(index),
      rowHash: 0n,
    }));
    const message: Message = { type: 'digest', request: 0, from: 0n, to: HASH_MAX, pairs };
    expect(decodeMessage(encodeMessage(message, packer), packer)).toEqual(message);
    const more = { ...message, pairs: [...pairs, { actorHash: HASH_MAX, rowHash: 0n }] };
    expect(() => encodeMessage(more, packer)).toThrow('Invariant broken');
  });

  test('a digest has pairs at both ends of its range, as pages do', () => {
    const pairs = [5n, 7n, 9n].map((actorHash) => ({ actorHash, rowHash: 0n }));
    const message: Message = { type: 'digest', request: 0, from: 5n, to: 9n, pairs };
    expect(decodeMessage(encodeMessage(message, packer), packer)).toEqual(message);
  });

  test('a digest is of a range of one actor', () => {
    const pairs = [{ actorHash: 5n, rowHash: 1n }];
    const message: Message = { type: 'digest', request: 0, from: 5n, to: 5n, pairs };
    expect(decodeMessage(encodeMessage(message, packer), packer)).toEqual(message);
  });

  test('the reply to a digest names as many actors that are lacking as the digest has pairs', () => {
    const lacking = Array.from({ length: DIGEST_PAIRS_MAX }, (_, index) => BigInt(index));
    const message: Message = { type: 'digest-reply', request: 0, rows: [], lacking };
    expect(decodeMessage(encodeMessage(message, packer), packer)).toEqual(message);
    const more = { ...message, lacking: [...lacking, HASH_MAX] };
    expect(() => encodeMessage(more, packer)).toThrow('Invariant broken');
  });

  test.each([
    ['heads', HEADS_MAX, (rows: Row[]): Message => ({ type: 'heads', request: 0, rows, all: true })],
    [
      'the reply to heads',
      HEADS_MAX,
      (rows: Row[]): Message => ({ type: 'heads-reply', request: 0, rows, contextHash: 0n }),
    ],
    ['chains', CHAINS_MAX, (rows: Row[]): Message => ({ type: 'chains', request: 0, rows, steps: 1 })],
    [
      'the reply to chains',
      CHAIN_ROWS_MAX,
      (rows: Row[]): Message => ({ type: 'chains-reply', request: 0, rows }),
    ],
  ])('%s have %i rows at most', (_, max, messageOf) => {
    const rows = Array.from({ length: max + 1 }, (_row, index) => {
      return unknownRow(makeActor(nodeId('a'), (BIRTH + index) as Version, 1));
    });
    const message = messageOf(rows.slice(1));
    expect(decodeMessage(encodeMessage(message, packer), packer)).toEqual(message);
    const more = encodeMessage(messageOf(rows), packer);
    expect(() => decodeMessage(more, packer)).toThrow(`more than ${max} rows`);
  });

  test('a cursor has its greatest length', () => {
    const message: Message = {
      type: 'next',
      request: 0,
      session: SESSION,
      cursor: new Uint8Array(CURSOR_BYTES_MAX),
      compress: false,
    };
    expect(decodeMessage(encodeMessage(message, packer), packer)).toEqual(message);
  });

  test('sums have as many nodes, and as many replies, as are asked for at once', () => {
    const nodes = Array.from({ length: SUMS_NODES_MAX }, (_, index) => 2 * index + 1);
    const asked: Message = { type: 'sums', request: 0, session: SESSION, level: 4, nodes };
    expect(decodeMessage(encodeMessage(asked, packer), packer)).toEqual(asked);
    const sums = nodes.flatMap(() => Array.from({ length: 16 }, () => HASH_MAX));
    const reply: Message = { type: 'sums-reply', request: 0, sums };
    const sent = encodeMessage(reply, packer);
    expect(sent.length).toBeLessThan(2 ** 20);
    expect(decodeMessage(sent, packer)).toEqual(reply);
  });

  test('all buckets that there are can be listed at once', () => {
    const buckets = Array.from({ length: 2 ** 20 }, (_, index) => index);
    const message: Message = { type: 'list', request: 0, session: SESSION, buckets, after: bytesOf() };
    const decoded = decodeMessage(encodeMessage(message, packer), packer);
    expect(decoded.type === 'list' && decoded.buckets.length).toBe(2 ** 20);
    expect(decoded.type === 'list' && decoded.buckets.at(-1)).toBe(2 ** 20 - 1);
  });

  test('nodes that do not ascend are never sent', () => {
    const message: Message = { type: 'sums', request: 0, session: SESSION, level: 1, nodes: [2, 2] };
    expect(() => encodeMessage(message, packer)).toThrow('Invariant broken');
  });

  test('as many keys as are fetched at once are fetched', () => {
    const keys = Array.from({ length: FETCH_KEYS_MAX }, (_, index) =>
      Uint8Array.of(index >> 8, index & 0xff),
    );
    const message: Message = { type: 'fetch', request: 0, session: SESSION, keys };
    expect(decodeMessage(encodeMessage(message, packer), packer)).toEqual(message);
  });

  test('a reason that is too long, or not one line, is cut and cleaned by the sender', () => {
    const reason = `a\nb\ud800c${'x'.repeat(494)}😀`;
    const sent = encodeMessage({ type: 'failure', request: 0, code: 'invalid', reason }, packer);
    expect(decodeMessage(sent, packer)).toEqual({
      type: 'failure',
      request: 0,
      code: 'invalid',
      reason: `a b c${'x'.repeat(494)} `,
    });
  });

  test('a wall clock between two milliseconds travels as the earlier one', () => {
    const sent = encodeMessage({ ...SUMMARY, wallMs: WALL_MS + 0.7 }, packer);
    expect(decodeMessage(sent, packer)).toEqual(SUMMARY);
  });
});

describe('a hello of a node that speaks other versions of the protocol', () => {
  const read = { type: 'hello', clusterId: 'c', nodeId: 'a' };
  const unread = { ...read, bootNonce: 0, settings: { tombstoneTtlMs: 0, maxDriftMs: 0 } };

  test('is read as far as all versions agree, whatever follows, if none is common', () => {
    const later = PROTOCOL_VERSION + 1;
    expect(decodeTree([1, later, 'c', 'a', later])).toEqual({
      ...unread,
      newestVersion: later,
      oldestVersion: later,
    });
    expect(decodeTree([1, 99, 'c', 'a', 7, null, [[1]], 'later'])).toEqual({
      ...unread,
      newestVersion: 99,
      oldestVersion: 7,
    });
    expect(decodeTree([1, 0, 'c', 'a', 0, '5'])).toEqual({ ...unread, newestVersion: 0, oldestVersion: 0 });
  });

  test('and this one, is read as of this one, whatever that version has added', () => {
    const contact = { host: 'h', port: 8, seenHost: '::1', startedMs: 9 };
    const told = { ...read, bootNonce: 5, settings: { tombstoneTtlMs: 6, maxDriftMs: 7 }, contact };
    const newest = PROTOCOL_VERSION + 1;
    const versions = { newestVersion: newest, oldestVersion: 1 };
    const own = [1, newest, 'c', 'a', 1, 5, 6, 7, 'h', 8, '::1', 9];
    expect(decodeTree(own)).toEqual({ ...told, ...versions });
    expect(decodeTree([...own, 'added', [8]])).toEqual({ ...told, ...versions });
    expect(() => decodeTree(own.slice(0, -1))).toThrow('a message with too few positions');
  });

  test('must have what all versions agree on', () => {
    expect(() => decodeTree([1, 2, 'c', 'a'])).toThrow('a message with too few positions');
    expect(() => decodeTree([1, 2, 'c', 5, 2])).toThrow('position 3 of a message is not a name');
    expect(() => decodeTree([1, '2', 'c', 'a', 2])).toThrow('position 1 of a message is not an integer');
    expect(() => decodeTree([1, 2, 'c', 'a', 3])).toThrow('a range of versions that holds none');
  });

  test('but not of one that speaks this version and no later one, must be exactly as of this version', () => {
    const only = [1, PROTOCOL_VERSION, 'c', 'a', PROTOCOL_VERSION];
    expect(() => decodeTree(only)).toThrow('a message with too few positions');
    expect(() => decodeTree([...only, 0, 0, 0, '', 0, '', 0, 0])).toThrow(
      'a message with too many positions',
    );
  });

  test('of version 2 or later tells how the node is reached, in hosts that are some and in ports that there are', () => {
    const head = [1, 2, 'c', 'a', 1, 5, 6, 7];
    expect(() => decodeTree([...head, 'a b', 8, '', 9])).toThrow('position 8 of a message is not a host');
    expect(() => decodeTree([...head, 'h:1', 8, '', 9])).toThrow('position 8 of a message is not a host');
    expect(() => decodeTree([...head, 'h', 65_536, '', 9])).toThrow('position 9 of a message is not at most');
    expect(() => decodeTree([...head, 'h', 8, '[::1]', 9])).toThrow('position 10 of a message is not a host');
  });
});

test('a reject for a reason that a later version has added is a reject, with its sentence', () => {
  expect(decodeTree([2, 'too-loud', 'be quiet'])).toEqual({
    type: 'reject',
    code: 'other',
    reason: 'be quiet',
  });
  expect(() => decodeTree([2, 'Too loud', 'be quiet'])).toThrow('position 1 of a message is not a code');
  expect(() => decodeTree([2, 7, 'be quiet'])).toThrow('position 1 of a message is not a code');
});

test('a share that peers have made too large travels as far as numbers go, and is not malformed', () => {
  const share = { sum: 3e30, contributors: -2e30, weight: 1, minimum: 1, maximum: 2 };
  const reply = { type: 'aggregate-reply', request: 1, share } as const;
  const sent = { ...share, sum: 1e30, contributors: -1e30 };
  expect(decodeMessage(encodeMessage(reply, packer), packer)).toEqual({ ...reply, share: sent });
});
