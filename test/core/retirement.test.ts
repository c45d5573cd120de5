import { describe, expect, test } from 'vitest';
import { type Actor, birthOf, isActor, makeActor, type NodeId } from '../../src/core/actor.ts';
import { type Row, unknownRow } from '../../src/core/context.ts';
import { decodePlainRows, encodePlainRows } from '../../src/core/row-codec.ts';
import { isRetiredIn, isRetirement, knownRow, retirementOf, rowlessRow } from '../../src/core/retirement.ts';
import type { Version } from '../../src/core/version.ts';

const GONE = 'gone' as NodeId;
const EARLY = makeActor(GONE, 5 as Version, 7);
const LAST = makeActor(GONE, 8 as Version, 7);
const LATER = makeActor(GONE, 9 as Version, 7);
const OTHER = makeActor('other' as NodeId, 5 as Version, 7);

function closedAt(actor: Actor, version: number): Row {
  return { ...unknownRow(actor), received: version as Version, closed: version as Version };
}

const RETIREMENT = closedAt(retirementOf(GONE), 8);

const rowOf = (...rows: readonly Row[]): ((actor: Actor) => Row | undefined) => {
  const rowByActor = new Map(rows.map((row) => [row.actor, row]));
  return (actor) => rowByActor.get(actor);
};

describe('a retirement', () => {
  test('is the row of an actor that no process ever is, and travels like any other', () => {
    expect(isActor(RETIREMENT.actor)).toBe(true);
    expect(birthOf(RETIREMENT.actor)).toBe(0);
    expect(isRetirement(RETIREMENT.actor)).toBe(true);
    expect([EARLY, makeActor(GONE, 0 as Version, 7)].some(isRetirement)).toBe(false);
    const rows = [RETIREMENT, closedAt(LATER, 12)];
    expect(decodePlainRows(encodePlainRows(rows))).toStrictEqual(rows);
  });

  test('tells of each actor that was born by then, and of none that was born later or is of another node', () => {
    const known = (actor: Actor): number => knownRow(actor, rowOf(RETIREMENT)).closed;
    expect([EARLY, LAST, LATER, OTHER].map(known)).toEqual([8, 8, 9, 5]);
    expect(known(RETIREMENT.actor)).toBe(8);
    expect(rowlessRow(RETIREMENT.actor, 8 as Version)).toStrictEqual(unknownRow(RETIREMENT.actor));
  });

  test('tells nothing of an actor that has a row', () => {
    expect(knownRow(EARLY, rowOf(RETIREMENT, closedAt(EARLY, 20))).received).toBe(20);
    expect(knownRow(EARLY, rowOf(closedAt(OTHER, 20))).received).toBe(5);
  });

  test('speaks for a row that says the same, and no more', () => {
    const isRetired = (row: Row, ...others: readonly Row[]): boolean => isRetiredIn(row, rowOf(...others));
    expect(isRetired(closedAt(EARLY, 8), RETIREMENT)).toBe(true);
    expect(isRetired(closedAt(EARLY, 9), RETIREMENT)).toBe(false);
    expect(isRetired({ ...closedAt(EARLY, 8), loose: { count: 1, sum: 1n } }, RETIREMENT)).toBe(false);
    expect(isRetired(closedAt(OTHER, 8), RETIREMENT)).toBe(false);
    expect(isRetired(closedAt(EARLY, 8))).toBe(false);
    expect(isRetired(RETIREMENT, RETIREMENT)).toBe(false);
  });

  test('speaks for no row that says nothing, unless its actor was born with it', () => {
    const isRetired = (actor: Actor, ...others: readonly Row[]): boolean =>
      isRetiredIn(unknownRow(actor), rowOf(...others));
    expect([EARLY, LATER, OTHER].map((actor) => isRetired(actor, RETIREMENT))).toEqual([false, false, false]);
    expect(isRetired(LAST, RETIREMENT)).toBe(true);
    expect(isRetired(EARLY)).toBe(false);
  });
});
