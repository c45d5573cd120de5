import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { type Actor, makeActor, type NodeId } from '../../src/core/actor.ts';
import { isTrivial, type Row, SUM_ZERO, unknownRow } from '../../src/core/context.ts';
import { Fingerprints } from '../../src/core/fingerprint.ts';
import type { Version } from '../../src/core/version.ts';
import {
  answerDigest,
  answerRecent,
  compareRecent,
  compareRows,
  type Comparison,
  digestPages,
  recentActors,
} from '../../src/gossip/digest.ts';
import { DIGEST_PAIRS_MAX } from '../../src/gossip/hash-list.ts';
import { hash64, openTestReplica, put } from '../support/replica-fixture.ts';

const HASH_MAX = 0xffff_ffff_ffff_ffffn;
const BIRTH = 1000 as Version;

const fingerprints = new Fingerprints(hash64);

function actor(index: number): Actor {
  return makeActor('n' as NodeId, BIRTH, index);
}

/** `index` names the actor; `seen`: how much was seen of it. */
function rowOf(index: number, seen: number): Row {
  const version = (BIRTH + seen) as Version;
  return { ...unknownRow(actor(index)), received: version, closed: version };
}

function rows(count: number): Row[] {
  return Array.from({ length: count }, (_, index) => rowOf(index, 1));
}

function rowWithLoose({ index, seen, loose }: { index: number; seen: number; loose: number }): Row {
  return { ...rowOf(index, seen), loose: loose === 0 ? SUM_ZERO : { count: loose, sum: BigInt(loose) } };
}

function known(list: readonly Row[], name: Actor): Row {
  return list.find((row) => row.actor === name) ?? unknownRow(name);
}

/** As if `own` and `theirs` lay on two nodes. */
function compare(own: readonly Row[], theirs: readonly Row[], recent: readonly Actor[] = []): Comparison {
  const answers = digestPages(own, fingerprints).map((page) =>
    answerDigest(page, theirs, new Set(recent), fingerprints),
  );
  return compareRows(own, answers, recent, fingerprints);
}

describe('the pages of a digest', () => {
  test.each([0, 1, DIGEST_PAIRS_MAX - 1, DIGEST_PAIRS_MAX, DIGEST_PAIRS_MAX + 1, 2 * DIGEST_PAIRS_MAX + 5])(
    'of %i rows cover every hash once, and list each row in its range',
    (count) => {
      const pages = digestPages(rows(count), fingerprints);

      expect(pages).toHaveLength(Math.max(1, Math.ceil(count / DIGEST_PAIRS_MAX)));
      expect(pages.at(-1)?.to).toBe(HASH_MAX);
      for (const [index, page] of pages.entries()) {
        expect(page.from).toBe(index === 0 ? 0n : (pages[index - 1]?.to ?? 0n) + 1n);
        expect(page.pairs.length).toBeLessThanOrEqual(DIGEST_PAIRS_MAX);
        expect(page.pairs.every(({ actorHash }) => actorHash >= page.from && actorHash <= page.to)).toBe(
          true,
        );
      }
      const hashes = pages.flatMap(({ pairs }) => pairs.map(({ actorHash }) => actorHash));
      expect(hashes).toHaveLength(count);
      expect(hashes).toEqual(hashes.toSorted((a, b) => (a < b ? -1 : 1)));
      expect(new Set(hashes)).toEqual(new Set(rows(count).map((row) => fingerprints.actor(row.actor))));
    },
  );

  test('leave out actors of which nothing was seen', () => {
    const pages = digestPages([unknownRow(actor(1)), rowOf(2, 1)], fingerprints);
    expect(pages).toHaveLength(1);
    expect(pages[0]?.pairs.map(({ actorHash }) => actorHash)).toEqual([fingerprints.actor(actor(2))]);
  });
});

describe('the answer to a page', () => {
  test('has its rows ascending by actor, as messages carry them, in whatever order they are held', () => {
    const held = rows(20).toReversed();
    const { rows: listed } = answerDigest(
      { from: 0n, to: HASH_MAX, pairs: [] },
      held,
      new Set(),
      fingerprints,
    );
    expect(listed).toEqual(held.toSorted((a, b) => (a.actor < b.actor ? -1 : 1)));
  });

  test('is of the first hash of its range, too, and of the last', () => {
    const [row] = rows(1) as [Row];
    const hash = fingerprints.actor(row.actor);
    const listed = (from: bigint, to: bigint): readonly Row[] =>
      answerDigest({ from, to, pairs: [] }, [row], new Set(), fingerprints).rows;
    expect(listed(hash, hash)).toEqual([row]);
    expect(listed(hash + 1n, HASH_MAX)).toEqual([]);
    expect(listed(0n, hash - 1n)).toEqual([]);
  });
});

describe('the comparison of two nodes', () => {
  test('finds nothing between nodes that have seen the same', () => {
    expect(compare(rows(20), rows(20))).toEqual({ actors: [], rows: [], lacks: new Set(), behind: 0 });
  });

  test('lists the other node’s newer row, and counts itself behind by one', () => {
    const {
      actors,
      rows: listed,
      lacks,
      behind,
    } = compare([rowOf(1, 1), rowOf(2, 1)], [rowOf(1, 1), rowOf(2, 5)]);
    expect(actors).toEqual([actor(2)]);
    expect(listed).toEqual([rowOf(2, 5)]);
    expect(lacks.size).toBe(0);
    expect(behind).toBe(1);
  });

  test('lists the other node’s older row, and is not behind', () => {
    const { actors, behind } = compare([rowOf(1, 5)], [rowOf(1, 1)]);
    expect(actors).toEqual([actor(1)]);
    expect(behind).toBe(0);
  });

  test('names what the other node knows nothing of', () => {
    const { actors, lacks, behind } = compare([rowOf(1, 5), rowOf(2, 1)], [rowOf(2, 1)]);
    expect(actors).toEqual([actor(1)]);
    expect(lacks).toEqual(new Set([actor(1)]));
    expect(behind).toBe(0);
  });

  test('an actor that the other node knows by name only is as good as unknown', () => {
    expect(compare([rowOf(1, 1)], [rowOf(1, 1), unknownRow(actor(2))]).actors).toEqual([]);
  });

  test('lists rows that moved lately even if they agree, for the session that may follow', () => {
    const { actors, behind } = compare([rowOf(1, 1), rowOf(2, 1)], [rowOf(1, 1), rowOf(2, 1)], [actor(2)]);
    expect(actors).toEqual([actor(2)]);
    expect(behind).toBe(0);
  });

  test('is behind where only single dots differ', () => {
    const loose = { count: 1, sum: 7n };
    expect(compare([rowOf(1, 1)], [{ ...rowOf(1, 1), loose }]).behind).toBe(1);
    expect(compare([{ ...rowOf(1, 1), loose }], [rowOf(1, 1)]).behind).toBe(0);
  });

  test('over several pages finds what a comparison of all rows finds', () => {
    const own = rows(DIGEST_PAIRS_MAX + 500);
    const theirs = rows(DIGEST_PAIRS_MAX + 500);
    theirs[3] = rowOf(3, 9);
    theirs[DIGEST_PAIRS_MAX + 77] = rowOf(DIGEST_PAIRS_MAX + 77, 9);
    theirs.push(rowOf(100_000, 1));
    const [lost] = own.splice(5, 1);
    const { actors, behind } = compare(own, theirs);
    const expected = [actor(3), actor(DIGEST_PAIRS_MAX + 77), actor(100_000), lost?.actor as Actor];
    expect(actors).toEqual(expected.toSorted());
    expect(behind).toBe(4);
  });

  test('finds exactly the actors whose rows differ, whatever both nodes have seen', () => {
    const context = fc.uniqueArray(fc.record({ index: fc.nat(12), seen: fc.nat(3), loose: fc.nat(2) }), {
      selector: ({ index }) => index,
    });
    fc.assert(
      fc.property(context, context, (listA, listB) => {
        const [a, b] = [listA.map(rowWithLoose), listB.map(rowWithLoose)];
        const all = [...new Set([...a, ...b].map((row) => row.actor))].toSorted();
        const differing = all.filter((name) => !isDeepStrictEqual(known(a, name), known(b, name)));
        const found = compare(a, b).actors;
        // One that is listed without need costs a few bytes; that is possible only for rows that say nothing.
        expect(found.filter((name) => !isTrivial(known(a, name)) || !isTrivial(known(b, name)))).toEqual(
          differing,
        );
      }),
    );
  });
});

/** A node with these rows. */
function node(list: readonly Row[]): Parameters<typeof answerRecent>[0] {
  const hash = list.reduce((sum, row) => sum + fingerprints.row(row), 0n);
  return {
    row: (name) => list.find((row) => row.actor === name),
    contextHash: () => BigInt.asUintN(64, hash),
  };
}

/** `moved`: which actors moved lately on either side. */
function compareLately(
  own: readonly Row[],
  theirs: readonly Row[],
  moved: { readonly here: readonly Actor[]; readonly there: readonly Actor[] },
): Comparison | undefined {
  const asked = answerRecent(node(own), moved.here, fingerprints).rows;
  const actors = [...asked.map(({ actor: name }) => name), ...moved.there];
  const answer = answerRecent(node(theirs), actors, fingerprints);
  return compareRecent(node(own), asked, answer, fingerprints);
}

describe('recent rows', () => {
  const some = fc.uniqueArray(
    fc.record({ index: fc.nat({ max: 9 }), seen: fc.nat({ max: 3 }), loose: fc.nat({ max: 1 }) }),
    {
      selector: ({ index }) => index,
      maxLength: 8,
    },
  );
  const few = fc.uniqueArray(fc.nat({ max: 9 }), { maxLength: 8 });

  test('are enough, and tell what digests tell, exactly if nothing else differs', () => {
    fc.assert(
      fc.property(some, some, few, few, (ownDrawn, theirsDrawn, here, there) => {
        const [own, theirs] = [ownDrawn.map(rowWithLoose), theirsDrawn.map(rowWithLoose)];
        const moved = { here: here.map(actor), there: there.map(actor) };
        const full = compare(own, theirs);
        const lately = compareLately(own, theirs, moved);
        const listed = new Set([
          ...moved.here.filter((name) => !isTrivial(known(own, name))),
          ...moved.there.filter((name) => !isTrivial(known(theirs, name))),
        ]);
        const isEnough = full.actors.every(
          (name) => listed.has(name) || isDeepStrictEqual(known(own, name), known(theirs, name)),
        );
        expect(lately !== undefined).toBe(isEnough);
        if (lately === undefined) return;
        expect(lately.behind).toBe(full.behind);
        const differing = full.actors.filter(
          (name) => !isDeepStrictEqual(known(own, name), known(theirs, name)),
        );
        expect(lately.actors).toEqual(expect.arrayContaining(differing));
        const lacking = [...full.lacks].filter((name) => !isTrivial(known(own, name)));
        expect([...lately.lacks]).toEqual(expect.arrayContaining(lacking));
      }),
    );
  });

  test('are of those actors whose rows moved in the last ten seconds', async () => {
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ nodeId: 'n', clock });
    await replica.write([put('key', 'value')]);
    await clock.advance(10_000);
    expect(recentActors(replica, clock)).toEqual([replica.runActor]);
    await clock.advance(1);
    expect(recentActors(replica, clock)).toEqual([]);
  });

  test('say nothing of actors that are known by name only', () => {
    const list = [unknownRow(actor(1)), rowOf(2, 1)];
    expect(answerRecent(node(list), [actor(1), actor(2)], fingerprints).rows).toEqual([rowOf(2, 1)]);
  });

  test('that were asked for and not answered are those of which the other node knows nothing, and no others', () => {
    const lately = compareLately([rowOf(1, 5), rowOf(2, 1)], [rowOf(1, 1)], {
      here: [actor(1), actor(2)],
      there: [],
    });
    expect(lately?.lacks).toEqual(new Set([actor(2)]));
  });

  test('of a node with a thousand actors are as many as moved', () => {
    const own = rows(1000);
    const theirs = [...own, rowOf(1000, 2)];
    const lately = compareLately(own, theirs, { here: [], there: [actor(1000)] });
    expect(lately).toEqual({ actors: [actor(1000)], rows: [rowOf(1000, 2)], lacks: new Set(), behind: 1 });
  });
});
