/** What a node keeps once: who it is, and the state that is not of one actor or entry. */

import { type Actor, isActor, isNodeId, type NodeId } from '../core/actor.ts';
import { ByteReader, MalformedBytes } from '../core/byte-reader.ts';
import { ByteWriter } from '../core/byte-writer.ts';
import { byteString } from '../core/bytes.ts';
import type { Sum } from '../core/context.ts';
import type { Version } from '../core/version.ts';
import { IDENTITY_KEY, STATE_KEY } from './keyspace.ts';
import { readSum, writeSum } from './row-record.ts';

/** Of the whole layout. A store with another one is refused. */
export const FORMAT_VERSION = 2;

export interface Identity {
  readonly formatVersion: number;
  readonly nodeId: NodeId;
  readonly clusterId: string;
}

/** Written with every commit that changed it, but for some of a first copy (`left-out.ts`). */
export interface NodeState {
  readonly horizon: Version;
  /** R8: over all present entries, and over those that are neither tombstones nor expiring. */
  readonly all: Sum;
  readonly permanent: Sum;
  /** The local number that the next new actor takes. */
  readonly nextActorNo: number;
  /** The actor of the last run that wrote. */
  readonly ownActor: Actor | undefined;
  /** At least every version that was seen before the context was given up: what the context no longer remembers. */
  readonly lastFloor: Version;
  /** Entries came in key order, and not all of them: batches may be torn, of which entries are among the loose dots. */
  readonly bootstrapping: boolean;
  /** Damage was found: no peer is served until the context was given up. */
  readonly damaged: boolean;
  /** The context was given up, and not every peer has completed a session since: nothing is collected. */
  readonly healing: boolean;
  /** The dot index does not list all entries that a first copy brought (`deferred-index.ts`). */
  readonly unindexed: boolean;
  /** There may be more entries than are counted here, and in rows (`left-out.ts`). */
  readonly uncounted: boolean;
  /** How often entries went without a dot that tells so: dropped by a comparison, taken out, forgotten with the context. */
  readonly drops: number;
  /** When it last happened: at least every version seen then. A store that was set back may count the same number twice. */
  readonly droppedAt: Version;
}

/** Where the records lie that there must be. `hasRows`: some that say something; who writes one writes the state, too. */
export function ownKeys(hasRows: boolean): readonly Uint8Array[] {
  return hasRows ? [IDENTITY_KEY, STATE_KEY] : [IDENTITY_KEY];
}

const BOOTSTRAPPING = 1;
const DAMAGED = 2;
const HEALING = 4;
const UNINDEXED = 8;
const UNCOUNTED = 16;
const ALL_FLAGS = 31;

export function encodeIdentity(identity: Identity): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(identity.formatVersion);
  writer.asciiPrefixed(identity.nodeId);
  writer.asciiPrefixed(identity.clusterId);
  return writer.finish();
}

/** Of another format version only that number is read. */
export function decodeIdentity(content: Uint8Array): Identity | { readonly formatVersion: number } {
  const reader = new ByteReader(content);
  const formatVersion = reader.varint();
  if (formatVersion !== FORMAT_VERSION) return { formatVersion };
  const nodeId = byteString(reader.lengthPrefixed());
  const clusterId = byteString(reader.lengthPrefixed());
  reader.end();
  if (!isNodeId(nodeId) || !isNodeId(clusterId)) throw new MalformedBytes('a malformed name');
  return { formatVersion, nodeId, clusterId };
}

export function encodeState(state: NodeState): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(
    (state.bootstrapping ? BOOTSTRAPPING : 0) |
      (state.damaged ? DAMAGED : 0) |
      (state.healing ? HEALING : 0) |
      (state.unindexed ? UNINDEXED : 0) |
      (state.uncounted ? UNCOUNTED : 0),
  );
  writer.uint64(state.horizon);
  writer.uint64(state.lastFloor);
  writeSum(writer, state.all);
  writeSum(writer, state.permanent);
  writer.varint(state.nextActorNo);
  writer.asciiPrefixed(state.ownActor ?? '');
  // Absent where there was none: as it was written before they were counted.
  if (state.drops > 0) {
    writer.varint(state.drops);
    writer.uint64(state.droppedAt);
  }
  return writer.finish();
}

export function decodeState(content: Uint8Array): NodeState {
  const reader = new ByteReader(content);
  const flags = reader.byte();
  if (flags > ALL_FLAGS) throw new MalformedBytes('unknown flags of the state');
  const horizon = reader.uint64() as Version;
  const lastFloor = reader.uint64() as Version;
  const all = readSum(reader);
  const permanent = readSum(reader);
  const nextActorNo = reader.varint();
  const actor = byteString(reader.lengthPrefixed());
  const hasDrops = reader.left > 0;
  const drops = hasDrops ? reader.varint() : 0;
  const droppedAt = (hasDrops ? reader.uint64() : 0) as Version;
  reader.end();
  if (hasDrops && drops === 0) throw new MalformedBytes('drops that never were');
  if (actor !== '' && !isActor(actor)) throw new MalformedBytes('a malformed actor');
  return {
    horizon,
    lastFloor,
    all,
    permanent,
    nextActorNo,
    ownActor: actor === '' ? undefined : actor,
    bootstrapping: (flags & BOOTSTRAPPING) !== 0,
    damaged: (flags & DAMAGED) !== 0,
    healing: (flags & HEALING) !== 0,
    unindexed: (flags & UNINDEXED) !== 0,
    uncounted: (flags & UNCOUNTED) !== 0,
    drops,
    droppedAt,
  };
}
