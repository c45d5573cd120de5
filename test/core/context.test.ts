import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createHash64 } from '../../src/adapters/xxhash.ts';
import { makeActor } from '../../src/core/actor.ts';
import {
  dominates,
  equalSums,
  isLate,
  isTrivial,
  joinVersions,
  type Predecessor,
  type Row,
  sameEntries,
  type Sum,
  SUM_ZERO,
  unknownRow,
} from '../../src/core/context.ts';
import { addSum, Fingerprints } from '../../src/core/fingerprint.ts';
import type { Version } from '../../src/core/version.ts';
import { nodeId } from '../support/codec-arbitraries.ts';

const BIRTH = 100 as Version;
const ACTOR = makeActor(nodeId('a'), BIRTH, 7);
const PREDECESSOR: Predecessor = { actor: makeActor(nodeId('a'), 5 as Version, 7), closed: 50 as Version };
const fingerprints = new Fingerprints(await createHash64());

const at = (offset: number): Version => (BIRTH + offset) as Version;

function sumOf(offsets: readonly number[]): Sum {
  return offsets.reduce((sum, offset) => addSum(sum, fingerprints.dot(ACTOR, at(offset))), SUM_ZERO);
}

/** What a node has seen of the actor, written out: offsets from the birth. */
interface Seen {
  readonly received: number;
  readonly closed: number;
  readonly cloud: readonly number[];
  readonly loose: readonly number[];
}

const NOTHING: Seen = { received: 0, closed: 0, cloud: [], loose: [] };

function rowOf({ received, closed, cloud, loose }: Seen): Row {
  return {
    actor: ACTOR,
    received: at(received),
    closed: at(closed),
    cloud: sumOf(cloud),
    loose: sumOf(loose),
    predecessor: undefined,
  };
}

/** Whether both have seen, and hold, the same of the actor's writes. */
const equalRows = (a: Row, b: Row): boolean => dominates(a, b) && dominates(b, a);

const row = (changes: Partial<Seen> = {}): Row => rowOf({ ...NOTHING, ...changes });

function hasSeen({ received, cloud, loose }: Seen, offset: number): boolean {
  return offset <= received || cloud.includes(offset) || loose.includes(offset);
}

const OFFSETS = [1, 2, 3, 4] as const;

/** Few versions, so that two nodes have often seen the same. */
const seen: fc.Arbitrary<Seen> = fc
  .tuple(
    fc.nat({ max: 4 }),
    fc.nat({ max: 4 }),
    fc.tuple(...OFFSETS.map(() => fc.constantFrom('unseen', 'cloud', 'loose'))),
  )
  .map(([received, closed, fates]) => {
    const beyond = OFFSETS.filter((offset) => offset > received);
    return {
      received,
      closed: Math.min(closed, received),
      cloud: beyond.filter((offset) => fates[offset - 1] === 'cloud'),
      loose: beyond.filter((offset) => fates[offset - 1] === 'loose'),
    };
  });

describe('a row', () => {
  test('of an unknown actor says that everything up to its birth was seen', () => {
    expect(unknownRow(ACTOR)).toEqual(row());
    expect(isTrivial(unknownRow(ACTOR))).toBe(true);
  });

  test('says something as soon as one dot was seen', () => {
    expect(isTrivial(row({ received: 1 }))).toBe(false);
    expect(isTrivial(row({ cloud: [1] }))).toBe(false);
    expect(isTrivial(row({ loose: [1] }))).toBe(false);
  });

  test('says nothing by its predecessor alone', () => {
    expect(isTrivial({ ...row(), predecessor: PREDECESSOR })).toBe(true);
  });

  test('dominates another, and is dominated by it, only if all four parts are equal', () => {
    fc.assert(
      fc.property(seen, seen, (a, b) => {
        expect(equalRows(rowOf(a), rowOf(b))).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      { numRuns: 500 },
    );
  });

  test.each<[string, Partial<Seen>]>([
    ['received', { received: 4, closed: 2, cloud: [6], loose: [5] }],
    ['closed', { received: 3, closed: 1, cloud: [6], loose: [5] }],
    ['cloud', { received: 3, closed: 2, cloud: [7], loose: [5] }],
    ['loose', { received: 3, closed: 2, cloud: [6], loose: [7] }],
  ])('that differs in %s does not dominate another that dominates it', (_, other) => {
    const one = row({ received: 3, closed: 2, cloud: [6], loose: [5] });
    expect(equalRows(one, row({ received: 3, closed: 2, cloud: [6], loose: [5] }))).toBe(true);
    expect(equalRows(one, row(other))).toBe(false);
  });

  test('dominates another that differs in the predecessor only', () => {
    const named = { ...row({ received: 1 }), predecessor: PREDECESSOR };
    expect(equalRows(row({ received: 1 }), named)).toBe(true);
  });
});

test('sums are equal if both count and sum are', () => {
  expect(equalSums({ count: 1, sum: 5n }, { count: 1, sum: 5n })).toBe(true);
  expect(equalSums({ count: 1, sum: 5n }, { count: 2, sum: 5n })).toBe(false);
  expect(equalSums({ count: 1, sum: 5n }, { count: 1, sum: 6n })).toBe(false);
});

describe('a row dominates another', () => {
  test('only if it has seen every dot of it and is closed as far', () => {
    fc.assert(
      fc.property(seen, seen, (own, other) => {
        if (!dominates(rowOf(own), rowOf(other))) return;
        expect(own.closed).toBeGreaterThanOrEqual(other.closed);
        const unseen = OFFSETS.filter((offset) => hasSeen(other, offset) && !hasSeen(own, offset));
        expect(unseen).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  test('always if it is as far in both versions and the other has no single dots', () => {
    fc.assert(
      fc.property(seen, seen, (own, other) => {
        const plain = { ...other, cloud: [], loose: [] };
        expect(dominates(rowOf(own), rowOf(plain))).toBe(
          own.received >= plain.received && own.closed >= plain.closed,
        );
      }),
    );
  });

  test('that is equal, and that of an unknown actor', () => {
    fc.assert(
      fc.property(seen, (own) => {
        expect(dominates(rowOf(own), rowOf(own))).toBe(true);
        expect(dominates(rowOf(own), unknownRow(ACTOR))).toBe(true);
      }),
    );
  });

  test('not if one of its versions is smaller by one', () => {
    expect(dominates(row({ received: 3, closed: 3 }), row({ received: 3, closed: 3 }))).toBe(true);
    expect(dominates(row({ received: 2, closed: 2 }), row({ received: 3, closed: 2 }))).toBe(false);
    expect(dominates(row({ received: 3, closed: 2 }), row({ received: 3, closed: 3 }))).toBe(false);
  });

  test('not if it lacks a single dot of it, in the cloud or loose', () => {
    expect(dominates(row({ received: 9 }), row({ cloud: [10] }))).toBe(false);
    expect(dominates(row({ received: 9 }), row({ loose: [10] }))).toBe(false);
    expect(dominates(row({ received: 9, cloud: [11] }), row({ cloud: [10] }))).toBe(false);
    expect(dominates(row({ received: 9, loose: [11] }), row({ loose: [10] }))).toBe(false);
  });

  test('though it has single dots of which the other knows nothing', () => {
    expect(dominates(row({ received: 3, cloud: [5], loose: [6] }), row({ received: 3 }))).toBe(true);
    expect(dominates(row({ received: 3, cloud: [5], loose: [6] }), row({ received: 2, loose: [6] }))).toBe(
      true,
    );
    expect(dominates(row({ received: 3, cloud: [5], loose: [6] }), row({ received: 2, cloud: [5] }))).toBe(
      true,
    );
  });
});

describe('two nodes whose rows have the same entries', () => {
  test('miss no entry of each other that is present', () => {
    fc.assert(
      fc.property(seen, seen, (a, b) => {
        if (!sameEntries(rowOf(a), rowOf(b))) return;
        for (const [one, other] of [
          [a, b],
          [b, a],
        ] as const) {
          // What is present lies at or below `received`, or is loose.
          const present = OFFSETS.filter((offset) => offset <= one.received || one.loose.includes(offset));
          for (const offset of present) expect(hasSeen(other, offset)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('are passed over whatever their clouds, and however far they are closed', () => {
    const one = row({ received: 3, closed: 1, cloud: [5], loose: [6] });
    expect(sameEntries(one, row({ received: 3, closed: 3, cloud: [7, 8], loose: [6] }))).toBe(true);
  });

  test('are not passed over when `received` or the loose dots differ', () => {
    const one = row({ received: 3, closed: 1, loose: [6] });
    expect(sameEntries(one, row({ received: 4, closed: 1, loose: [6] }))).toBe(false);
    expect(sameEntries(one, row({ received: 3, closed: 1, loose: [7] }))).toBe(false);
    expect(sameEntries(one, row({ received: 3, closed: 1 }))).toBe(false);
  });
});

describe('a puller is late', () => {
  const own = (closed: number): Row => row({ received: 50, closed });

  test('when it is closed below both what the snapshot is closed to and the horizon', () => {
    expect(isLate(own(9), at(10), ACTOR, at(10))).toBe(true);
    expect(isLate(own(10), at(10), ACTOR, at(10))).toBe(false);
  });

  test('not when nothing was collected above what it is closed to', () => {
    expect(isLate(own(10), at(20), ACTOR, at(10))).toBe(false);
    expect(isLate(own(10), at(20), ACTOR, at(11))).toBe(true);
  });

  test('not when the snapshot is closed no further than it is itself', () => {
    expect(isLate(own(10), at(10), ACTOR, at(20))).toBe(false);
    expect(isLate(own(10), at(11), ACTOR, at(20))).toBe(true);
  });

  test('however much it received, if it is not closed that far', () => {
    expect(isLate(row({ received: 50, closed: 0 }), at(10), ACTOR, at(10))).toBe(true);
  });

  test('for an actor that it does not know only from its birth on', () => {
    expect(isLate(undefined, at(20), ACTOR, BIRTH)).toBe(false);
    expect(isLate(undefined, at(20), ACTOR, at(1))).toBe(true);
    expect(isLate(undefined, BIRTH, ACTOR, at(20))).toBe(false);
    expect(isLate(undefined, at(1), ACTOR, at(20))).toBe(true);
  });

  test('never where nothing was ever collected', () => {
    fc.assert(
      fc.property(fc.option(seen, { nil: undefined }), fc.nat({ max: 100 }), (known, closed) => {
        const ownRow = known === undefined ? undefined : rowOf(known);
        expect(isLate(ownRow, at(closed), ACTOR, 0 as Version)).toBe(false);
      }),
    );
  });

  test('exactly when some version is at or below horizon and snapshot, and above what it is closed to', () => {
    const few = fc.integer({ min: -2, max: 6 });
    fc.assert(
      fc.property(fc.option(seen, { nil: undefined }), few, few, (known, closed, horizon) => {
        const ownRow = known === undefined ? undefined : rowOf(known);
        let unknownDeletion = false;
        for (let offset = (known?.closed ?? 0) + 1; offset <= 10; offset++) {
          if (offset <= closed && offset <= horizon) unknownDeletion = true;
        }
        expect(isLate(ownRow, at(closed), ACTOR, at(horizon))).toBe(unknownDeletion);
      }),
    );
  });
});

describe('what is known after adopting', () => {
  test('is the larger of each version, in either direction', () => {
    fc.assert(
      fc.property(seen, seen, (a, b) => {
        for (const joined of [joinVersions(rowOf(a), rowOf(b)), joinVersions(rowOf(b), rowOf(a))]) {
          expect(joined.received).toBe(at(Math.max(a.received, b.received)));
          expect(joined.closed).toBe(at(Math.max(a.closed, b.closed)));
          expect(joined.closed).toBeLessThanOrEqual(joined.received);
        }
      }),
    );
  });

  test('is what was known, if the other knows no more', () => {
    fc.assert(
      fc.property(seen, (own) => {
        expect(joinVersions(rowOf(own), rowOf(own))).toEqual(rowOf(own));
        expect(joinVersions(rowOf(own), unknownRow(ACTOR))).toEqual(rowOf(own));
      }),
    );
  });

  test('joins the two versions each for itself', () => {
    const joined = joinVersions(row({ received: 5, closed: 1 }), row({ received: 3, closed: 3 }));
    expect(joined).toMatchObject({ received: at(5), closed: at(3) });
  });

  test('has the predecessor that either of them names, the own one first', () => {
    const named = { ...row(), predecessor: PREDECESSOR };
    const other = { ...row(), predecessor: { ...PREDECESSOR, closed: 60 as Version } };
    expect(joinVersions(row(), named).predecessor).toBe(PREDECESSOR);
    expect(joinVersions(named, row()).predecessor).toBe(PREDECESSOR);
    expect(joinVersions(named, other).predecessor).toBe(PREDECESSOR);
    expect(joinVersions(row(), row()).predecessor).toBeUndefined();
  });

  test('leaves cloud and loose dots, and both rows, as they were', () => {
    const own = Object.freeze(row({ received: 1, closed: 1, cloud: [3], loose: [4] }));
    const other = Object.freeze(row({ received: 2, closed: 2, cloud: [5], loose: [6] }));
    expect(joinVersions(own, other)).toEqual({ ...own, received: at(2), closed: at(2) });
  });
});
