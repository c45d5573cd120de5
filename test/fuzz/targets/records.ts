/** Records on disk: their contents, and the checksum that each of them ends with. */

import { ByteWriter } from '../../../src/core/byte-writer.ts';
import type { Row } from '../../../src/core/context.ts';
import type { Entry } from '../../../src/core/entry.ts';
import { decodeDue, encodeDue } from '../../../src/storage/due-record.ts';
import {
  decodeEntry,
  encodeEntry,
  LARGE,
  type StoredEntry,
  TOMBSTONE,
} from '../../../src/storage/entry-record.ts';
import {
  decodeIdentity,
  decodeState,
  encodeIdentity,
  encodeState,
  FORMAT_VERSION,
} from '../../../src/storage/meta-record.ts';
import { decodeRow, encodeRow } from '../../../src/storage/row-record.ts';
import { decodeSegment, encodeSegment } from '../../../src/storage/segment-record.ts';
import {
  decodeHead,
  decodeProgress,
  encodeHead,
  encodeProgress,
} from '../../../src/storage/session-record.ts';
import { readRecord, seal } from '../../../src/storage/checksum.ts';
import { ACTOR, ENTRIES, NODE, PLAIN_ROWS, ROWS, SESSION, version } from '../samples.ts';
import { anyOf, failsWith, type Kind, kind, type Target, utf8 } from '../target.ts';

const KEY = utf8('key');
const refuses = failsWith('RECORD_DAMAGED');

const NODE_STATE = {
  horizon: version(12),
  all: { count: 3, sum: 4n },
  permanent: { count: 1, sum: 2n },
  nextActorNo: 2,
  ownActor: ACTOR,
  lastFloor: version(0),
  bootstrapping: false,
  damaged: false,
  healing: true,
  unindexed: false,
  uncounted: false,
  drops: 0,
  droppedAt: version(0),
};

const HEAD = {
  peer: NODE,
  name: SESSION,
  order: 'key' as const,
  rows: ROWS,
  horizon: version(12),
  serverEntries: 9,
  openedAt: version(5),
  serverBootstrapping: false,
  exempt: true,
  mixed: true,
};

const ENTRY = ENTRIES[0] as Entry;

const KINDS: readonly Kind[] = [
  recordKind(decodeEntry, encodeStored, {
    entry: encodeEntry(3, ENTRY),
    'entry in a batch': encodeEntry(3, ENTRIES[1] as Entry),
    'entry that expires': encodeEntry(3, ENTRIES[4] as Entry),
    'large entry': encodeEntry(3, { ...ENTRY, value: new Uint8Array(5000) }),
  }),
  recordKind(decodeRow, (row) => encodeRow(row, row), {
    row: encodeRow(PLAIN_ROWS[1] as Row, { indexed: version(9), pairs: 2, live: 1 }),
  }),
  recordKind(decodeState, encodeState, {
    state: encodeState(NODE_STATE),
    'state with drops': encodeState({ ...NODE_STATE, drops: 2, droppedAt: version(99) }),
  }),
  recordKind(decodeIdentity, encodeAnyIdentity, {
    identity: encodeIdentity({ formatVersion: FORMAT_VERSION, nodeId: NODE, clusterId: 'cluster' }),
  }),
  recordKind(decodeSegment, encodeSegment, {
    segment: encodeSegment(ENTRIES.slice(0, 3)),
    'no pairs': encodeSegment([]),
  }),
  recordKind(decodeHead, encodeHead, { session: encodeHead(HEAD) }),
  recordKind(decodeProgress, encodeProgress, {
    progress: encodeProgress({ entries: 3, bytes: 300, cursor: utf8('cursor') }),
  }),
  recordKind(decodeDue, encodeDue, { due: encodeDue({ actorNo: 3, version: version(77) }) }),
];

/** The content of a record of some kind; it gets a right checksum. */
export const records: Target = anyOf(
  KINDS.map((one) => ({ run: (content) => one.run(seal(KEY, content)), seeds: one.seeds })),
);

/** The checksum, too, is the input's. */
export const sealed: Target = anyOf(
  KINDS.map(({ run, seeds }) => ({
    run,
    seeds: Object.fromEntries(Object.entries(seeds).map(([name, content]) => [name, seal(KEY, content)])),
  })),
);

function recordKind<T>(
  decode: (content: Uint8Array) => T,
  encode: (value: T) => Uint8Array,
  seeds: Kind['seeds'],
): Kind {
  const readRecordOf = (record: Uint8Array): T => readRecord(KEY, record, decode);
  return kind({ decode: readRecordOf, encode: (value) => seal(KEY, encode(value)), refuses }, seeds);
}

/** A large value lies elsewhere: of it the record has the length only, which is not made here. */
function encodeStored(stored: StoredEntry): Uint8Array {
  const value = stored.flags & LARGE ? ({ length: stored.valueBytes } as Uint8Array) : stored.value;
  const { first, last, version: at, expiresAt } = stored;
  const tombstone = (stored.flags & TOMBSTONE) !== 0;
  return encodeEntry(stored.actorNo, { version: at, first, last, expiresAt, tombstone, value });
}

/** Of another format nothing but its number is read. */
function encodeAnyIdentity(identity: ReturnType<typeof decodeIdentity>): Uint8Array {
  if ('nodeId' in identity) return encodeIdentity(identity);
  const writer = new ByteWriter();
  writer.varint(identity.formatVersion);
  return writer.finish();
}
