import { beforeEach, describe, expect, test } from 'vitest';
import { AgreementCheck } from '../../../src/simulation/checker/agreement-check.ts';
import { keysListed } from '../../../src/simulation/checker/disk-state.ts';
import { Fate } from '../../../src/simulation/checker/fate.ts';
import { KnownEntries, type KnownEntry } from '../../../src/simulation/checker/known-entries.ts';
import { Ledger } from '../../../src/simulation/checker/ledger.ts';
import { LookedAt } from '../../../src/simulation/checker/looked-at.ts';
import { isPastLostTo, noteLost } from '../../../src/simulation/checker/seen-elsewhere.ts';
import { seal } from '../../../src/storage/checksum.ts';
import { rowKey, segmentKey, singleDotKey } from '../../../src/storage/keyspace.ts';
import type { NodeState } from '../../../src/storage/meta-record.ts';
import { encodeSegment } from '../../../src/storage/segment-record.ts';
import { EPOCH_MS } from '../../../src/simulation/machine-clock.ts';
import { diskOf, fingerprints, type MadeDisk, seenOn, TTL_MS, v, write } from './made.ts';

const PLACE = { machine: 'a', atMs: 1 };
const ONE = { by: 'a', at: 1, value: 'one' };

let ledger: Ledger;
let known: KnownEntries;

beforeEach(() => {
  ledger = new Ledger();
  known = new KnownEntries(ledger);
  ledger.onAcknowledged = (written) => known.acknowledged(written, 1);
});

describe('a node', () => {
  function lookedAt(...disks: readonly Parameters<typeof diskOf>[0][]): () => void {
    const looked = new LookedAt();
    return () => {
      for (const disk of disks.map(diskOf)) {
        looked.checkCollected(disk, EPOCH_MS + 100, PLACE);
        looked.state = disk;
      }
    };
  }

  test('that shows again what it collected breaks I7', () => {
    const tombstone = { entries: { x: { by: 'a', at: 1 } } };
    expect(lookedAt(tombstone, {}, tombstone)).toThrow('I7');
  });

  test('that collected a tombstone, and holds another one, breaks nothing', () => {
    expect(
      lookedAt({ entries: { x: { by: 'a', at: 1 } } }, {}, { entries: { x: { by: 'a', at: 2 } } }),
    ).not.toThrow();
  });

  test('that began a first copy may hold parts of batches until that is complete, or, if it gave up, it has healed', () => {
    const looked = new LookedAt();
    const isTornAfter = (node: Partial<NodeState>): boolean => {
      looked.noteCopy({ ...(diskOf({}).node as NodeState), ...node });
      return looked.isTorn;
    };
    expect(isTornAfter({ healing: true })).toBe(false);
    expect(isTornAfter({ bootstrapping: true })).toBe(true);
    expect(isTornAfter({})).toBe(false);
    expect(isTornAfter({ bootstrapping: true })).toBe(true);
    expect(isTornAfter({ healing: true })).toBe(true);
    expect(isTornAfter({ healing: true })).toBe(true);
    expect(isTornAfter({})).toBe(false);
  });

  test('that dropped a live entry and has it again breaks nothing here', () => {
    expect(lookedAt({ entries: { x: ONE } }, {}, { entries: { x: ONE } })).not.toThrow();
  });
});

describe('two nodes with equal contexts', () => {
  const agree =
    (a: MadeDisk, b: MadeDisk, damaged: readonly KnownEntry[] = []) =>
    () => {
      const fate = new Fate(ledger, known, TTL_MS);
      const check = new AgreementCheck(known, fate, fingerprints, new Set(damaged));
      check.check(diskOf(a), [diskOf(b)], PLACE);
    };
  const rows = { a: { received: 1 }, b: { received: 5 } };

  test('that hold different permanent entries break I6', () => {
    write(ledger, 'x', ONE);
    expect(agree({ rows, entries: { x: ONE } }, { rows })).toThrow('I6');
    expect(agree({ rows }, { rows, entries: { x: ONE } })).toThrow('I6');
  });

  test('and that hold the same, or have seen different things, break nothing', () => {
    write(ledger, 'x', ONE);
    expect(agree({ rows, entries: { x: ONE } }, { rows, entries: { x: ONE } })).not.toThrow();
    expect(agree({ rows, entries: { x: ONE } }, { rows: { b: { received: 5 } } })).not.toThrow();
  });

  test('may differ in what somebody deleted who had not seen it, and not in what had been seen', () => {
    write(ledger, 'x', ONE);
    write(ledger, 'x', { by: 'b', at: 5 });
    expect(agree({ rows, entries: { x: ONE } }, { rows })).not.toThrow();
    write(ledger, 'x', { by: 'b', at: 6, seen: seenOn(diskOf({ rows }), 'x') });
    expect(agree({ rows, entries: { x: ONE } }, { rows })).toThrow('I6');
  });

  test('may differ in what a damaged index does not list', () => {
    const both = { a: { received: 2 }, b: { received: 5 } };
    const other = { by: 'a', at: 2, value: 'other' };
    write(ledger, 'x', ONE);
    write(ledger, 'y', other);
    const a = { rows: both, entries: { x: ONE, y: other } };
    const damaged = known.ofKey('x');
    expect(damaged).toHaveLength(1);
    expect(agree(a, { rows: both, entries: { y: other } })).toThrow('I6');
    expect(agree(a, { rows: both, entries: { y: other } }, damaged)).not.toThrow();
    expect(agree(a, { rows: both, entries: { x: ONE } }, damaged)).toThrow('I6');
  });

  test('may differ in what a comparison dropped for a deletion that neither has seen, and only then', () => {
    write(ledger, 'x', ONE);
    const dropped = { rows, horizon: 9 };
    expect(agree({ rows, entries: { x: ONE }, horizon: 9 }, dropped)).toThrow('I6');
    write(ledger, 'x', { by: 'c', at: 7, seen: seenOn(diskOf({ rows }), 'x') });
    expect(agree({ rows, entries: { x: ONE }, horizon: 9 }, dropped)).not.toThrow();
    expect(agree({ rows, entries: { x: ONE } }, { rows })).toThrow('I6');
  });
});

describe('a record of the dot index that is damaged', () => {
  const encoder = new TextEncoder();
  const pairs = ['x', 'y'].map((key, at) => ({ version: v(at + 1), key: encoder.encode(key) }));

  test('lists keys, as any other record does not', () => {
    for (const key of [segmentKey(1, v(2)), singleDotKey(1, v(2))])
      expect(keysListed([key, seal(key, encodeSegment(pairs))])).toStrictEqual(['x', 'y']);
    const row = rowKey(1);
    expect(keysListed([row, seal(row, encodeSegment(pairs))])).toStrictEqual([]);
  });

  test('and lists nothing that is known if it was damaged already', () => {
    const key = segmentKey(1, v(2));
    const record = seal(key, encodeSegment(pairs));
    expect(keysListed([key, record.subarray(1)])).toStrictEqual([]);
  });
});

test('a write is lost with the only disk that had seen it, and not if another one has', () => {
  write(ledger, 'x', ONE);
  const disk = diskOf({ rows: { a: { received: 1 } } });
  noteLost(known, disk, disk, []);
  expect([...known.all()].map(({ isLost }) => isLost)).toEqual([false]);
  noteLost(known, disk, undefined, [diskOf({ entries: { x: ONE }, rows: { a: {} } })]);
  expect([...known.all()].map(({ isLost }) => isLost)).toEqual([false]);
  noteLost(known, disk, diskOf({}), [diskOf({})]);
  expect([...known.all()].map(({ isLost }) => isLost)).toEqual([true]);
});

test('what a writer had seen is lost with the only disk that was closed over its write, and not if another one is', () => {
  write(ledger, 'x', ONE);
  const isPastLost = (): boolean[] => [...known.all()].map((entry) => entry.isPastLost);
  const closed = diskOf({ rows: { a: { received: 1 } } });
  const received = diskOf({ rows: { a: { received: 1, closed: 0 } } });
  noteLost(known, closed, received, [closed]);
  noteLost(known, received, undefined, [received]);
  expect(isPastLost()).toEqual([false]);
  noteLost(known, closed, received, [received]);
  expect(isPastLost()).toEqual([true]);
  expect([...known.all()].filter(isPastLostTo(received))).toHaveLength(1);
  expect([...known.all()].filter(isPastLostTo(closed))).toEqual([]);
  expect([...known.all()].map(({ isLost }) => isLost)).toEqual([false]);
});
