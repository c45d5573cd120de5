import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Actor, makeActor } from '../../src/core/actor.ts';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import { ByteWriter } from '../../src/core/byte-writer.ts';
import { type FullRow, SUM_ZERO, unknownRow } from '../../src/core/context.ts';
import { VERSION_MAX, VERSION_ZERO, type Version } from '../../src/core/version.ts';
import {
  decodePlainRows,
  decodeRows,
  encodePlainRows,
  encodeRows,
  ROWS_MAX,
} from '../../src/core/row-codec.ts';
import {
  attempt,
  damaged,
  fullRows,
  HASH_MAX,
  hex,
  nodeId,
  plainRow,
  unhex,
} from '../support/codec-arbitraries.ts';

const BIRTH = 0x3_0000_0000_0000 as Version;
const ACTOR = makeActor(nodeId('berlin'), BIRTH, 0xdead_beef);
const PREDECESSOR = makeActor(nodeId('berlin'), (BIRTH - 0x1000) as Version, 1);

const ROW: FullRow = {
  actor: ACTOR,
  received: (BIRTH + 300) as Version,
  closed: (BIRTH + 200) as Version,
  cloud: { count: 2, sum: 0x0102_0304_0506_0708n },
  cloudVersions: [(BIRTH + 301) as Version, (BIRTH + 400) as Version],
  loose: { count: 1, sum: HASH_MAX },
  predecessor: { actor: PREDECESSOR, closed: (BIRTH - 0x800) as Version },
};

const SHORT: FullRow = {
  actor: makeActor(nodeId('a'), BIRTH, 0xdead_beef),
  received: (BIRTH + 5) as Version,
  closed: (BIRTH + 5) as Version,
  cloud: { count: 2, sum: 1n },
  cloudVersions: [(BIRTH + 6) as Version, (BIRTH + 9) as Version],
  loose: SUM_ZERO,
  predecessor: undefined,
};

/** Birth and random of both. */
const HEAD = '808080808080c001 deadbeef';

describe('rows', () => {
  test('come back as they were', () => {
    fc.assert(
      fc.property(fullRows, (rows) => {
        expect(decodeRows(encodeRows(rows))).toEqual(rows);
      }),
    );
  });

  test('come back without the versions of their clouds in a plain list', () => {
    fc.assert(
      fc.property(fullRows, (rows) => {
        expect(decodePlainRows(encodePlainRows(rows))).toEqual(rows.map(plainRow));
      }),
    );
  });

  test('have one form only: what decodes is what encoding gives', () => {
    fc.assert(
      fc.property(
        fullRows.chain((rows) => fc.oneof(damaged(encodeRows(rows)), fc.uint8Array())),
        (bytes) => {
          const rows = attempt(() => decodeRows(bytes));
          expect(rows instanceof MalformedBytes ? bytes : encodeRows(rows)).toEqual(bytes);
          const plain = attempt(() => decodePlainRows(bytes));
          expect(plain instanceof MalformedBytes ? bytes : encodePlainRows(plain)).toEqual(bytes);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('are written byte for byte as the protocol says', () => {
    // rows = count:varint row*; row = flags [node] birth random received [closed] [predecessor] [loose] [cloud]
    const expected = [
      '02', // two rows
      '1f 06 6265726c696e', // all flags; a node id of 6 bytes, "berlin"
      '808080808080c001 deadbeef', // birth; random
      'ac02 64', // received 300 above the birth; closed 100 below that
      '8020 00000001 8010', // predecessor born 0x1000 before, its random, closed 0x800 above its birth
      '01 ffffffffffffffff', // loose: 1 dot, sum
      '02 0102030405060708 01 63', // cloud: 2 dots, sum, at 1 above `received` and 99 above that
      '00 05 00000000 00', // no flags: same node, born 5 later, random 0, nothing received
    ];
    const next = makeActor(nodeId('berlin'), (BIRTH + 5) as Version, 0);
    const rows: FullRow[] = [ROW, { ...unknownRow(next), cloudVersions: [] }];
    expect(hex(encodeRows(rows))).toBe(expected.join('').replaceAll(' ', ''));
    expect(decodeRows(unhex(expected.join('')))).toEqual(rows);
  });

  test('of actors of one node cost 26 bytes each, their predecessors included', () => {
    const rows = Array.from({ length: 1000 }, (_, index): FullRow => {
      const birth = (BIRTH + index * 4096 * 60_000) as Version;
      const actor = makeActor(nodeId('berlin'), birth, index);
      const received = (birth + 4096 * 3_600_000) as Version;
      const before = makeActor(nodeId('berlin'), (birth - 4096 * 60_000) as Version, index);
      const predecessor = { actor: before, closed: (birth - 4096) as Version };
      return {
        actor,
        received,
        closed: received,
        cloud: SUM_ZERO,
        loose: SUM_ZERO,
        predecessor,
        cloudVersions: [],
      };
    });
    expect(encodeRows(rows).length / rows.length).toMatchInlineSnapshot(`26.013`);
  });

  test('of which there are none are one byte', () => {
    expect(hex(encodeRows([]))).toBe('00');
    expect(hex(encodePlainRows([]))).toBe('00');
    expect(decodeRows(unhex('00'))).toEqual([]);
  });

  test('in a plain list are written as in a full one, without the versions of their clouds', () => {
    const start = `01 05 01 61 ${HEAD} 05 02 0000000000000001`.replaceAll(' ', '');
    expect(hex(encodePlainRows([SHORT]))).toBe(start);
    expect(hex(encodeRows([SHORT]))).toBe(`${start}0103`);
    expect(decodePlainRows(unhex(start))).toEqual([plainRow(SHORT)]);
  });

  test('at both ends of the versions come back', () => {
    const from = makeActor(nodeId('a'), VERSION_ZERO, 0);
    const to = makeActor(nodeId('a'), (VERSION_MAX - 2) as Version, 0xffff_ffff);
    const rows: FullRow[] = [
      {
        ...SHORT,
        actor: from,
        received: VERSION_MAX,
        closed: VERSION_ZERO,
        cloud: SUM_ZERO,
        cloudVersions: [],
      },
      {
        ...SHORT,
        actor: to,
        received: (VERSION_MAX - 1) as Version,
        closed: (VERSION_MAX - 2) as Version,
        cloud: { count: 1, sum: 0n },
        cloudVersions: [VERSION_MAX],
        loose: { count: VERSION_MAX, sum: 0n },
        predecessor: { actor: from, closed: VERSION_MAX },
      },
    ];
    expect(decodeRows(encodeRows(rows))).toEqual(rows);
  });
});

describe('a list of rows is refused', () => {
  const cases: Record<string, [string, string]> = {
    'when it ends early': ['01 00', 'more rows than bytes'],
    'when bytes follow': ['00 00', '1 bytes too many'],
    'when it counts more rows than its bytes can hold': ['808010 00', 'more rows than bytes'],
    'when it counts more rows than a list may have': ['818010', 'more than 262144 rows'],
    'with unknown flags': [`01 21 01 61 ${HEAD} 00`, 'unknown flags of a row'],
    'whose first row names no node': [`01 00 ${HEAD} 00 00`, 'a first row without a node id'],
    'with a node id that is none': [`01 01 01 2b ${HEAD} 00`, 'a malformed node id'],
    'with a node id that is too long': [`01 01 41 ${'61'.repeat(65)} ${HEAD} 00`, 'a malformed node id'],
    'with an actor twice': [`02 01 01 61 ${HEAD} 00  00 00 deadbeef 00`, 'rows out of order'],
    'with a node named twice': [`02 01 01 61 ${HEAD} 00  01 01 61 ${HEAD} 01`, 'nodes out of order'],
    'with nodes out of order': [`02 01 01 62 ${HEAD} 00  01 01 61 ${HEAD} 01`, 'nodes out of order'],
    'with actors out of order': [`02 01 01 61 ${HEAD} 00  00 00 deadbeee 00`, 'rows out of order'],
    'with `closed` below the birth': [`01 03 01 61 ${HEAD} 05 06`, 'a row closed below its birth'],
    'with `closed` behind by nothing': [
      `01 03 01 61 ${HEAD} 05 00`,
      'a zero where the absence of its flag says so',
    ],
    'with `received` above 2^53 - 1': [`01 01 01 61 ${HEAD} ffffffffffffff0f`, 'a version above 2^53 - 1'],
    'with an empty loose sum': [`01 09 01 61 ${HEAD} 05 00 ${'00'.repeat(8)}`, 'a zero where'],
    'with a predecessor as young as itself': [`01 11 01 61 ${HEAD} 05 00 00000000 00`, 'a zero where'],
    'with a predecessor born below 0': [`01 11 01 61 05 00000000 05 06 00000000 00`, 'a version below 0'],
    'with a cloud longer than the message': [
      `01 05 01 61 ${HEAD} 05 8001 ${'00'.repeat(8)} 01`,
      'a cloud longer',
    ],
    'with a cloud version at `received`': [`01 05 01 61 ${HEAD} 05 01 ${'00'.repeat(8)} 00`, 'a zero where'],
    'whose cloud goes above 2^53 - 1': [
      `01 05 01 61 ${HEAD} 05 01 ${'00'.repeat(8)} ffffffffffffff0f`,
      'a version above',
    ],
    'with an empty cloud': [`01 05 01 61 ${HEAD} 05 00 ${'00'.repeat(8)}`, 'a zero where'],
    'with a predecessor closed above 2^53 - 1': [
      `01 11 01 61 ${HEAD} 05 01 00000000 ffffffffffffff0f`,
      'a version above',
    ],
    'with `closed` below 0': ['01 03 01 61 05 00000000 05 0b', 'a version below 0'],
    'with an empty node id': [`01 01 00 ${HEAD} 05`, 'a malformed node id'],
    'with a number longer than need be': [`01 01 01 61 ${HEAD} 8500`, 'an integer longer than need be'],
    'of which one is missing': [`02 01 01 61 ${HEAD} 05`, 'the end came too early'],
    'whose sum is cut': [`01 09 01 61 ${HEAD} 05 01 ${'00'.repeat(7)}`, 'the end came too early'],
  };
  test.each(Object.entries(cases))('%s', (_, [bytes, reason]) => {
    expect(() => decodeRows(unhex(bytes))).toThrow(MalformedBytes);
    expect(() => decodeRows(unhex(bytes))).toThrow(reason);
  });

  test('with a birth above 2^53 - 1', () => {
    const writer = new ByteWriter();
    for (const byte of [2, 1, 1, 0x61]) writer.byte(byte);
    writer.varint(VERSION_MAX);
    for (const byte of [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]) writer.byte(byte);
    expect(() => decodeRows(writer.finish())).toThrow('a version above 2^53 - 1');
  });

  test('whose clouds are in it though it is a plain one', () => {
    expect(() => decodePlainRows(encodeRows([SHORT]))).toThrow('2 bytes too many');
  });
});

describe('encoding asserts what a row promises', () => {
  test.each<[string, FullRow[]]>([
    ['closed above received', [{ ...ROW, closed: (ROW.received + 1) as Version }]],
    ['closed below the birth', [{ ...ROW, closed: (BIRTH - 1) as Version }]],
    ['a count that its cloud has not', [{ ...ROW, cloudVersions: [] }]],
    ['a cloud at received', [{ ...ROW, cloud: { count: 1, sum: 1n }, cloudVersions: [ROW.received] }]],
    ['an actor twice', [ROW, ROW]],
    ['the versions of a cloud out of order', [{ ...SHORT, cloudVersions: SHORT.cloudVersions.toReversed() }]],
    [
      'a version of a cloud twice',
      [{ ...SHORT, cloudVersions: [(BIRTH + 6) as Version, (BIRTH + 6) as Version] }],
    ],
    [
      'a predecessor closed below its birth',
      [{ ...SHORT, predecessor: { actor: makeActor(nodeId('a'), 9 as Version, 0), closed: 8 as Version } }],
    ],
    ['rows out of order', [SHORT, { ...SHORT, actor: makeActor(nodeId('a'), (BIRTH - 1) as Version, 0) }]],
    ['a younger predecessor', [{ ...ROW, predecessor: { actor: ACTOR, closed: BIRTH } }]],
    [
      'the predecessor of another',
      [{ ...ROW, predecessor: { actor: otherNode(PREDECESSOR), closed: BIRTH } }],
    ],
  ])('%s', (_, rows) => {
    expect(() => encodeRows(rows)).toThrow('Invariant broken');
  });

  test(`more than ${ROWS_MAX} rows`, () => {
    expect(() => encodeRows(Array.from({ length: ROWS_MAX + 1 }, () => ROW))).toThrow('Invariant broken');
  });
});

function otherNode(actor: Actor): Actor {
  return actor.replace('berlin', 'lisboa') as Actor;
}
