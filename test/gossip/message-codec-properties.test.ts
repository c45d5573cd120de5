import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packer } from '../../src/adapters/msgpack-packer.ts';
import type { NodeId } from '../../src/core/actor.ts';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import { SUM_ZERO } from '../../src/core/context.ts';
import { FRAME_BYTES_MAX } from '../../src/core/limits.ts';
import type { Share } from '../../src/gossip/aggregate.ts';
import { CHAIN_ROWS_MAX } from '../../src/gossip/heads.ts';
import { decodeMessage, encodeMessage } from '../../src/gossip/message-codec.ts';
import type { HyParViewMessage } from '../../src/membership/hyparview.ts';
import type { Message } from '../../src/gossip/messages.ts';
import type { DigestPair } from '../../src/gossip/round-messages.ts';
import type { Chunk } from '../../src/gossip/session-messages.ts';
import type { MemberMessage } from '../../src/membership/member-messages.ts';
import { memberUpdates } from '../membership/update-arbitraries.ts';
import {
  attempt,
  damaged,
  fullRows,
  HASH_MAX,
  hashes,
  nodeIds,
  plainRow,
  unhex,
  versions,
} from '../support/codec-arbitraries.ts';

const requests = fc.integer({ min: 0, max: 0xffff_ffff });
const walls = fc.oneof(fc.integer({ min: 1.7e12, max: 1.8e12 }), fc.maxSafeNat());
const bytes = fc.uint8Array({ maxLength: 100 });
const names = fc.stringMatching(/^[0-9a-f]{32}$/);
const reasons = fc
  .string({ unit: 'grapheme', maxLength: 200 })
  .map((text) => text.replaceAll(/[\p{C}\u2028\u2029]/gu, '?'));
const fingerprints = fc.oneof(
  fc.constant(SUM_ZERO),
  fc.record({ count: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), sum: hashes }),
);
const chunks: fc.Arbitrary<Chunk> = fc.record({
  entries: bytes,
  plainBytes: fc.nat({ max: FRAME_BYTES_MAX }),
  cursor: bytes,
  last: fc.boolean(),
});
const plainRows = fullRows.map((rows) => rows.map(plainRow));

const summaries = { request: requests, contextHash: hashes, fingerprint: fingerprints, wallMs: walls };

const digests = fc.uniqueArray(hashes, { maxLength: 20 }).chain((actorHashes) => {
  const ascending = actorHashes.toSorted((a, b) => (a < b ? -1 : 1));
  const [lowest, highest] = [ascending[0] ?? 5n, ascending.at(-1) ?? 5n];
  return fc.record({
    type: fc.constant('digest' as const),
    request: requests,
    from: fc.bigInt({ min: 0n, max: lowest }),
    to: fc.bigInt({ min: highest, max: HASH_MAX }),
    pairs: fc.tuple(
      ...ascending.map((actorHash) => hashes.map((rowHash): DigestPair => ({ actorHash, rowHash }))),
    ),
  });
});

const named = fc.array(nodeIds, { maxLength: 16 });
const viewMessages: fc.Arbitrary<HyParViewMessage<NodeId>> = fc.oneof(
  fc.record({ type: fc.constantFrom('join' as const, 'disconnect' as const) }),
  fc.record({ type: fc.constant('forward-join' as const), peer: nodeIds, left: fc.nat(16) }),
  fc.record({ type: fc.constant('neighbour' as const), isUrgent: fc.boolean() }),
  fc.record({ type: fc.constant('neighbour-reply' as const), isAccepted: fc.boolean() }),
  fc.record({ type: fc.constant('shuffle' as const), origin: nodeIds, left: fc.nat(16), peers: named }),
  fc.record({ type: fc.constant('shuffle-reply' as const), peers: named }),
);

/** The sign of zero does not travel. */
const numbers = fc.double({ min: -1e30, max: 1e30, noNaN: true }).map((number) => number + 0);
const extremes = fc.oneof(
  fc.constant([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]),
  fc.tuple(numbers, numbers).map((pair) => pair.toSorted((a, b) => a - b)),
);
const shares: fc.Arbitrary<Share> = fc
  .record({ sum: numbers, contributors: numbers, weight: numbers, extremes })
  .map(({ extremes: [minimum = 0, maximum = 0], ...mass }) => ({ ...mass, minimum, maximum }));

/** Nodes or buckets. */
const indices = fc
  .uniqueArray(fc.nat({ max: 2 ** 20 - 1 }), { maxLength: 20 })
  .map((some) => some.toSorted((a, b) => a - b));

const sequences = fc.integer({ min: 0, max: 0xffff });
const updates = fc.uniqueArray(memberUpdates, { maxLength: 5, selector: ({ nodeId }) => nodeId });
const ascending = updates.map((some) => some.toSorted((a, b) => (a.nodeId < b.nodeId ? -1 : 1)));

const memberMessages: fc.Arbitrary<MemberMessage> = fc.oneof(
  fc.record({ type: fc.constantFrom('ping' as const, 'ack' as const), sequence: sequences, updates }),
  fc.record({
    type: fc.constant('ping-request' as const),
    sequence: sequences,
    target: nodeIds,
    timeoutMs: fc.nat({ max: 540_000 }),
    updates,
  }),
  fc.record({ type: fc.constant('nack' as const), sequence: sequences }),
  fc.record({ type: fc.constant('members-digest' as const), digest: requests }),
  fc.record({
    type: fc.constant('members' as const),
    sequence: sequences,
    after: fc.constant(''),
    isLast: fc.constant(true),
    records: ascending,
  }),
  fc.record({
    type: fc.constant('members-reply' as const),
    sequence: sequences,
    isCut: fc.constant(false),
    records: ascending,
  }),
);
const hosts = fc.constantFrom('', 'node-1.example', '10.0.0.1', '::1', 'fe80::1%eth0');

const messages: fc.Arbitrary<Message> = fc.oneof(
  memberMessages,
  fc.record({
    type: fc.constant('hello' as const),
    newestVersion: fc.constant(1),
    oldestVersion: fc.constantFrom(0, 1),
    clusterId: nodeIds,
    nodeId: nodeIds,
    bootNonce: requests,
    settings: fc.record({ tombstoneTtlMs: fc.maxSafeNat(), maxDriftMs: fc.maxSafeNat() }),
  }),
  fc.record({
    type: fc.constant('hello' as const),
    newestVersion: fc.constant(2),
    oldestVersion: fc.constantFrom(0, 1, 2),
    clusterId: nodeIds,
    nodeId: nodeIds,
    bootNonce: requests,
    settings: fc.record({ tombstoneTtlMs: fc.maxSafeNat(), maxDriftMs: fc.maxSafeNat() }),
    contact: fc.record({
      host: hosts,
      port: fc.nat({ max: 65_535 }),
      seenHost: hosts,
      startedMs: fc.maxSafeNat(),
    }),
  }),
  fc.record({
    type: fc.constant('reject' as const),
    code: fc.constantFrom(
      'protocol-version',
      'cluster',
      'certificate',
      'same-node',
      'same-name',
      'misbehaved',
      'shutdown',
    ),
    reason: reasons,
  }),
  fc.record({ type: fc.constantFrom('summary', 'summary-reply'), ...summaries }),
  digests,
  fc.record({ type: fc.constant('recent' as const), request: requests, rows: plainRows }),
  fc.record({
    type: fc.constant('recent-reply' as const),
    request: requests,
    rows: plainRows,
    restHash: hashes,
  }),
  fc.record({
    type: fc.constant('digest-reply' as const),
    request: requests,
    rows: plainRows,
    lacking: fc
      .uniqueArray(hashes, { maxLength: 20 })
      .map((some) => some.toSorted((a, b) => (a < b ? -1 : 1))),
  }),
  fc.record({
    type: fc.constant('heads' as const),
    request: requests,
    rows: plainRows,
    all: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('heads-reply' as const),
    request: requests,
    rows: plainRows,
    contextHash: hashes,
  }),
  fc.record({
    type: fc.constant('chains' as const),
    request: requests,
    rows: plainRows,
    steps: fc.nat({ max: CHAIN_ROWS_MAX }),
  }),
  fc.record({ type: fc.constant('chains-reply' as const), request: requests, rows: plainRows }),
  fc.record({
    type: fc.constant('open' as const),
    request: requests,
    rows: fullRows,
    restHash: hashes,
    empty: fc.boolean(),
    compare: fc.boolean(),
    compress: fc.boolean(),
    wallMs: walls,
  }),
  fc.record({
    type: fc.constant('opened' as const),
    request: requests,
    session: names,
    order: fc.constantFrom('version', 'key'),
    rows: fullRows,
    horizon: versions,
    bootstrapping: fc.boolean(),
    entries: fc.nat(),
    wallMs: walls,
    chunk: chunks,
  }),
  fc.record({
    type: fc.constant('next' as const),
    request: requests,
    session: names,
    cursor: bytes,
    compress: fc.boolean(),
  }),
  fc.record({ type: fc.constant('next-reply' as const), request: requests, chunk: chunks }),
  fc.record({
    type: fc.constant('compare' as const),
    request: requests,
    session: names,
    depth: fc.nat({ max: 5 }),
  }),
  fc.record({ type: fc.constant('compared' as const), request: requests }),
  fc.record({
    type: fc.constant('sums' as const),
    request: requests,
    session: names,
    level: fc.nat({ max: 4 }),
    nodes: indices,
  }),
  fc.record({
    type: fc.constant('sums-reply' as const),
    request: requests,
    sums: fc
      .array(fc.array(hashes, { minLength: 16, maxLength: 16 }), { maxLength: 3 })
      .map((some) => some.flat()),
  }),
  fc.record({
    type: fc.constant('list' as const),
    request: requests,
    session: names,
    buckets: indices,
    after: bytes,
  }),
  fc.record({
    type: fc.constant('rumours' as const),
    request: requests,
    rows: bytes,
    entries: bytes,
    steps: bytes,
    wallMs: walls,
  }),
  fc.record({
    type: fc.constantFrom('rumours-reply' as const, 'events-reply' as const),
    request: requests,
    feedback: bytes,
  }),
  fc.record({
    type: fc.constant('events' as const),
    request: requests,
    events: fc.array(
      fc.record({
        origin: nodeIds,
        run: requests,
        sequence: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        name: fc.stringMatching(/^[A-Za-z0-9._:/-]{1,64}$/),
        payload: bytes,
      }),
      { maxLength: 5 },
    ),
  }),
  fc.tuple(viewMessages, updates).map(([message, told]) => ({
    type: 'view' as const,
    message,
    updates: message.type === 'disconnect' ? [] : told,
  })),
  fc.record({
    type: fc.constant('aggregate' as const),
    request: requests,
    name: nodeIds,
    asker: nodeIds,
    epoch: requests,
    ageMs: walls,
    number: requests,
    applied: requests,
    share: shares,
  }),
  fc.record({
    type: fc.constant('aggregate-reply' as const),
    request: requests,
    share: fc.option(shares, { nil: undefined }),
  }),
  fc.record({ type: fc.constant('list-reply' as const), request: requests, dots: bytes, last: fc.boolean() }),
  fc.record({
    type: fc.constant('fetch' as const),
    request: requests,
    session: names,
    keys: fc.array(bytes, { maxLength: 5 }),
  }),
  fc.record({
    type: fc.constant('fetch-reply' as const),
    request: requests,
    count: fc.nat({ max: 1024 }),
    entries: bytes,
    plainBytes: fc.nat({ max: FRAME_BYTES_MAX }),
  }),
  fc.record({ type: fc.constantFrom('done' as const, 'keep-alive' as const), session: names }),
  fc.record({ type: fc.constant('lost' as const), session: names, dots: bytes }),
  fc.record({
    type: fc.constant('failure' as const),
    request: requests,
    code: fc.constantFrom('stale', 'unknown-session', 'not-serving', 'invalid'),
    reason: reasons,
  }),
);

function expectSound(some: Uint8Array): void {
  const message = attempt(() => decodeMessage(some, packer));
  const refused = message instanceof MalformedBytes;
  expect(refused ? message : decodeMessage(encodeMessage(message, packer), packer)).toEqual(message);
  expect(refused ? message.message.length : 0).toBeLessThan(120);
}

test('messages come back as they were', () => {
  fc.assert(
    fc.property(messages, (message) => {
      expect(decodeMessage(encodeMessage(message, packer), packer)).toEqual(message);
    }),
    { numRuns: 1000 },
  );
});

describe('a message is refused as malformed, in a short sentence, or it is another well-formed one', () => {
  test('when it was damaged anywhere', () => {
    const some = messages.chain((message) => damaged(encodeMessage(message, packer)));
    fc.assert(fc.property(some, expectSound), { numRuns: 5000 });
  });

  test('when it is any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), expectSound), { numRuns: 5000 });
  });

  test('when it is any tree', () => {
    const leaf = fc.oneof(
      fc.constantFrom(null, true, false, '', 'f'.repeat(32)),
      fc.double(),
      fc.nat(),
      bytes,
      reasons,
    );
    const trees = fc.array(fc.oneof(leaf, fc.array(leaf, { maxLength: 3 })), { maxLength: 10 });
    const types = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(types, trees, (type, rest) => expectSound(packer.pack([type, ...rest]))),
      { numRuns: 5000 },
    );
  });

  test.each([
    ['an array of 2^32 - 1 elements', 'ddffffffff 03'],
    ['an array of 30,000,000 elements', 'dd01c9c380 03'],
    ['a map of 2^32 - 1 pairs', 'dfffffffff 03'],
    ['2^32 - 1 bytes', 'c6ffffffff 03'],
    ['a string of 2^32 - 1 bytes', 'dbffffffff 03'],
    ['extension data of 2^32 - 1 bytes', 'c9ffffffff 01 03'],
    ['10,000 arrays in each other', '91'.repeat(10_000)],
    ['1,000,000 arrays in each other', '91'.repeat(1_000_000)],
  ])('when it claims %s: without making room for them', (_, claim) => {
    const some = unhex(claim);
    const before = process.memoryUsage();
    expectSound(some);
    const after = process.memoryUsage();
    expect(after.heapTotal + after.arrayBuffers - before.heapTotal - before.arrayBuffers).toBeLessThan(
      64 * 2 ** 20,
    );
  });
});
