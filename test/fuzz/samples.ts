/** Well-formed values of each kind, from which the corpus is made. */

import { makeActor, type NodeId } from '../../src/core/actor.ts';
import type { FullRow, Row } from '../../src/core/context.ts';
import type { Entry } from '../../src/core/entry.ts';
import { VERSION_MAX, type Version } from '../../src/core/version.ts';
import type { Message } from '../../src/gossip/messages.ts';
import { encodePlainRows, encodeRows } from '../../src/core/row-codec.ts';
import { ChunkPacker } from '../../src/gossip/chunk.ts';
import { packDots } from '../../src/gossip/comparison-lists.ts';
import type { Update } from '../../src/membership/member.ts';
import { utf8 } from './target.ts';

export const SESSION = '0123456789abcdef'.repeat(2);
export const NODE = 'node-1' as NodeId;
const OTHER = 'other' as NodeId;

export function version(number: number): Version {
  return number as Version;
}

export const ACTOR = makeActor(NODE, version(1000), 7);
const EARLIER = makeActor(NODE, version(10), 0xffff_ffff);
const STRANGER = makeActor(OTHER, version(2 ** 52), 1);

export const ROWS: readonly FullRow[] = [
  {
    actor: EARLIER,
    received: version(10),
    closed: version(10),
    cloud: { count: 0, sum: 0n },
    cloudVersions: [],
    loose: { count: 3, sum: 2n ** 64n - 1n },
    predecessor: undefined,
  },
  {
    actor: ACTOR,
    received: version(2000),
    closed: version(1500),
    cloud: { count: 2, sum: 5n },
    cloudVersions: [version(2001), version(4000)],
    loose: { count: 0, sum: 0n },
    predecessor: { actor: EARLIER, closed: version(30) },
  },
  {
    actor: STRANGER,
    received: VERSION_MAX,
    closed: VERSION_MAX,
    cloud: { count: 0, sum: 0n },
    cloudVersions: [],
    loose: { count: 0, sum: 0n },
    predecessor: undefined,
  },
];

export const PLAIN_ROWS: readonly Row[] = ROWS.map(
  ({ actor, received, closed, cloud, loose, predecessor }) => ({
    actor,
    received,
    closed,
    cloud,
    loose,
    predecessor,
  }),
);

const NO_BYTES = new Uint8Array(0);

function entry(key: string, of: Partial<Entry>): Entry {
  const at = of.version ?? version(1001);
  const body = { value: utf8('v'), tombstone: false, expiresAt: undefined };
  return { actor: ACTOR, key: utf8(key), version: at, first: at, last: at, ...body, ...of };
}

export const ENTRIES: readonly Entry[] = [
  entry('user/1', {}),
  entry('user/12', { version: version(1002), first: version(1002), last: version(1003) }),
  entry('user/13', {
    version: version(1003),
    first: version(1002),
    last: version(1003),
    value: new Uint8Array(300).fill(7),
  }),
  entry('é', { version: version(1004), tombstone: true, value: NO_BYTES }),
  entry('z', { actor: STRANGER, version: version(2 ** 52 + 9), expiresAt: 1_800_000_000_000 }),
  entry('user/2', { version: version(1500), value: NO_BYTES }),
];

export function chunkOf(entries: readonly Entry[]): Uint8Array {
  const packer = new ChunkPacker();
  for (const one of entries) packer.add(one);
  return packer.finish();
}

const chunk = { entries: chunkOf(ENTRIES), plainBytes: 0, cursor: Uint8Array.of(0), last: true };
const request = 7;
const wallMs = 1_790_000_000_000;
const summary = { request, contextHash: 1n, fingerprint: { count: 2, sum: 3n }, wallMs };
const pairs = [
  { actorHash: 5n, rowHash: 6n },
  { actorHash: 9n, rowHash: 0n },
];

const member: Update = {
  nodeId: NODE,
  incarnation: 1_790_000_000_000,
  status: 'up',
  address: 'node-1.example:7000',
  version: '0.1.0',
  protocolVersion: 2,
  metadata: utf8('rack 7'),
  accuser: undefined,
  ageMs: 0,
};
const updates: readonly Update[] = [
  member,
  { ...member, nodeId: OTHER, status: 'suspect', address: '[::1]:7001', accuser: NODE },
  {
    ...member,
    nodeId: 'z' as NodeId,
    status: 'forgotten',
    address: '',
    metadata: NO_BYTES,
    ageMs: 86_400_000,
  },
];

/** One of each kind. */
export const MESSAGES: readonly Message[] = [
  {
    type: 'hello',
    newestVersion: 2,
    oldestVersion: 1,
    clusterId: 'cluster',
    nodeId: NODE,
    bootNonce: 1,
    settings: { tombstoneTtlMs: 86_400_000, maxDriftMs: 60_000 },
    contact: { host: '10.0.0.1', port: 7531, seenHost: 'fe80::1', startedMs: wallMs },
  },
  { type: 'reject', code: 'cluster', reason: 'another cluster' },
  { type: 'summary', ...summary },
  { type: 'summary-reply', ...summary, fingerprint: { count: 0, sum: 0n } },
  { type: 'recent', request, rows: PLAIN_ROWS },
  { type: 'recent-reply', request, rows: PLAIN_ROWS, restHash: 8n },
  { type: 'digest', request, from: 0n, to: 2n ** 64n - 1n, pairs },
  { type: 'digest-reply', request, rows: PLAIN_ROWS, lacking: [5n, 9n] },
  { type: 'heads', request, rows: PLAIN_ROWS, all: true },
  { type: 'heads-reply', request, rows: PLAIN_ROWS, contextHash: 8n },
  { type: 'chains', request, rows: PLAIN_ROWS.slice(2), steps: 16 },
  { type: 'chains-reply', request, rows: PLAIN_ROWS },
  { type: 'open', request, rows: ROWS, restHash: 8n, empty: false, compare: true, compress: false, wallMs },
  {
    type: 'opened',
    request,
    session: SESSION,
    order: 'version',
    rows: ROWS,
    horizon: version(12),
    bootstrapping: false,
    entries: 5,
    wallMs,
    chunk,
  },
  { type: 'next', request, session: SESSION, cursor: Uint8Array.of(0), compress: true },
  {
    type: 'rumours',
    request,
    rows: encodePlainRows(PLAIN_ROWS),
    entries: chunkOf(ENTRIES),
    steps: Uint8Array.of(1),
    wallMs,
  },
  { type: 'rumours-reply', request, feedback: Uint8Array.of(0, 1, 2) },
  {
    type: 'events',
    request,
    events: [
      { origin: NODE, run: 0xffff_ffff, sequence: 1, name: 'deploy', payload: utf8('v') },
      { origin: OTHER, run: 0, sequence: 2 ** 53 - 1, name: 'a/b:c.d_e-f', payload: NO_BYTES },
    ],
  },
  { type: 'events-reply', request, feedback: Uint8Array.of(0, 1) },
  {
    type: 'aggregate',
    request,
    name: 'keys',
    asker: NODE,
    epoch: 7,
    ageMs: 150,
    number: 3,
    applied: 2,
    share: { sum: 17.5, contributors: 1.5, weight: 0.25, minimum: -1, maximum: 18 },
  },
  {
    type: 'aggregate-reply',
    request,
    share: {
      sum: -3.5,
      contributors: 0,
      weight: 0.125,
      minimum: Number.POSITIVE_INFINITY,
      maximum: Number.NEGATIVE_INFINITY,
    },
  },
  { type: 'aggregate-reply', request, share: undefined },
  { type: 'view', message: { type: 'forward-join', peer: NODE, left: 5 }, updates },
  { type: 'view', message: { type: 'shuffle', origin: NODE, left: 6, peers: [OTHER, NODE] }, updates: [] },
  { type: 'view', message: { type: 'neighbour', isUrgent: true }, updates: updates.slice(1) },
  { type: 'next-reply', request, chunk: { ...chunk, plainBytes: 900, last: false } },
  { type: 'compare', request, session: SESSION, depth: 5 },
  { type: 'compared', request },
  { type: 'sums', request, session: SESSION, level: 4, nodes: [0, 3, 65_535] },
  { type: 'sums-reply', request, sums: Array.from({ length: 16 }, (_, at) => BigInt(at)) },
  { type: 'list', request, session: SESSION, buckets: [1, 2, 1_048_575], after: NO_BYTES },
  { type: 'list-reply', request, dots: packDots(ENTRIES), last: false },
  { type: 'fetch', request, session: SESSION, keys: [utf8('user/1'), utf8('z')] },
  { type: 'fetch-reply', request, count: 2, entries: chunk.entries, plainBytes: 0 },
  { type: 'keep-alive', session: SESSION },
  { type: 'lost', session: SESSION, dots: packDots(ENTRIES.slice(0, 1)) },
  { type: 'done', session: SESSION },
  { type: 'ping', sequence: 1, updates },
  { type: 'ack', sequence: 65_535, updates: [] },
  { type: 'ping-request', sequence: 300, target: OTHER, timeoutMs: 500, updates: updates.slice(1) },
  { type: 'nack', sequence: 300 },
  { type: 'members-digest', digest: 0xdead_beef },
  { type: 'members', sequence: 2, after: '', isLast: true, records: updates },
  { type: 'members-reply', sequence: 2, isCut: true, records: updates.slice(0, 1) },
  { type: 'failure', request, code: 'stale', reason: 'the context moved on' },
];

export const ROWS_BYTES: Uint8Array = encodeRows(ROWS);
