/** What the two sides of a comparison say to each other, as positions (`docs/PROTOCOL.md`, "A comparison"). */

import { DEPTH_MAX, FAN_OUT } from '../core/bucket-tree.ts';
import { FRAME_BYTES_MAX } from '../core/limits.ts';
import type { CodecsOf } from './codec.ts';
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
import type { ComparisonReply, ComparisonRequest, Lost } from './comparison-messages.ts';
import { CURSOR_BYTES_MAX } from './session-message-codec.ts';

export const COMPARISON_CODECS: CodecsOf<ComparisonRequest | ComparisonReply | Lost> = {
  compare: {
    number: 13,
    positions: ({ request, session, depth }) => [request, session, depth],
    read: (fields) => ({
      type: 'compare',
      request: fields.uint32(),
      session: fields.sessionName(),
      depth: fields.upTo(DEPTH_MAX),
    }),
  },
  compared: {
    number: 14,
    positions: ({ request }) => [request],
    read: (fields) => ({ type: 'compared', request: fields.uint32() }),
  },
  sums: {
    number: 15,
    positions: ({ request, session, level, nodes }) => [request, session, level, packIndices(nodes)],
    read: (fields) => ({
      type: 'sums',
      request: fields.uint32(),
      session: fields.sessionName(),
      level: fields.upTo(DEPTH_MAX - 1),
      nodes: unpackIndices(fields.bytes(FRAME_BYTES_MAX), SUMS_NODES_MAX),
    }),
  },
  'sums-reply': {
    number: 16,
    positions: ({ request, sums }) => [request, packSums(sums)],
    read: (fields) => ({
      type: 'sums-reply',
      request: fields.uint32(),
      sums: unpackSums(fields.bytes(FRAME_BYTES_MAX)),
    }),
  },
  list: {
    number: 17,
    positions: ({ request, session, buckets, after }) => [request, session, packIndices(buckets), after],
    read: (fields) => ({
      type: 'list',
      request: fields.uint32(),
      session: fields.sessionName(),
      buckets: unpackIndices(fields.bytes(FRAME_BYTES_MAX), FAN_OUT ** DEPTH_MAX),
      after: fields.bytes(CURSOR_BYTES_MAX),
    }),
  },
  'list-reply': {
    number: 18,
    positions: ({ request, dots, last }) => [request, dots, last],
    read: (fields) => ({
      type: 'list-reply',
      request: fields.uint32(),
      dots: fields.bytes(FRAME_BYTES_MAX),
      last: fields.boolean(),
    }),
  },
  fetch: {
    number: 19,
    positions: ({ request, session, keys }) => [request, session, packKeys(keys)],
    read: (fields) => ({
      type: 'fetch',
      request: fields.uint32(),
      session: fields.sessionName(),
      keys: unpackKeys(fields.bytes(FRAME_BYTES_MAX)),
    }),
  },
  'fetch-reply': {
    number: 20,
    positions: ({ request, count, entries, plainBytes }) => [request, count, entries, plainBytes],
    read: (fields) => ({
      type: 'fetch-reply',
      request: fields.uint32(),
      count: fields.upTo(FETCH_KEYS_MAX),
      entries: fields.bytes(FRAME_BYTES_MAX),
      plainBytes: fields.upTo(FRAME_BYTES_MAX),
    }),
  },
  lost: {
    number: 22,
    positions: ({ session, dots }) => [session, dots],
    read: (fields) => ({
      type: 'lost',
      session: fields.sessionName(),
      dots: fields.bytes(FRAME_BYTES_MAX),
    }),
  },
};
