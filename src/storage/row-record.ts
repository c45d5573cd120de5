/** How an actor's row rests on disk, together with what the local dot index holds of the actor. */

import { type Actor, isActor } from '../core/actor.ts';
import { ByteReader, MalformedBytes } from '../core/byte-reader.ts';
import { ByteWriter } from '../core/byte-writer.ts';
import { byteString } from '../core/bytes.ts';
import { makeSum, type Predecessor, type Row, type Sum } from '../core/context.ts';
import type { Version } from '../core/version.ts';

/** Local facts of an actor: they are this node's own, and never travel. */
export interface IndexFacts {
  /** Highest version in the dot index; a segment may only list versions above it. */
  readonly indexed: Version;
  /** Pairs and single dots in the index, stale ones included. */
  readonly pairs: number;
  /** Present entries of the actor. */
  readonly live: number;
}

export function encodeRow(row: Row, facts: IndexFacts): Uint8Array {
  const writer = new ByteWriter(160);
  writer.asciiPrefixed(row.actor);
  writer.uint64(row.received);
  writer.uint64(row.closed);
  writeSum(writer, row.cloud);
  writeSum(writer, row.loose);
  writer.asciiPrefixed(row.predecessor?.actor ?? '');
  writer.uint64(row.predecessor?.closed ?? 0);
  writer.uint64(facts.indexed);
  writer.varint(facts.pairs);
  writer.varint(facts.live);
  return writer.finish();
}

export function decodeRow(content: Uint8Array): Row & IndexFacts {
  const reader = new ByteReader(content);
  const actor = readActor(reader);
  if (actor === undefined) throw new MalformedBytes('a row without an actor');
  const received = reader.uint64() as Version;
  const closed = reader.uint64() as Version;
  const cloud = readSum(reader);
  const loose = readSum(reader);
  const predecessorActor = readActor(reader);
  const predecessorClosed = reader.uint64() as Version;
  const predecessor: Predecessor | undefined =
    predecessorActor === undefined ? undefined : { actor: predecessorActor, closed: predecessorClosed };
  const indexed = reader.uint64() as Version;
  const pairs = reader.varint();
  const live = reader.varint();
  reader.end();
  return { actor, received, closed, cloud, loose, predecessor, indexed, pairs, live };
}

export function writeSum(writer: ByteWriter, sum: Sum): void {
  writer.varint(sum.count);
  writer.bigUint64(sum.sum);
}

export function readSum(reader: ByteReader): Sum {
  return makeSum(reader.varint(), reader.bigUint64());
}

function readActor(reader: ByteReader): Actor | undefined {
  const text = byteString(reader.lengthPrefixed());
  if (text === '') return undefined;
  if (!isActor(text)) throw new MalformedBytes('a malformed actor');
  return text;
}
