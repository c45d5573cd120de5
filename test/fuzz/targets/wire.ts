/** What peers send: messages, rows, chunks, the lists of digests and comparisons, compressed chunks. */

import { brotli } from '../../../src/adapters/brotli.ts';
import { packer } from '../../../src/adapters/msgpack-packer.ts';
import { ByteReader, MalformedBytes } from '../../../src/core/byte-reader.ts';
import { ByteWriter } from '../../../src/core/byte-writer.ts';
import { readUint32, writeUint32 } from '../../../src/core/bytes.ts';
import type { Entry } from '../../../src/core/entry.ts';
import type { Version } from '../../../src/core/version.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { decodePlainRows, decodeRows, encodePlainRows, encodeRows } from '../../../src/core/row-codec.ts';
import { unpackChunk } from '../../../src/gossip/chunk.ts';
import {
  packDots,
  packIndices,
  packKeys,
  packSums,
  unpackDots,
  unpackIndices,
  unpackKeys,
  unpackSums,
} from '../../../src/gossip/comparison-lists.ts';
import { plain } from '../../../src/gossip/compressed.ts';
import { packHashes, packPairs, unpackHashes, unpackPairs } from '../../../src/gossip/hash-list.ts';
import { decodeMessage, encodeMessage } from '../../../src/gossip/message-codec.ts';
import { type News, packNews, unpackNews } from '../../../src/gossip/rumour-codec.ts';
import { decodeCursor, encodeCursor, START_CURSOR } from '../../../src/gossip/served-cursor.ts';
import { chunkOf, ENTRIES, MESSAGES, PLAIN_ROWS, ROWS, ROWS_BYTES, SESSION } from '../samples.ts';
import { anyOf, Broken, checkRoundTrip, isMalformed, kind, type Target, utf8 } from '../target.ts';

const HASH_MAX = 2n ** 64n - 1n;

export const message: Target = {
  run: (input) =>
    void checkRoundTrip(input, {
      decode: (bytes) => decodeMessage(bytes, packer),
      encode: (decoded) => encodeMessage(decoded, packer),
      refuses,
    }),
  seeds: () =>
    Object.fromEntries(MESSAGES.map((one) => [one.type, new Uint8Array(encodeMessage(one, packer))])),
  dictionary: [Uint8Array.of(0xd9, 32, ...utf8(SESSION)), Uint8Array.of(0xc4, 8), ROWS_BYTES],
};

const refuses = isMalformed;

export const rows: Target = anyOf([
  kind(
    { decode: decodeRows, encode: encodeRows, refuses, isCanonical: true },
    { full: encodeRows(ROWS), none: encodeRows([]) },
  ),
  kind(
    { decode: decodePlainRows, encode: encodePlainRows, refuses, isCanonical: true },
    { plain: encodePlainRows(PLAIN_ROWS) },
  ),
]);

export const chunk: Target = {
  run: (input) =>
    void checkRoundTrip(input, {
      decode: (bytes) => unpackChunk(bytes, DEFAULT_LIMITS),
      encode: chunkOf,
      refuses,
    }),
  seeds: () => ({
    entries: chunkOf(ENTRIES),
    one: chunkOf(ENTRIES.slice(0, 1)),
    'other order': chunkOf(ENTRIES.toReversed()),
    dots: packDots(ENTRIES),
  }),
};

const NEWS: News = {
  rumours: [
    { entries: ENTRIES.slice(0, 1), prev: (openingVersion() - 1) as Version, predecessor: undefined },
  ],
  mentions: [],
};

function openingVersion(): number {
  return (ENTRIES[0] as Entry).first;
}

/** Rows and steps behind their lengths, then the chunk. */
export const rumours: Target = {
  run: (input) =>
    void checkRoundTrip(input, {
      decode: (bytes) => {
        const reader = new ByteReader(bytes);
        const [packedRows, steps] = [reader.lengthPrefixed(), reader.lengthPrefixed()];
        return unpackNews({ rows: packedRows, steps, entries: reader.raw(reader.left) }, DEFAULT_LIMITS);
      },
      encode: newsBytes,
      refuses,
    }),
  seeds: () => ({ batch: newsBytes(NEWS), nothing: newsBytes({ rumours: [], mentions: [] }) }),
};

function newsBytes(news: News): Uint8Array {
  const packed = packNews(news);
  const writer = new ByteWriter();
  writer.lengthPrefixed(packed.rows);
  writer.lengthPrefixed(packed.steps);
  writer.raw(packed.entries);
  return writer.finish();
}

const HASHES = [5n, 7n, HASH_MAX];

export const lists: Target = anyOf([
  kind(
    { decode: (bytes) => unpackIndices(bytes, 4096), encode: packIndices, refuses, isCanonical: true },
    { indices: packIndices([0, 1, 70_000]) },
  ),
  kind(
    { decode: unpackSums, encode: packSums, refuses, isCanonical: true },
    { sums: packSums(Array.from({ length: 16 }, (_, at) => BigInt(at))) },
  ),
  kind(
    { decode: unpackKeys, encode: packKeys, refuses, isCanonical: true },
    { keys: packKeys([utf8('user/1'), utf8('')]) },
  ),
  kind(
    { decode: unpackHashes, encode: packHashes, refuses, isCanonical: true },
    { hashes: packHashes(HASHES) },
  ),
  kind(
    { decode: (bytes) => unpackPairs(bytes, 5n, HASH_MAX), encode: packPairs, refuses, isCanonical: true },
    { pairs: packPairs(HASHES.map((actorHash) => ({ actorHash, rowHash: 9n }))) },
  ),
  kind(
    { decode: (bytes) => unpackDots(bytes, DEFAULT_LIMITS), encode: packDots, refuses },
    { dots: packDots(ENTRIES) },
  ),
  kind(
    {
      decode: (bytes) => decodeCursor(bytes, 'version'),
      encode: (position) =>
        position.order === 'version' && position.after !== undefined
          ? encodeCursor('version', position.after)
          : START_CURSOR,
      refuses,
      isCanonical: true,
    },
    { cursor: encodeCursor('version', ENTRIES[0] as Entry) },
  ),
]);

const PLAIN = utf8('again and again '.repeat(40));
const COMPRESSED = await brotli.compress(PLAIN);

/** The first four bytes are the length that the peer said; nothing longer is made of the rest. */
export const compressed: Target = {
  async run(input) {
    if (input.length < 4) return;
    const plainBytes = readUint32(input, 0) % 2 ** 25;
    try {
      const bytes = await plain(brotli, { entries: input.subarray(4), plainBytes });
      if (plainBytes !== 0 && bytes.length !== plainBytes) throw new Broken('another length than was said');
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
    }
  },
  seeds: () => ({
    right: said(PLAIN.length),
    'too short': said(PLAIN.length - 1),
    'too long': said(PLAIN.length + 1),
    'not compressed': said(0),
  }),
};

function said(length: number): Uint8Array {
  const head = new Uint8Array(4);
  writeUint32(head, 0, length);
  return Uint8Array.of(...head, ...COMPRESSED);
}
