import { describe, expect, test } from 'vitest';
import { type Actor, makeActor, type NodeId } from '../../src/core/actor.ts';
import { type Row, unknownRow } from '../../src/core/context.ts';
import { retirementOf } from '../../src/core/retirement.ts';
import type { Version } from '../../src/core/version.ts';
import { PeerContext } from '../../src/gossip/peer-context.ts';

const [FIRST, SECOND, THIRD, FOURTH] = [10, 20, 30, 40].map((birth) =>
  makeActor('a' as NodeId, birth as Version, birth),
) as [Actor, Actor, Actor, Actor];

/** `before`: its predecessor, and how far it is closed. */
function row(actor: Actor, version: number, before?: readonly [Actor, number]): Row {
  const predecessor = before && { actor: before[0], closed: before[1] as Version };
  return { ...unknownRow(actor), received: version as Version, closed: version as Version, predecessor };
}

/** What follows from `told` where `own` is known; by actor, without the links. */
function worked(told: readonly Row[], own: readonly Row[] = []) {
  const there = new PeerContext((actor) => own.find((one) => one.actor === actor));
  for (const one of told) there.tell(one);
  const rows = there.rows().map(({ actor, received, closed }) => [actor, received, closed] as const);
  return { rows: rows.toSorted(([a], [b]) => (a < b ? -1 : 1)), missing: [...there.missing] };
}

describe('the context of a peer', () => {
  test('is worked out from its heads by the links that are known here', () => {
    const own = [row(SECOND, 21, [FIRST, 15]), row(FIRST, 12)];
    expect(worked([row(THIRD, 35, [SECOND, 25])], own)).toEqual({
      rows: [
        [FIRST, 15, 15],
        [SECOND, 25, 25],
        [THIRD, 35, 35],
      ],
      missing: [],
    });
  });

  test.each([
    ['is not known here', []],
    ['says nothing here, so that its link is not known', [unknownRow(SECOND)]],
  ])('asks for the chain where an actor %s', (_, own) => {
    expect(worked([row(THIRD, 35, [SECOND, 25])], own).missing).toEqual([SECOND]);
  });

  test('knows the links of a context that was given up', () => {
    const gaveUp = { ...unknownRow(SECOND), predecessor: { actor: FIRST, closed: 15 as Version } };
    const { rows, missing } = worked([row(THIRD, 35, [SECOND, 25])], [gaveUp, unknownRow(FIRST)]);
    expect(rows[0]).toEqual([FIRST, 15, 15]);
    expect(missing).toEqual([FIRST]);
  });

  test.each([
    ['smaller', 0],
    ['larger', 1],
  ])('has an actor as far as the larger of two rows names it, if the %s is told first', (_, at) => {
    const two = [row(SECOND, 25, [FIRST, 13]), row(THIRD, 35, [FIRST, 16])];
    const told = at === 0 ? two : two.toReversed();
    expect(worked(told, [row(FIRST, 11)]).rows[0]).toEqual([FIRST, 16, 16]);
  });

  test('has a row as it was told, whatever others imply, be it told before them or after', () => {
    const [head, chained] = [row(THIRD, 35, [SECOND, 25]), row(SECOND, 29, [FIRST, 15])];
    for (const told of [
      [head, chained],
      [chained, head],
    ]) {
      const { rows, missing } = worked(told);
      expect(rows.filter(([actor]) => actor === SECOND)).toEqual([[SECOND, 29, 29]]);
      expect(missing).toEqual([FIRST]);
    }
  });

  test('has no row of a node that is gone for ever, but that which tells so', () => {
    const retirement = { ...unknownRow(retirementOf('a' as NodeId)), received: 50, closed: 50 } as Row;
    const told = [retirement, row(makeActor('b' as NodeId, 10 as Version, 1), 15)];
    const later = row(makeActor('a' as NodeId, 60 as Version, 1), 65, [FOURTH, 50]);
    const { rows } = worked([...told, later], [row(FOURTH, 50)]);
    expect(rows.map(([actor]) => actor)).toEqual([retirement.actor, later.actor, told[1]?.actor]);
  });

  test('implies nothing by a row that is not closed above its birth, nor by one that is named at its birth', () => {
    expect(worked([{ ...row(SECOND, 25, [FIRST, 15]), closed: 20 as Version }]).rows).toEqual([
      [SECOND, 25, 20],
    ]);
    const own = [row(THIRD, 35, [SECOND, 25])];
    expect(worked([row(FOURTH, 45, [THIRD, 30])], own).rows).toEqual([
      [THIRD, 30, 30],
      [FOURTH, 45, 45],
    ]);
  });
});
