/**
 * Rows of the causal context as bytes (`docs/PROTOCOL.md`, "Rows"): in digests and sessions on the wire, and in the
 * sessions that a puller keeps. Part of the wire and of the disk format: a change needs a new version of both.
 */

import { type Actor, birthOf, isNodeId, makeActor, type NodeId, nodeIdOf } from './actor.ts';
import { assert } from './assert.ts';
import { ByteReader, MalformedBytes } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { byteString } from './bytes.ts';
import { type FullRow, type Predecessor, type Row, type Sum, SUM_ZERO } from './context.ts';
import { isVersion, type Version } from './version.ts';

/** Rows of one list: 2^18 of the shortest are 2 MiB on the wire, and of the order of 100 MiB in memory. */
export const ROWS_MAX: number = 2 ** 18;

/** Flags, actor and `received` of the shortest row: what a count of rows is checked against before any is read. */
const ROW_BYTES_MIN = 7;

/** Longer ones are not even made a string. */
const NODE_ID_BYTES_MAX = 64;

/** A node id follows; without it the node is that of the row before. */
const NODE = 1;
/** `closed` lies below `received`. */
const BEHIND = 2;
const CLOUD = 4;
const LOOSE = 8;
const PREDECESSOR = 16;
const ALL_FLAGS = 31;

/** Rows with their clouds, ascending by actor. */
export function encodeRows(rows: readonly FullRow[]): Uint8Array {
  return encode(rows, (writer, row) => {
    assert(row.cloud.count === row.cloudVersions.length, 'a cloud has as many versions as it counts');
    let before = row.received;
    for (const version of row.cloudVersions) {
      assert(version > before, 'the versions of a cloud ascend from above `received`');
      writer.varint(version - before);
      before = version;
    }
  });
}

/** Throws `MalformedBytes` on anything that `encodeRows` does not write. */
export function decodeRows(bytes: Uint8Array): FullRow[] {
  return decode(bytes, (reader, row) => {
    if (row.cloud.count > reader.left) throw new MalformedBytes('a cloud longer than its message');
    const cloudVersions: Version[] = [];
    let before = row.received;
    for (let left = row.cloud.count; left > 0; left--) {
      before = above(before, nonZero(reader.varint()));
      cloudVersions.push(before);
    }
    return { ...row, cloudVersions };
  });
}

/** Rows without the versions of their clouds, ascending by actor: as digests carry them. */
export function encodePlainRows(rows: readonly Row[]): Uint8Array {
  return encode(rows, () => {});
}

/** Throws `MalformedBytes` on anything that `encodePlainRows` does not write, and on more than `max` rows. */
export function decodePlainRows(bytes: Uint8Array, max: number = ROWS_MAX): Row[] {
  return decode(bytes, (_reader, row) => row, max);
}

function encode<R extends Row>(
  rows: readonly R[],
  writeCloud: (writer: ByteWriter, row: R) => void,
): Uint8Array {
  assert(rows.length <= ROWS_MAX, `a list has at most ${ROWS_MAX} rows`);
  const writer = new ByteWriter(64 + 32 * rows.length);
  writer.varint(rows.length);
  let before: Actor | undefined;
  for (const row of rows) {
    assert(before === undefined || before < row.actor, 'rows ascend by actor');
    writeRow(writer, row, before);
    writeCloud(writer, row);
    before = row.actor;
  }
  return writer.finish();
}

function writeRow(writer: ByteWriter, row: Row, before: Actor | undefined): void {
  const nodeId = nodeIdOf(row.actor);
  const birth = birthOf(row.actor);
  const sameNode = before !== undefined && nodeIdOf(before) === nodeId;
  assert(birth <= row.closed && row.closed <= row.received, 'a row has birth <= closed <= received');
  writer.byte(
    (sameNode ? 0 : NODE) |
      (row.closed === row.received ? 0 : BEHIND) |
      (row.cloud.count === 0 ? 0 : CLOUD) |
      (row.loose.count === 0 ? 0 : LOOSE) |
      (row.predecessor === undefined ? 0 : PREDECESSOR),
  );
  if (!sameNode) writer.asciiPrefixed(nodeId);
  writer.varint(birth - (sameNode ? birthOf(before) : 0));
  writer.uint32(randomOf(row.actor));
  writer.varint(row.received - birth);
  if (row.closed !== row.received) writer.varint(row.received - row.closed);
  if (row.predecessor !== undefined) writePredecessor(writer, row.predecessor, nodeId, birth);
  writeSum(writer, row.loose);
  writeSum(writer, row.cloud);
}

function writePredecessor(
  writer: ByteWriter,
  predecessor: Predecessor,
  nodeId: NodeId,
  birth: Version,
): void {
  const earlier = birthOf(predecessor.actor);
  assert(nodeIdOf(predecessor.actor) === nodeId, 'a predecessor is an actor of the same node');
  assert(earlier < birth, 'a predecessor was born before its successor');
  assert(earlier <= predecessor.closed, 'a predecessor is closed from its birth on');
  writer.varint(birth - earlier);
  writer.uint32(randomOf(predecessor.actor));
  writer.varint(predecessor.closed - earlier);
}

/** An empty sum is a flag that is not set. */
function writeSum(writer: ByteWriter, sum: Sum): void {
  if (sum.count === 0) return;
  writer.varint(sum.count);
  writer.bigUint64(sum.sum);
}

function decode<R extends Row>(
  bytes: Uint8Array,
  readCloud: (reader: ByteReader, row: Row) => R,
  max: number = ROWS_MAX,
): R[] {
  const reader = new ByteReader(bytes);
  const count = reader.varint();
  if (count > max) throw new MalformedBytes(`more than ${max} rows`);
  if (count * ROW_BYTES_MIN > reader.left) throw new MalformedBytes('more rows than bytes');
  const rows: R[] = [];
  let before: Actor | undefined;
  for (let left = count; left > 0; left--) {
    const row = readCloud(reader, readRow(reader, before));
    rows.push(row);
    before = row.actor;
  }
  reader.end();
  return rows;
}

function readRow(reader: ByteReader, before: Actor | undefined): Row {
  const flags = reader.byte();
  if (flags > ALL_FLAGS) throw new MalformedBytes('unknown flags of a row');
  const actor = readActor(reader, flags, before);
  const birth = birthOf(actor);
  const received = above(birth, reader.varint());
  const closed = flags & BEHIND ? below(received, nonZero(reader.varint())) : received;
  if (closed < birth) throw new MalformedBytes('a row closed below its birth');
  const predecessor = flags & PREDECESSOR ? readPredecessor(reader, nodeIdOf(actor), birth) : undefined;
  const loose = flags & LOOSE ? readSum(reader) : SUM_ZERO;
  const cloud = flags & CLOUD ? readSum(reader) : SUM_ZERO;
  return { actor, received, closed, cloud, loose, predecessor };
}

function readActor(reader: ByteReader, flags: number, before: Actor | undefined): Actor {
  if (flags & NODE) {
    const name = reader.lengthPrefixed();
    const nodeId = name.length > NODE_ID_BYTES_MAX ? '' : byteString(name);
    if (!isNodeId(nodeId)) throw new MalformedBytes('a malformed node id');
    if (before !== undefined && nodeId <= nodeIdOf(before)) throw new MalformedBytes('nodes out of order');
    return makeActor(nodeId, reader.varint() as Version, reader.uint32());
  }
  if (before === undefined) throw new MalformedBytes('a first row without a node id');
  const actor = makeActor(nodeIdOf(before), above(birthOf(before), reader.varint()), reader.uint32());
  if (actor <= before) throw new MalformedBytes('rows out of order');
  return actor;
}

/** Always older than its successor: chains of predecessors end. */
function readPredecessor(reader: ByteReader, nodeId: NodeId, birth: Version): Predecessor {
  const earlier = below(birth, nonZero(reader.varint()));
  const actor = makeActor(nodeId, earlier, reader.uint32());
  return { actor, closed: above(earlier, reader.varint()) };
}

function readSum(reader: ByteReader): Sum {
  return { count: nonZero(reader.varint()), sum: reader.bigUint64() };
}

function above(version: Version, offset: number): Version {
  const sum = version + offset;
  if (!isVersion(sum)) throw new MalformedBytes('a version above 2^53 - 1');
  return sum;
}

function below(version: Version, offset: number): Version {
  const difference = version - offset;
  if (!isVersion(difference)) throw new MalformedBytes('a version below 0');
  return difference;
}

function nonZero(value: number): number {
  if (value === 0) throw new MalformedBytes('a zero where the absence of its flag says so');
  return value;
}

function randomOf(actor: Actor): number {
  return Number.parseInt(actor.slice(-8), 16);
}
