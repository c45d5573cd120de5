/** What lies on disk is read by later versions: these bytes change only with the version of the format. */

import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type Actor, makeActor, type NodeId } from '../../src/core/actor.ts';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import { SUM_ZERO } from '../../src/core/context.ts';
import type { Entry } from '../../src/core/entry.ts';
import { FRAME_BYTES_MAX } from '../../src/core/limits.ts';
import { type Version, VERSION_MAX } from '../../src/core/version.ts';
import { readRecord, seal } from '../../src/storage/checksum.ts';
import { decodeDue, encodeDue } from '../../src/storage/due-record.ts';
import { decodeEntry, encodeEntry, flagsOf, LARGE } from '../../src/storage/entry-record.ts';
import { decodeIdentity, decodeState, encodeIdentity, encodeState } from '../../src/storage/meta-record.ts';
import { decodeRow, encodeRow } from '../../src/storage/row-record.ts';
import { countPairs, decodeSegment, encodeSegment } from '../../src/storage/segment-record.ts';
import {
  decodeHead,
  decodeProgress,
  encodeHead,
  encodeProgress,
  type SessionHead,
} from '../../src/storage/session-record.ts';
import { hex, unhex } from '../support/codec-arbitraries.ts';
import { utf8 } from '../support/replica-fixture.ts';

const NODE = 'n' as NodeId;
const version = (value: number): Version => value as Version;
const [BEFORE, ACTOR] = [1, 2].map((birth) => makeActor(NODE, version(birth), birth)) as [Actor, Actor];

const PUT: Omit<Entry, 'actor' | 'key'> = {
  version: version(300),
  first: version(300),
  last: version(300),
  tombstone: false,
  value: utf8('v'),
  expiresAt: undefined,
};
const DELETE = { ...PUT, tombstone: true, value: utf8('') };

describe('an entry', () => {
  test.each<[string, Omit<Entry, 'actor' | 'key'>, string]>([
    ['alone', PUT, '00 000000000000012c ac02 01 76'],
    ['that expires', { ...PUT, expiresAt: 5 }, '02 000000000000012c ac02 0000000000000005 01 76'],
    [
      'of a batch',
      { ...PUT, first: version(299), last: version(302) },
      '08 000000000000012c ac02 01 02 01 76',
    ],
    ['first of a batch', { ...PUT, last: version(301) }, '08 000000000000012c ac02 00 01 01 76'],
    ['that is deleted', DELETE, '01 000000000000012c ac02 00'],
    ['without bytes', { ...PUT, value: utf8('') }, '00 000000000000012c ac02 00'],
    ['that expired in 1970', { ...PUT, expiresAt: 0 }, '02 000000000000012c ac02 0000000000000000 01 76'],
  ])('%s lies on disk as it always has, and comes back', (_, entry, bytes) => {
    expect(hex(encodeEntry(300, entry))).toBe(hex(unhex(bytes)));
    const { tombstone, ...rest } = entry;
    expect(decodeEntry(unhex(bytes))).toEqual({
      ...rest,
      actorNo: 300,
      flags: flagsOf(entry),
      valueBytes: entry.value.length,
    });
    expect((flagsOf(entry) & 1) === 1).toBe(tombstone);
  });

  test('has its value apart from 4,097 bytes on', () => {
    for (const [length, isApart] of [
      [4096, false],
      [4097, true],
    ] as const) {
      const entry = { ...PUT, value: new Uint8Array(length).fill(7) };
      expect((flagsOf(entry) & LARGE) !== 0).toBe(isApart);
      const stored = decodeEntry(encodeEntry(1, entry));
      expect(stored.valueBytes).toBe(length);
      expect(stored.value).toHaveLength(isApart ? 0 : length);
    }
  });

  test('ends where its bytes end', () => {
    const bytes = hex(encodeEntry(300, PUT));
    for (const other of [`${bytes}00`, bytes.slice(0, -2)])
      expect(() => decodeEntry(unhex(other))).toThrow(MalformedBytes);
  });

  test('of the largest value that travels is read, and of a larger one is damaged', () => {
    const bytes = (valueBytes: string): Uint8Array => unhex(`04 000000000000012c 01 ${valueBytes}`);
    expect(decodeEntry(bytes('80808008')).valueBytes).toBe(FRAME_BYTES_MAX);
    expect(() => decodeEntry(bytes('81808008'))).toThrow(MalformedBytes);
  });

  test('may be in a batch from version 0 to the last one there is', () => {
    const [first, last] = [version(0), VERSION_MAX];
    const entry = { ...PUT, first, last };
    expect(decodeEntry(encodeEntry(1, entry))).toMatchObject({ first, last });
  });
});

test('what is due lies on disk as it always has, and comes back', () => {
  const dot = { actorNo: 300, version: version(5) };
  expect(hex(encodeDue(dot))).toBe(`ac02${'5'.padStart(16, '0')}`);
  expect(decodeDue(encodeDue(dot))).toEqual(dot);
  expect(() => decodeDue(unhex(`${hex(encodeDue(dot))}00`))).toThrow(MalformedBytes);
});

test('a segment lies on disk as it always has, and comes back', () => {
  const pairs = [
    { version: version(300), key: utf8('a') },
    { version: version(301), key: utf8('bc') },
    { version: VERSION_MAX, key: utf8('') },
  ];
  const bytes = unhex('03 ac02 01 61 01 02 6263 d2fdffffffffff0f 00');
  expect(hex(encodeSegment(pairs))).toBe(hex(bytes));
  expect(decodeSegment(bytes)).toEqual(pairs);
  expect(countPairs(bytes)).toBe(3);
  expect(() => decodeSegment(unhex(`${hex(bytes)}00`))).toThrow(MalformedBytes);
});

describe('a row', () => {
  const row = {
    actor: ACTOR,
    received: version(9),
    closed: version(8),
    cloud: { count: 1, sum: 2n },
    loose: { count: 3, sum: 4n },
    predecessor: { actor: BEFORE, closed: version(7) },
  };
  const facts = { indexed: version(10), pairs: 11, live: 12 };
  const actorBytes = (actor: Actor): string => `${actor.length.toString(16)}${hex(utf8(actor))}`;
  const uint64 = (value: number): string => value.toString(16).padStart(16, '0');

  test('lies on disk as it always has, and comes back, with its predecessor or without', () => {
    const start = [actorBytes(ACTOR), uint64(9), uint64(8), '01', uint64(2), '03', uint64(4)].join('');
    const end = [uint64(10), '0b', '0c'].join('');
    const linked = start + actorBytes(BEFORE) + uint64(7) + end;
    expect(hex(encodeRow(row, facts))).toBe(linked);
    expect(decodeRow(unhex(linked))).toEqual({ ...row, ...facts });
    const alone = { ...row, predecessor: undefined };
    expect(hex(encodeRow(alone, facts))).toBe(`${start}00${uint64(0)}${end}`);
    expect(decodeRow(encodeRow(alone, facts))).toEqual({ ...alone, ...facts });
  });

  test('is of an actor, links to an actor, and ends where its bytes end', () => {
    const bytes = hex(encodeRow(row, facts));
    const [own, before] = [ACTOR, BEFORE].map(actorBytes) as [string, string];
    const malformed = [
      bytes.replace(own, '00'),
      bytes.replace(own, '0161'),
      bytes.replace(before, '0161'),
      `${bytes}00`,
    ];
    for (const other of malformed) expect(() => decodeRow(unhex(other))).toThrow(MalformedBytes);
  });
});

describe("the node's own records", () => {
  const identity = { formatVersion: 2, nodeId: NODE, clusterId: 'c' };

  test('say who it is, and of another format only that it is another one', () => {
    expect(hex(encodeIdentity(identity))).toBe('02016e0163');
    expect(decodeIdentity(unhex('02 01 6e 01 63'))).toEqual(identity);
    for (const formatVersion of [0, 1, 3])
      expect(decodeIdentity(unhex(`0${formatVersion} ff`))).toEqual({ formatVersion });
  });

  test.each(['02 01 2b 01 63', '02 01 6e 01 2b', '02 01 6e 01 63 00'])(
    'are damaged with a name that is none, or more than two: %s',
    (bytes) => {
      expect(() => decodeIdentity(unhex(bytes))).toThrow(MalformedBytes);
    },
  );

  test('have each flag of the state in its own bit, and the actor only if it has written', () => {
    const none = { bootstrapping: false, damaged: false, healing: false, unindexed: false, uncounted: false };
    const state = {
      horizon: version(1),
      lastFloor: version(2),
      all: SUM_ZERO,
      permanent: SUM_ZERO,
      nextActorNo: 3,
      ownActor: undefined,
      drops: 0,
      droppedAt: version(0),
      ...none,
    };
    for (const [flag, changes] of [
      none,
      { bootstrapping: true },
      { damaged: true },
      { healing: true },
      { unindexed: true },
      { uncounted: true },
      { bootstrapping: true, damaged: true, healing: true, unindexed: true, uncounted: true },
    ].entries()) {
      const bytes = encodeState({ ...state, ...changes });
      expect(bytes[0]).toBe([0, 1, 2, 4, 8, 16, 31][flag]);
      expect(decodeState(bytes)).toEqual({ ...state, ...changes });
    }
    const malformed = `${hex(encodeState(state)).slice(0, -2)}0161`;
    expect(() => decodeState(unhex(malformed))).toThrow(MalformedBytes);
  });
});

describe('a session that a puller keeps', () => {
  const none = { order: 'version' as const, serverBootstrapping: false, exempt: false, mixed: false };
  const head: SessionHead = {
    peer: NODE,
    name: 's',
    rows: [],
    horizon: version(1),
    serverEntries: 2,
    openedAt: version(3),
    ...none,
  };

  test('has each flag in its own bit', () => {
    const each = [
      none,
      { order: 'key' as const },
      { serverBootstrapping: true },
      { exempt: true },
      { mixed: true },
      { order: 'key' as const, serverBootstrapping: true, exempt: true, mixed: true },
    ];
    for (const [flag, changes] of each.entries()) {
      const bytes = encodeHead({ ...head, ...changes });
      expect(bytes[0]).toBe([0, 1, 2, 4, 8, 15][flag]);
      expect(decodeHead(bytes)).toEqual({ ...head, ...changes });
    }
  });

  test('is damaged where its peer has no name of a node', () => {
    const bytes = hex(encodeHead(head)).replace('016e', '012b');
    expect(() => decodeHead(unhex(bytes))).toThrow(MalformedBytes);
  });

  test('says how far it came, in bytes of its own', () => {
    const bytes = unhex('ac02 05 0708');
    const progress = { entries: 300, bytes: 5, cursor: unhex('0708') };
    expect(hex(encodeProgress(progress))).toBe(hex(bytes));
    const decoded = decodeProgress(bytes);
    bytes.fill(0);
    expect(decoded).toEqual(progress);
  });
});

describe('a record', () => {
  const [KEY, CONTENT] = [utf8('k'), utf8('content')];
  const same = (content: Uint8Array): string => hex(content);

  test('is its content with four bytes of a checksum, which is of the key, too', () => {
    const record = seal(KEY, CONTENT);
    expect(record).toHaveLength(CONTENT.length + 4);
    expect(readRecord(KEY, record, same)).toBe(hex(CONTENT));
    for (const nothing of [new Uint8Array(0), new TextEncoder().encode('')])
      expect(readRecord(KEY, seal(KEY, nothing), same)).toBe('');
    for (const other of [utf8('l'), utf8('')])
      expect(() => readRecord(other, record, same)).toThrow(
        expect.objectContaining({ code: 'RECORD_DAMAGED' }),
      );
  });

  test('ends with the CRC-32 of its key and content, of whatever lengths', () => {
    const bytes = Uint8Array.from({ length: 200 }, (_, at) => (at * 37) & 0xff);
    for (const keyLength of [0, 1, 63, 64, 65, 100]) {
      for (const length of [0, 1, 63, 64, 65, 99]) {
        const [key, content] = [bytes.subarray(0, keyLength), bytes.subarray(100, 100 + length)];
        const record = seal(key, content);
        expect(hex(record.subarray(length))).toBe(
          crc32(Buffer.concat([key, content]))
            .toString(16)
            .padStart(8, '0'),
        );
        expect(readRecord(key, record, same)).toBe(hex(content));
      }
    }
  });

  test('is damaged with any of its bits flipped, cut, or with content that makes no sense', () => {
    const record = seal(KEY, CONTENT);
    const damage = expect.objectContaining({ code: 'RECORD_DAMAGED' });
    for (let at = 0; at < 8 * record.length; at++) {
      const flipped = record.map((byte, index) => (index === at >> 3 ? byte ^ (1 << (at & 7)) : byte));
      expect(() => readRecord(KEY, flipped, same)).toThrow(damage);
    }
    for (let length = 0; length < record.length; length++)
      expect(() => readRecord(KEY, record.slice(0, length), same)).toThrow(damage);
    expect(() => readRecord(KEY, record, decodeDue)).toThrow(damage);
  });

  test('whose reader fails otherwise shows a defect, and no damage', () => {
    const fail = (): never => {
      throw new TypeError('a defect');
    };
    expect(() => readRecord(KEY, seal(KEY, CONTENT), fail)).toThrow(TypeError);
  });
});
