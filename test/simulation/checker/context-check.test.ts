import { describe, expect, test } from 'vitest';
import { SUM_ZERO } from '../../../src/core/context.ts';
import { checkGrown, checkSums, contextHashOf } from '../../../src/simulation/checker/context-check.ts';
import type { DiskState } from '../../../src/simulation/checker/disk-state.ts';
import { actorOf, diskOf, fingerprints, type MadeDisk } from './made.ts';

const PLACE = { machine: 'a', atMs: 1 };

const SOUND: MadeDisk = {
  entries: { x: { by: 'a', at: 1, value: '1' }, y: { by: 'b', at: 5, value: '2' }, z: { by: 'a', at: 3 } },
  rows: { a: { received: 3, closed: 2 }, b: { received: 2, cloud: [4] } },
  horizon: 1,
};

function sums(disk: DiskState): () => void {
  return () => checkSums(disk, fingerprints, PLACE);
}

describe('one disk', () => {
  test('that is sound, with loose entries and a cloud, breaks nothing', () => {
    expect(sums(diskOf(SOUND))).not.toThrow();
  });

  test('of which an entry is gone that the sum counts breaks I5', () => {
    const disk = diskOf(SOUND);
    expect(sums({ ...disk, entryByKey: new Map([...disk.entryByKey].slice(1)) })).toThrow('I5');
  });

  test('of which a loose sum lacks an entry breaks I5', () => {
    const disk = diskOf(SOUND);
    const rows = [...disk.rowByActor].map(([actor, row]) => [actor, { ...row, loose: SUM_ZERO }] as const);
    expect(sums({ ...disk, rowByActor: new Map(rows) })).toThrow('I5');
  });

  test('that is closed above what was received breaks I4', () => {
    expect(sums(diskOf({ rows: { a: { received: 3, closed: 4 } } }))).toThrow('I4');
  });

  test('that received of an actor, and not of its predecessor, breaks I9', () => {
    const rows = { b: { received: 4, predecessor: { of: 'a', closed: 3 } } };
    expect(sums(diskOf({ rows: { ...rows, a: { received: 2 } } }))).toThrow('I9');
    expect(sums(diskOf({ rows: { ...rows, a: { received: 3 } } }))).not.toThrow();
  });
});

describe('a disk that knows a retirement', () => {
  const retired = { a: 5 };

  test('and has a row of the node that says as much, or none, breaks nothing', () => {
    expect(sums(diskOf({ rows: { a: { received: 5 } }, retired }))).not.toThrow();
    expect(sums(diskOf({ rows: {}, retired }))).not.toThrow();
  });

  test('and has a row of the node that says less breaks I9', () => {
    expect(sums(diskOf({ rows: { a: { received: 5, closed: 4 } }, retired }))).toThrow('I9');
  });

  test('knows the predecessor of a run that it has no row of', () => {
    const rows = { b: { received: 4, predecessor: { of: 'a', closed: 5 } } };
    expect(sums(diskOf({ rows, retired }))).not.toThrow();
    expect(sums(diskOf({ rows, retired: { a: 4 } }))).toThrow('I9');
  });

  test('has the same context with the rows that it speaks for, and without', () => {
    const hash = (made: MadeDisk): bigint => contextHashOf(diskOf(made), fingerprints);
    const without = hash({ rows: {}, retired });
    expect(hash({ rows: { a: { received: 5 } }, retired })).toBe(without);
    expect(hash({ rows: { a: { received: 6 } }, retired })).not.toBe(without);
    expect(hash({ rows: {} })).not.toBe(without);
  });
});

describe('a disk after another', () => {
  const grown = (to: MadeDisk) => () => checkGrown(diskOf(SOUND), diskOf(to), PLACE);

  test('that has seen the same, or more, breaks nothing', () => {
    expect(grown(SOUND)).not.toThrow();
    expect(grown({ rows: { a: { received: 9 }, b: { received: 5 } }, horizon: 9 })).not.toThrow();
  });

  test.each<[string, MadeDisk]>([
    ['received fell', { ...SOUND, rows: { ...SOUND.rows, a: { received: 2 } } }],
    ['closed fell', { ...SOUND, rows: { ...SOUND.rows, a: { received: 3, closed: 1 } } }],
    ['a dot left the cloud', { ...SOUND, rows: { ...SOUND.rows, b: { received: 2 } } }],
    ['the horizon fell', { ...SOUND, horizon: 0 }],
    ['an actor is known no more', { entries: {}, rows: { b: { received: 9 } }, horizon: 1 }],
    ['a loose entry went, and nothing tells so', { ...SOUND, entries: {} }],
  ])('of which %s breaks I3', (_, to) => {
    expect(grown(to)).toThrow('I3');
  });

  test('that has one row for those of a node that is retired breaks nothing', () => {
    const before = diskOf({ rows: { a: { received: 3 } } });
    const after = (upTo: number) => () =>
      checkGrown(before, diskOf({ rows: {}, retired: { a: upTo } }), PLACE);
    expect(after(3)).not.toThrow();
    expect(after(2)).toThrow('I3');
  });

  test('tells the machine and the dot', () => {
    expect(grown({ ...SOUND, rows: { ...SOUND.rows, b: { received: 2 } } })).toThrow(actorOf('b'));
    expect(grown({ ...SOUND, horizon: 0 })).toThrow('I3: the horizon fell (on a, at 1.000 ms).');
  });
});
