/**
 * Where a watch goes on: what was told, as text. Opaque to its holder, good on every node of the cluster.
 *
 *     token   = base64url(format:1 checksum:4 node drops:varint droppedAt:8 prefix horizon:8 nextExpiry:8 unnamed:1 partly rows)
 *     node, prefix, partly = length:varint bytes
 *     partly, rows = as in PROTOCOL.md, "Rows"; single dots as clouds without a sum
 *
 * The checksum covers the name of the cluster and everything after it. Rows that others imply are left out
 * (`told-heads.ts`): a token has some 25 characters for each node.
 */

import { crc32 } from 'node:zlib';
import { type Actor, isNodeId, type NodeId } from '../core/actor.ts';
import { ByteReader, MalformedBytes } from '../core/byte-reader.ts';
import { ByteWriter } from '../core/byte-writer.ts';
import { byteString } from '../core/bytes.ts';
import { type FullRow, SUM_ZERO } from '../core/context.ts';
import { BoatoError } from '../core/errors.ts';
import { decodeRows, encodeRows } from '../core/row-codec.ts';
import type { Version } from '../core/version.ts';
import type { Told, ToldRow } from './told-context.ts';

/** Of the text: a change of the form needs a new one. */
const FORMAT = 2;
const HEAD_BYTES = 5;

export interface ChangeToken {
  /** The node that gave it, with its count of drops then. */
  readonly nodeId: NodeId;
  readonly drops: number;
  readonly droppedAt: Version;
  /** It says nothing of keys that begin otherwise. */
  readonly prefix: Uint8Array;
  readonly told: Told;
  /** Rows of an instant that was being told: of what they cover beyond `told`, nobody knows what was told. */
  readonly partly: ReadonlyMap<Actor, ToldRow>;
  /** No entry that was told, and has not been told as expired, expires before: milliseconds since 1970, or infinity. */
  readonly nextExpiryMs: number;
}

export function encodeToken(token: ChangeToken, clusterId: string): string {
  const { told, partly, nextExpiryMs } = token;
  const writer = new ByteWriter(128 + 24 * (told.rowByActor.size + partly.size));
  writer.asciiPrefixed(token.nodeId);
  writer.varint(token.drops);
  writer.uint64(token.droppedAt);
  writer.lengthPrefixed(token.prefix);
  writer.uint64(told.horizon);
  writer.uint64(nextExpiryMs === Number.POSITIVE_INFINITY ? 0 : nextExpiryMs);
  writer.byte(told.unnamed ? 1 : 0);
  writer.lengthPrefixed(encodeRows(rowsOf(partly)));
  writer.raw(encodeRows(rowsOf(told.rowByActor)));
  const body = writer.finish();
  const whole = new ByteWriter(HEAD_BYTES + body.length);
  whole.byte(FORMAT);
  whole.uint32(checksum(body, clusterId));
  whole.raw(body);
  return Buffer.from(whole.finish()).toString('base64url');
}

/** Fails with `TOKEN_INVALID`. */
export function decodeToken(text: string, clusterId: string): ChangeToken {
  try {
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.toString('base64url') !== text) throw new MalformedBytes('it has characters that no token has');
    // Not the buffer itself: what is read shares its memory, and a slice of a buffer is no copy.
    const whole = new ByteReader(Uint8Array.from(bytes));
    const format = whole.byte();
    if (format !== FORMAT) throw new MalformedBytes(`it has format ${format}, and this node reads ${FORMAT}`);
    const expected = whole.uint32();
    const body = whole.raw(whole.left);
    if (checksum(body, clusterId) !== expected)
      throw new MalformedBytes('it was cut or changed, or is of another cluster');
    return read(new ByteReader(body));
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error;
    throw new BoatoError(
      'TOKEN_INVALID',
      `This is not a token of a watch: ${error.message}. Give one as a watch gave it, whole.`,
      { cause: error },
    );
  }
}

function read(reader: ByteReader): ChangeToken {
  const nodeId = byteString(reader.lengthPrefixed());
  if (!isNodeId(nodeId)) throw new MalformedBytes('it names no node');
  const drops = reader.varint();
  const droppedAt = reader.uint64() as Version;
  const prefix = reader.lengthPrefixed();
  const horizon = reader.uint64() as Version;
  const nextExpiry = reader.uint64();
  const unnamed = reader.byte();
  if (unnamed > 1) throw new MalformedBytes('it has a flag that is neither 0 nor 1');
  const partly = toldRows(reader.lengthPrefixed());
  const rowByActor = toldRows(reader.raw(reader.left));
  const nextExpiryMs = nextExpiry === 0 ? Number.POSITIVE_INFINITY : nextExpiry;
  const told = { rowByActor, horizon, unnamed: unnamed === 1 };
  return { nodeId, drops, droppedAt, prefix, told, partly, nextExpiryMs };
}

function toldRows(bytes: Uint8Array): ReadonlyMap<Actor, ToldRow> {
  return new Map(
    decodeRows(bytes).map(({ actor, received, closed, cloudVersions }) => [
      actor,
      { received, closed, dots: new Set(cloudVersions) },
    ]),
  );
}

function rowsOf(rowByActor: ReadonlyMap<Actor, ToldRow>): FullRow[] {
  return [...rowByActor]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([actor, { received, closed, dots }]) => {
      const cloudVersions = [...dots].filter((version) => version > received).toSorted((a, b) => a - b);
      const cloud = { count: cloudVersions.length, sum: 0n };
      return { actor, received, closed, cloud, cloudVersions, loose: SUM_ZERO, predecessor: undefined };
    });
}

function checksum(body: Uint8Array, clusterId: string): number {
  return crc32(body, crc32(clusterId));
}
