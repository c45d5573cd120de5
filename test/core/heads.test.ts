import { describe, expect, test } from 'vitest';
import { makeActor, type NodeId } from '../../src/core/actor.ts';
import { type Row, unknownRow } from '../../src/core/context.ts';
import { headsOf, impliedBy } from '../../src/core/heads.ts';
import type { Version } from '../../src/core/version.ts';

const [FIRST, SECOND, OTHER] = [10, 20, 30].map((birth) =>
  makeActor('a' as NodeId, birth as Version, birth),
) as [Row['actor'], Row['actor'], Row['actor']];

function row(actor: Row['actor'], received: number, changes: Partial<Row> = {}): Row {
  const version = received as Version;
  return { ...unknownRow(actor), received: version, closed: version, ...changes };
}

function link(closed: number): Pick<Row, 'predecessor'> {
  return { predecessor: { actor: FIRST, closed: closed as Version } };
}

const SOME = { count: 1, sum: 7n };
const SUCCESSOR = row(SECOND, 25, link(15));

describe('the heads of a context', () => {
  test.each<[string, Row, readonly Row[]]>([
    ['that says what its successor names', row(FIRST, 15), [SUCCESSOR]],
    [
      'of which the larger of two successors names all',
      row(FIRST, 15),
      [SUCCESSOR, row(OTHER, 35, link(12))],
    ],
    ['that says nothing', unknownRow(FIRST), [SUCCESSOR]],
  ])('leave out a row %s', (_, before, others) => {
    expect(headsOf([before, ...others])).toEqual(others);
  });

  test.each<[string, Row, readonly Row[]]>([
    ['that nobody names', row(FIRST, 15), [row(SECOND, 25)]],
    ['of which more was received', row(FIRST, 16), [SUCCESSOR]],
    ['of which less was received: what is named was lost', row(FIRST, 14), [SUCCESSOR]],
    ['that is closed less far', row(FIRST, 15, { closed: 14 as Version }), [SUCCESSOR]],
    ['with a cloud', row(FIRST, 15, { cloud: SOME }), [SUCCESSOR]],
    ['with loose dots', row(FIRST, 15, { loose: SOME }), [SUCCESSOR]],
    ['whose successor is not closed', row(FIRST, 15), [{ ...SUCCESSOR, closed: 20 as Version }]],
  ])('have a row %s', (_, before, others) => {
    expect(headsOf([before, ...others])).toEqual([before, ...others]);
  });
});

test('a row implies its predecessor once it is closed above its birth', () => {
  expect(impliedBy(SUCCESSOR)).toEqual({ actor: FIRST, closed: 15 });
  expect(impliedBy({ ...SUCCESSOR, closed: 20 as Version })).toBeUndefined();
  expect(impliedBy(row(SECOND, 25))).toBeUndefined();
});
