import { describe, expect, test } from 'vitest';
import { type Actor, makeActor, type NodeId } from '../../src/core/actor.ts';
import type { Predecessor } from '../../src/core/context.ts';
import type { Version } from '../../src/core/version.ts';
import type { PinnedContext, ToldRow } from '../../src/storage/told-context.ts';
import { toldHeads, withImplied } from '../../src/storage/told-heads.ts';

const [FIRST, SECOND, THIRD] = [10, 20, 30].map((birth) =>
  makeActor('a' as NodeId, birth as Version, birth),
) as [Actor, Actor, Actor];

/** Of runs of one node, each closed as far as it goes; `LINKS` is how a node knows them. */
const LINKS = new Map<Actor, Predecessor>([
  [SECOND, { actor: FIRST, closed: 15 as Version }],
  [THIRD, { actor: SECOND, closed: 25 as Version }],
]);

function row(received: number, { closed = received, dots = [] as number[] } = {}): ToldRow {
  return {
    received: received as Version,
    closed: closed as Version,
    dots: new Set(dots.map((dot) => dot as Version)),
  };
}

function linked(actor: Actor, one: ToldRow): ToldRow {
  return { ...one, predecessor: LINKS.get(actor) };
}

/** The context of who knows all three. */
const CONTEXT: PinnedContext = {
  rows: [FIRST, SECOND, THIRD].map((actor, no) => ({
    ...linked(actor, row([15, 25, 35][no] as number)),
    actor,
    no,
    looseCount: 0,
  })),
  horizon: 0 as Version,
  hasDots: true,
};

function told(rows: readonly (readonly [Actor, ToldRow])[]): Map<Actor, ToldRow> {
  return new Map(rows.map(([actor, one]) => [actor, linked(actor, one)]));
}

function implied(rows: readonly (readonly [Actor, ToldRow])[]): ReadonlyMap<Actor, ToldRow> {
  return withImplied({ rowByActor: new Map(rows), horizon: 7 as Version, unnamed: true }, CONTEXT).rowByActor;
}

describe('a token carries', () => {
  test('the last run alone where it implies those before', () => {
    const all = told([
      [FIRST, row(15)],
      [SECOND, row(25)],
      [THIRD, row(35)],
    ]);
    expect([...toldHeads(all)]).toEqual([[THIRD, all.get(THIRD)]]);
  });

  test('an earlier run, too, of which a single dot was told', () => {
    const all = told([
      [FIRST, row(15, { dots: [18] })],
      [SECOND, row(25)],
    ]);
    expect([...toldHeads(all).keys()]).toEqual([FIRST, SECOND]);
  });
});

describe('what a token carries implies', () => {
  test('all runs before, as far as their links say', () => {
    expect(implied([[THIRD, row(35)]])).toEqual(
      told([
        [FIRST, row(15)],
        [SECOND, row(25)],
        [THIRD, row(35)],
      ]),
    );
  });

  test('nothing where it is not closed above its birth', () => {
    expect([...implied([[THIRD, row(35, { closed: 30 })]]).keys()]).toEqual([THIRD]);
  });

  test('no less than was told of an earlier run, and keeps its single dots', () => {
    const all = implied([
      [SECOND, row(27, { closed: 22, dots: [29] })],
      [THIRD, row(35)],
    ]);
    expect(all.get(SECOND)).toEqual(linked(SECOND, row(27, { closed: 25, dots: [29] })));
    expect(all.get(FIRST)).toEqual(row(15));
  });

  test('no more of an earlier run that is told to be closed as far, or farther', () => {
    for (const closed of [25, 26]) {
      const all = implied([
        [THIRD, row(35)],
        [SECOND, row(28, { closed })],
      ]);
      expect(all.get(SECOND)).toEqual(linked(SECOND, row(28, { closed })));
      expect(all.get(FIRST)).toEqual(row(15));
    }
  });

  test('nothing of the horizon and of what could not be named', () => {
    const before = { rowByActor: new Map(), horizon: 7 as Version, unnamed: true };
    expect(withImplied(before, CONTEXT)).toEqual(before);
  });
});
