/**
 * The layout's key spaces: one prefix byte each, numbers big-endian, so that the order of keys is the order of what
 * they mean. Written to disk: a change needs a new format version.
 *
 * What nearly every commit writes lies below the entries. A first copy brings these in key order: as long as it writes
 * nothing that lies beyond them, LevelDB has nothing to merge.
 */

import type { ByteWriter } from '../core/byte-writer.ts';
import { asciiBytes, newBytes, readUint32, readUint64, writeUint32, writeUint64 } from '../core/bytes.ts';
import type { KeyRange } from '../ports/ordered-store.ts';

const META = 0x01;
const ROW = 0x02;
const CLOUD = 0x03;
const SESSION = 0x04;
const PROGRESS = 0x05;
const ENTRY = 0x10;
const LARGE_VALUE = 0x11;
const SEGMENT = 0x20;
const SINGLE_DOT = 0x21;
const DUE = 0x30;
/** Behind everything: who looks for the next record of another space walks over none of what was removed here. */
const TO_SORT = 0x60;

/** Due by its creation: a tombstone. */
export const DUE_TOMBSTONE = 0x00;
/** Due by its expiry: an expiring entry. */
export const DUE_EXPIRING = 0x01;

const DUE_HEAD_BYTES = 1 + 1 + 8;

export function metaKey(name: string): Uint8Array {
  return prefixed(META, asciiBytes(name));
}

/** Who the node is. */
export const IDENTITY_KEY: Uint8Array = metaKey('identity');
/** Its state, once something was committed. */
export const STATE_KEY: Uint8Array = metaKey('state');

export function entryKey(key: Uint8Array): Uint8Array {
  return prefixed(ENTRY, key);
}

export function writeEntryKey(writer: ByteWriter, key: Uint8Array): void {
  writer.byte(ENTRY);
  writer.raw(key);
}

/** The key of the entry that is stored under `stored`. */
export function keyOfEntry(stored: Uint8Array): Uint8Array {
  return stored.subarray(1);
}

export function largeValueKey(actorNo: number, version: number): Uint8Array {
  return dotKey(LARGE_VALUE, actorNo, version);
}

/** Segments are found by the highest version that they list. */
export function segmentKey(actorNo: number, highest: number): Uint8Array {
  return dotKey(SEGMENT, actorNo, highest);
}

export function singleDotKey(actorNo: number, version: number): Uint8Array {
  return dotKey(SINGLE_DOT, actorNo, version);
}

export function writeSingleDotKey(writer: ByteWriter, actorNo: number, version: number): void {
  writer.byte(SINGLE_DOT);
  writer.uint32(actorNo);
  writer.uint64(version);
}

/** `at`: for a tombstone its version, for an expiring entry the millisecond of its expiry. */
export function dueKey(kind: number, at: number, key: Uint8Array): Uint8Array {
  const bytes = newBytes(DUE_HEAD_BYTES + key.length);
  bytes[0] = DUE;
  bytes[1] = kind;
  writeUint64(bytes, 2, at);
  bytes.set(key, DUE_HEAD_BYTES);
  return bytes;
}

/** `at` of `dueKey`. */
export function atOfDue(stored: Uint8Array): number {
  return readUint64(stored, 2);
}

export function keyOfDue(stored: Uint8Array): Uint8Array {
  return stored.subarray(DUE_HEAD_BYTES);
}

/** Dots on their way from key order to version order (`rebuild.ts`). */
export function toSortKey(actorNo: number, version: number): Uint8Array {
  return dotKey(TO_SORT, actorNo, version);
}

/** Where the dot of an entry with this large value is to be sorted. */
export function toSortKeyOfValue(stored: Uint8Array): Uint8Array {
  return prefixed(TO_SORT, stored.subarray(1));
}

export function dotToSort(stored: Uint8Array): { readonly actorNo: number; readonly version: number } {
  return { actorNo: readUint32(stored, 1), version: readUint64(stored, 5) };
}

export function rowKey(actorNo: number): Uint8Array {
  const bytes = newBytes(5);
  bytes[0] = ROW;
  writeUint32(bytes, 1, actorNo);
  return bytes;
}

export function cloudKey(actorNo: number, version: number): Uint8Array {
  return dotKey(CLOUD, actorNo, version);
}

export function sessionKey(peer: string): Uint8Array {
  return prefixed(SESSION, asciiBytes(peer));
}

export function progressKey(peer: string): Uint8Array {
  return prefixed(PROGRESS, asciiBytes(peer));
}

/** Segments and single dots of an actor that list a version above `after`. */
export function segmentsAbove(actorNo: number, after: number): KeyRange {
  return { gt: segmentKey(actorNo, after), lte: segmentKey(actorNo, Number.MAX_SAFE_INTEGER) };
}

export function singleDotsAbove(
  actorNo: number,
  after: number,
  upTo: number = Number.MAX_SAFE_INTEGER,
): KeyRange {
  return { gt: singleDotKey(actorNo, after), lte: singleDotKey(actorNo, upTo) };
}

/** Due records of one kind from `from` to `to`, both inclusive. */
export function dueBetween(kind: number, from: number, to: number): KeyRange {
  return { gte: dueKey(kind, from, new Uint8Array(0)), lt: dueKey(kind, to + 1, new Uint8Array(0)) };
}

export const ALL_TO_SORT: KeyRange = whole(TO_SORT);
export const ALL_LARGE_VALUES: KeyRange = whole(LARGE_VALUE);
export const ALL_ROWS: KeyRange = whole(ROW);
export const ALL_CLOUD_DOTS: KeyRange = whole(CLOUD);
export const ALL_SESSIONS: KeyRange = whole(SESSION);
/** What can be made anew from the entries, or is of no use without the context: all but entries, their values and rows. */
export const ALL_BESIDE_ENTRIES: readonly KeyRange[] = [
  CLOUD,
  SESSION,
  PROGRESS,
  SEGMENT,
  SINGLE_DOT,
  DUE,
].map(whole);

/** Bounds on keys as the bounds on the records that hold them. */
export interface EntryBounds {
  readonly gt?: Uint8Array | undefined;
  readonly gte?: Uint8Array | undefined;
  readonly lt?: Uint8Array | undefined;
  readonly reverse?: boolean | undefined;
}

/** What a backup holds, in key order: all but the sessions in which this node pulls, which end with their node. */
export const BACKED_UP: readonly KeyRange[] = [
  { gte: Uint8Array.of(META), lt: Uint8Array.of(CLOUD + 1) },
  { gte: Uint8Array.of(ENTRY), lt: Uint8Array.of(DUE + 1) },
];

export type KeySpace =
  | 'meta'
  | 'row'
  | 'cloud'
  | 'session'
  | 'progress'
  | 'entry'
  | 'largeValue'
  | 'segment'
  | 'singleDot'
  | 'due';

const NAME_BY_PREFIX: ReadonlyMap<number, KeySpace> = new Map<number, KeySpace>([
  [META, 'meta'],
  [ROW, 'row'],
  [CLOUD, 'cloud'],
  [SESSION, 'session'],
  [PROGRESS, 'progress'],
  [ENTRY, 'entry'],
  [LARGE_VALUE, 'largeValue'],
  [SEGMENT, 'segment'],
  [SINGLE_DOT, 'singleDot'],
  [DUE, 'due'],
]);

/** Of a stored record; `undefined` if the layout has no such space. */
export function spaceOf(stored: Uint8Array): KeySpace | undefined {
  return NAME_BY_PREFIX.get(stored[0] ?? 0);
}

export function isBackedUp(stored: Uint8Array): boolean {
  const space = spaceOf(stored);
  return space !== undefined && space !== 'session' && space !== 'progress';
}

export function entriesBetween(bounds: EntryBounds): KeyRange {
  const lower =
    bounds.gt !== undefined
      ? { gt: entryKey(bounds.gt) }
      : { gte: entryKey(bounds.gte ?? new Uint8Array(0)) };
  const lt = bounds.lt === undefined ? Uint8Array.of(ENTRY + 1) : entryKey(bounds.lt);
  return { ...lower, lt, reverse: bounds.reverse ?? false };
}

function whole(prefix: number): KeyRange {
  return { gte: Uint8Array.of(prefix), lt: Uint8Array.of(prefix + 1) };
}

function prefixed(prefix: number, rest: Uint8Array): Uint8Array {
  const bytes = newBytes(1 + rest.length);
  bytes[0] = prefix;
  bytes.set(rest, 1);
  return bytes;
}

function dotKey(prefix: number, actorNo: number, version: number): Uint8Array {
  const bytes = newBytes(13);
  bytes[0] = prefix;
  writeUint32(bytes, 1, actorNo);
  writeUint64(bytes, 5, version);
  return bytes;
}
