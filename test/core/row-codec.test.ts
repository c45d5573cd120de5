import { describe, expect, test } from 'vitest';
import { makeActor } from '../../src/core/actor.ts';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import { type FullRow, SUM_ZERO } from '../../src/core/context.ts';
import { decodePlainRows, decodeRows, encodePlainRows, encodeRows } from '../../src/core/row-codec.ts';
import { type Version, VERSION_MAX, VERSION_ZERO } from '../../src/core/version.ts';
import { hex, nodeId, plainRow, unhex } from '../gossip/codec-arbitraries.ts';

const BIRTH = 0x3_0000_0000_0000 as Version;
const ACTOR = makeActor(nodeId('a'), BIRTH, 0xdead_beef);

const ROW: FullRow = {
  actor: ACTOR,
  received: (BIRTH + 5) as Version,
  closed: (BIRTH + 5) as Version,
  cloud: { count: 2, sum: 1n },
  cloudVersions: [(BIRTH + 6) as Version, (BIRTH + 9) as Version],
  loose: SUM_ZERO,
  predecessor: undefined,
};

const HEAD = '808080808080c001 deadbeef';

describe('rows', () => {
  test('of which there are none are one byte', () => {
    expect(hex(encodeRows([]))).toBe('00');
    expect(hex(encodePlainRows([]))).toBe('00');
    expect(decodeRows(unhex('00'))).toEqual([]);
  });

  test('in a plain list are written as in a full one, without the versions of their clouds', () => {
    const start = `01 05 01 61 ${HEAD} 05 02 0000000000000001`.replaceAll(' ', '');
    expect(hex(encodePlainRows([ROW]))).toBe(start);
    expect(hex(encodeRows([ROW]))).toBe(`${start}0103`);
    expect(decodePlainRows(unhex(start))).toEqual([plainRow(ROW)]);
  });

  test('at both ends of the versions come back', () => {
    const from = makeActor(nodeId('a'), VERSION_ZERO, 0);
    const to = makeActor(nodeId('a'), (VERSION_MAX - 2) as Version, 0xffff_ffff);
    const rows: FullRow[] = [
      {
        ...ROW,
        actor: from,
        received: VERSION_MAX,
        closed: VERSION_ZERO,
        cloud: SUM_ZERO,
        cloudVersions: [],
      },
      {
        ...ROW,
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
  test.each<[string, string, string]>([
    [
      'whose cloud goes above 2^53 - 1',
      `01 05 01 61 ${HEAD} 05 01 ${'00'.repeat(8)} ffffffffffffff0f`,
      'a version above',
    ],
    ['with an empty cloud', `01 05 01 61 ${HEAD} 05 00 ${'00'.repeat(8)}`, 'a zero where'],
    [
      'with a predecessor closed above 2^53 - 1',
      `01 11 01 61 ${HEAD} 05 01 00000000 ffffffffffffff0f`,
      'a version above',
    ],
    ['with `closed` below 0', '01 03 01 61 05 00000000 05 0b', 'a version below 0'],
    ['with an empty node id', `01 01 00 ${HEAD} 05`, 'a malformed node id'],
    ['with a number longer than need be', `01 01 01 61 ${HEAD} 8500`, 'an integer longer than need be'],
    ['of which one is missing', `02 01 01 61 ${HEAD} 05`, 'the end came too early'],
    ['whose sum is cut', `01 09 01 61 ${HEAD} 05 01 ${'00'.repeat(7)}`, 'the end came too early'],
  ])('%s', (_, bytes, reason) => {
    expect(() => decodeRows(unhex(bytes))).toThrow(MalformedBytes);
    expect(() => decodeRows(unhex(bytes))).toThrow(reason);
  });

  test('whose clouds are in it though it is a plain one', () => {
    expect(() => decodePlainRows(encodeRows([ROW]))).toThrow('2 bytes too many');
  });
});

describe('encoding asserts', () => {
  const predecessor = { actor: makeActor(nodeId('a'), 9 as Version, 0), closed: 8 as Version };
  test.each<[string, FullRow[]]>([
    ['that the versions of a cloud ascend', [{ ...ROW, cloudVersions: ROW.cloudVersions.toReversed() }]],
    [
      'that no version of a cloud comes twice',
      [{ ...ROW, cloudVersions: [(BIRTH + 6) as Version, (BIRTH + 6) as Version] }],
    ],
    ['that a predecessor is closed from its birth on', [{ ...ROW, predecessor }]],
    ['that rows ascend', [ROW, { ...ROW, actor: makeActor(nodeId('a'), (BIRTH - 1) as Version, 0) }]],
  ])('%s', (_, rows) => {
    expect(() => encodeRows(rows)).toThrow('Invariant broken');
  });
});
