/** What nodes say to each other in a round, as positions (`docs/PROTOCOL.md`, "A round"). */

import { MalformedBytes } from '../core/byte-reader.ts';
import type { Row } from '../core/context.ts';
import { FRAME_BYTES_MAX } from '../core/limits.ts';
import { decodePlainRows, encodePlainRows } from '../core/row-codec.ts';
import type { CodecsOf } from './codec.ts';
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
import { CHAIN_ROWS_MAX, CHAINS_MAX, HEADS_MAX } from './heads.ts';
import type { DigestPair, RoundReply, RoundRequest, Summary, SummaryReply } from './round-messages.ts';
import type { Fields } from './validated-fields.ts';

export const ROUND_CODECS: CodecsOf<RoundRequest | RoundReply> = {
  summary: {
    number: 3,
    positions: summaryPositions,
    read: (fields) => ({ type: 'summary', ...readSummary(fields) }),
  },
  'summary-reply': {
    number: 4,
    positions: summaryPositions,
    read: (fields) => ({ type: 'summary-reply', ...readSummary(fields) }),
  },
  digest: {
    number: 5,
    positions: ({ request, from, to, pairs }) => [request, packHash(from), packHash(to), packPairs(pairs)],
    read: (fields) => ({ type: 'digest', request: fields.uint32(), ...readRange(fields) }),
  },
  'digest-reply': {
    number: 6,
    positions: ({ request, rows, lacking }) => [request, encodePlainRows(rows), packHashes(lacking)],
    read: (fields) => ({
      type: 'digest-reply',
      request: fields.uint32(),
      rows: readRows(fields),
      lacking: unpackHashes(fields.bytes(DIGEST_PAIRS_MAX * HASH_BYTES)),
    }),
  },
  recent: {
    number: 23,
    positions: ({ request, rows }) => [request, encodePlainRows(rows)],
    read: (fields) => ({ type: 'recent', request: fields.uint32(), rows: readRows(fields) }),
  },
  'recent-reply': {
    number: 24,
    positions: ({ request, rows, restHash }) => [request, encodePlainRows(rows), packHash(restHash)],
    read: (fields) => ({
      type: 'recent-reply',
      request: fields.uint32(),
      rows: readRows(fields),
      restHash: fields.hash(),
    }),
  },
  heads: {
    number: 40,
    positions: ({ request, rows, all }) => [request, encodePlainRows(rows), all],
    read: (fields) => ({
      type: 'heads',
      request: fields.uint32(),
      rows: readRows(fields, HEADS_MAX),
      all: fields.boolean(),
    }),
  },
  'heads-reply': {
    number: 41,
    positions: ({ request, rows, contextHash }) => [request, encodePlainRows(rows), packHash(contextHash)],
    read: (fields) => ({
      type: 'heads-reply',
      request: fields.uint32(),
      rows: readRows(fields, HEADS_MAX),
      contextHash: fields.hash(),
    }),
  },
  chains: {
    number: 42,
    positions: ({ request, rows, steps }) => [request, encodePlainRows(rows), steps],
    read: (fields) => ({
      type: 'chains',
      request: fields.uint32(),
      rows: readRows(fields, CHAINS_MAX),
      steps: fields.upTo(CHAIN_ROWS_MAX),
    }),
  },
  'chains-reply': {
    number: 43,
    positions: ({ request, rows }) => [request, encodePlainRows(rows)],
    read: (fields) => ({
      type: 'chains-reply',
      request: fields.uint32(),
      rows: readRows(fields, CHAIN_ROWS_MAX),
    }),
  },
};

function summaryPositions(message: Summary | SummaryReply): readonly unknown[] {
  const { request, contextHash, fingerprint, wallMs } = message;
  const { count, sum } = fingerprint;
  return [request, packHash(contextHash), count, packHash(sum), Math.floor(wallMs)];
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

function readRows(fields: Fields, rowsMax?: number): Row[] {
  return decodePlainRows(fields.bytes(FRAME_BYTES_MAX), rowsMax);
}
