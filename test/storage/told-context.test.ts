import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { type Actor, makeActor, type NodeId } from '../../src/core/actor.ts';
import { Fingerprints } from '../../src/core/fingerprint.ts';
import type { Version } from '../../src/core/version.ts';
import type { OrderedStore, Snapshot } from '../../src/ports/ordered-store.ts';
import { seal } from '../../src/storage/checksum.ts';
import { ContextTable } from '../../src/storage/context-table.ts';
import { cloudKey, singleDotKey } from '../../src/storage/keyspace.ts';
import { encodeSegment } from '../../src/storage/segment-record.ts';
import {
  beyond,
  hasSeen,
  isCovered,
  isToldLate,
  type PinnedContext,
  pinContext,
  type PinnedRow,
  type Told,
  toldOf,
  type ToldRow,
} from '../../src/storage/told-context.ts';
import { hash64, utf8 } from '../support/replica-fixture.ts';

const BIRTH = 10;
const [A, B, C] = ['a', 'b', 'c'].map((name) => makeActor(name as NodeId, BIRTH as Version, 1)) as [
  Actor,
  Actor,
  Actor,
];
const version = (value: number): Version => value as Version;

let store: OrderedStore;

beforeEach(async () => {
  store = await new MemoryDisk().open();
});

function row(received: number, dots: readonly number[] = [], closed = received): ToldRow {
  return { received: version(received), closed: version(closed), dots: new Set(dots.map(version)) };
}

function toldRows(rows: Readonly<Record<string, ToldRow>>): ReadonlyMap<Actor, ToldRow> {
  return new Map(Object.entries(rows)) as ReadonlyMap<string, ToldRow> as ReadonlyMap<Actor, ToldRow>;
}

function told(rows: Readonly<Record<string, ToldRow>>, { horizon = 0, unnamed = false } = {}): Told {
  return { rowByActor: toldRows(rows), horizon: version(horizon), unnamed };
}

function pinned(rows: readonly PinnedRow[], { horizon = 0, hasDots = true } = {}): PinnedContext {
  return { rows, horizon: version(horizon), hasDots };
}

function here(actor: Actor, no: number, { received, closed, dots }: ToldRow, looseCount = 0): PinnedRow {
  return { actor, no, received, closed, dots, looseCount };
}

async function withSnapshot<T>(read: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const snapshot = store.snapshot();
  try {
    return await read(snapshot);
  } finally {
    await snapshot.close();
  }
}

async function index(no: number, ...dots: number[]): Promise<void> {
  const records = dots.map((dot) => {
    const key = singleDotKey(no, dot);
    return {
      type: 'put' as const,
      key,
      value: seal(key, encodeSegment([{ version: version(dot), key: utf8('k') }])),
    };
  });
  await store.write(records, { sync: true });
}

async function putCloud(no: number, ...dots: number[]): Promise<void> {
  await store.write(
    dots.map((dot) => ({ type: 'put' as const, key: cloudKey(no, dot), value: new Uint8Array(4) })),
    { sync: true },
  );
}

describe('a context as of an instant', () => {
  function context(cloudDots: number, looseDots: number): ContextTable {
    const table = new ContextTable(new Fingerprints(hash64));
    const live = table.ensure(A);
    for (let at = 1; at <= cloudDots; at++) table.addCloud(live, version(BIRTH + 2 * at));
    for (let at = 1; at <= looseDots; at++) table.addLoose(live, version(BIRTH + 2 * at + 1));
    return table;
  }

  function pin(table: ContextTable): PinnedContext {
    return pinContext({ context: table, horizon: version(3) } as Parameters<typeof pinContext>[0]);
  }

  test('has its rows, and does not change with them', () => {
    const table = context(1, 2);
    const pinnedBefore = pin(table);
    const expected = [{ ...here(A, 0, row(BIRTH, [BIRTH + 2]), 2), predecessor: undefined }];
    expect(pinnedBefore).toEqual(pinned(expected, { horizon: 3 }));
    table.addCloud(table.ensure(A), version(99));
    expect(pinnedBefore.rows).toEqual(expected);
  });

  test('leaves out rows that say nothing', () => {
    const table = context(1, 0);
    table.ensure(B);
    expect(pin(table).rows.map(({ actor }) => actor)).toEqual([A]);
  });

  test('has 1,024 single dots, of clouds and loose ones together, and none of more', () => {
    const few = pin(context(1000, 24));
    expect([few.hasDots, few.rows[0]?.dots.size]).toEqual([true, 1000]);
    const many = pin(context(1001, 24));
    expect([many.hasDots, many.rows[0]?.dots.size, many.rows[0]?.looseCount]).toEqual([false, 0, 24]);
  });
});

describe('what was told of a context', () => {
  test('has its single dots, those of the index that are beyond what was received among them', async () => {
    await index(0, 20, 25, 31);
    await index(1, 40);
    const context = pinned([here(A, 0, row(20, [22]), 2), here(B, 1, row(30))], { horizon: 5 });
    const expected = told({ [A]: row(20, [22, 25, 31]), [B]: row(30) }, { horizon: 5 });
    expect(await withSnapshot((snapshot) => toldOf(context, snapshot))).toEqual(expected);
  });

  test('names none where there are too many, and says so if any of them is of an entry', async () => {
    await index(0, 25);
    for (const looseCount of [0, 1]) {
      const context = pinned([here(B, 1, row(30)), here(A, 0, row(20), looseCount)], { hasDots: false });
      const expected = told({ [B]: row(30), [A]: row(20) }, { unnamed: looseCount > 0 });
      expect(await withSnapshot((snapshot) => toldOf(context, snapshot))).toEqual(expected);
    }
  });

  test('was seen up to what was received, and each of its single dots, of known actors', () => {
    const all = told({ [A]: row(20, [22]) });
    const seen = [20, 21, 22, 23].map((dot) => hasSeen(all, { actor: A, version: version(dot) }));
    expect(seen).toEqual([true, false, true, false]);
    expect(hasSeen(all, { actor: B, version: version(BIRTH + 1) })).toBe(false);
  });

  test('is gone beyond by rows that have received more, or have a dot more, and by no others', () => {
    const before = told({ [A]: row(20, [22]), [B]: row(20, [22]) });
    const beyondBefore = (one: ToldRow): Actor[] => [...beyond(before, told({ [A]: one })).keys()];
    for (const one of [row(20), row(19), row(20, [22]), row(19, [20]), row(22)])
      // A row that has received just what a single dot names says no more by its version.
      expect(beyondBefore(one)).toEqual([]);
    for (const one of [row(21), row(20, [23]), row(19, [22, 24])]) expect(beyondBefore(one)).toEqual([A]);
    const all = beyond(before, told({ [A]: row(20), [C]: row(11), [B]: row(23) }));
    expect(all).toEqual(toldRows({ [C]: row(11), [B]: row(23) }));
  });
});

describe('what was told elsewhere is covered', () => {
  const covered = (rows: Readonly<Record<string, ToldRow>>, ...context: PinnedRow[]): Promise<boolean> =>
    withSnapshot((snapshot) => isCovered(toldRows(rows), pinned(context), snapshot));

  test('where as much was received, and not where less was', async () => {
    for (const [received, is] of [
      [19, false],
      [20, true],
      [21, true],
    ] as const)
      expect(await covered({ [A]: row(20) }, here(A, 0, row(received)))).toBe(is);
  });

  test('by nobody who does not know the actor, unless nothing of it was told', async () => {
    expect(await covered({ [A]: row(BIRTH) })).toBe(true);
    expect(await covered({ [A]: row(BIRTH + 1) })).toBe(false);
    expect(await covered({ [A]: row(BIRTH, [BIRTH + 1]) })).toBe(false);
  });

  test('with single dots that were received, are in the cloud, or present, and with no others', async () => {
    await putCloud(0, 25);
    await index(0, 27);
    const node = here(A, 0, row(20), 1);
    const single = (...dots: number[]): Promise<boolean> => covered({ [A]: row(15, dots) }, node);
    expect(await single(16, 20)).toBe(true);
    expect(await single(25)).toBe(true);
    expect(await single(27)).toBe(true);
    expect(await single(20, 25, 27)).toBe(true);
    expect(await single(21)).toBe(false);
    expect(await single(25, 27, 28)).toBe(false);
  });

  test('not by the dots of another actor', async () => {
    await putCloud(1, 25);
    await index(1, 27);
    for (const dot of [25, 27])
      expect(await covered({ [A]: row(20, [dot]) }, here(A, 0, row(20), 1), here(B, 1, row(20), 1))).toBe(
        false,
      );
  });

  test('not by what the index lists of a row of which nothing is present beyond what was received', async () => {
    await index(0, 27);
    expect(await covered({ [A]: row(20, [27]) }, here(A, 0, row(20)))).toBe(false);
  });

  test('only if all rows are', async () => {
    const nodes = [here(A, 0, row(20)), here(B, 1, row(20))];
    expect(await covered({ [A]: row(20), [B]: row(20) }, ...nodes)).toBe(true);
    expect(await covered({ [A]: row(20), [B]: row(21) }, ...nodes)).toBe(false);
    expect(await covered({ [A]: row(20, [21]), [B]: row(20) }, ...nodes)).toBe(false);
  });
});

describe('who was told something is late', () => {
  test('where what is closed here, and below a horizon, was not closed there: either horizon counts', () => {
    const late = (closed: number, toldHorizon: number, horizon: number): boolean =>
      isToldLate(
        told({ [A]: row(20, [], closed) }, { horizon: toldHorizon }),
        pinned([here(A, 0, row(20))], { horizon }),
      );
    expect([late(15, 0, 15), late(15, 15, 0), late(15, 10, 12)]).toEqual([false, false, false]);
    expect([late(15, 0, 16), late(15, 16, 0)]).toEqual([true, true]);
    expect([late(20, 0, 30), late(19, 0, 30)]).toEqual([false, true]);
  });

  test('by one actor alone, whatever was told of others', () => {
    const before = told({ [A]: row(20), [B]: row(20, [], 15), [C]: row(20) });
    const context = [A, B, C].map((actor, no) => here(actor, no, row(20)));
    expect(isToldLate(before, pinned(context, { horizon: 16 }))).toBe(true);
    expect(isToldLate(before, pinned(context, { horizon: 15 }))).toBe(false);
  });

  test('of an actor that it was never told of, above its birth', () => {
    const late = (closed: number, horizon: number): boolean =>
      isToldLate(told({}), pinned([here(B, 1, row(20, [], closed))], { horizon }));
    expect(late(BIRTH, 99)).toBe(false);
    expect(late(BIRTH + 1, BIRTH)).toBe(false);
    expect(late(BIRTH + 1, BIRTH + 1)).toBe(true);
  });
});
