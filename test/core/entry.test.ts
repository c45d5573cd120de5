import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeActor } from '../../src/core/actor.ts';
import { asciiBytes, compareBytes, writeUint64 } from '../../src/core/bytes.ts';
import {
  compareDots,
  type Dot,
  type Entry,
  isLive,
  isSameBatch,
  nameOfDot,
  payloadBytes,
} from '../../src/core/entry.ts';
import { type Version, VERSION_ZERO } from '../../src/core/version.ts';
import { actors, nodeId, versions } from '../support/codec-arbitraries.ts';

/** Few, so that versions and actors meet. */
const fewDots: fc.Arbitrary<Dot> = fc.record({
  actor: fc
    .tuple(fc.constantFrom('a', 'ab', 'b'), fc.nat({ max: 1 }))
    .map(([name, random]) => makeActor(nodeId(name), VERSION_ZERO, random)),
  version: fc.integer({ min: 1, max: 3 }).map((version) => version as Version),
});

const dots: fc.Arbitrary<Dot> = fc.oneof(fewDots, fc.record({ actor: actors, version: versions }));

/** A dot whose order is the order of its bytes: what `compareDots` promises, the slow way. */
function dotBytes({ actor, version }: Dot): Uint8Array {
  const bytes = new Uint8Array(8 + actor.length);
  writeUint64(bytes, 0, version);
  bytes.set(asciiBytes(actor), 8);
  return bytes;
}

describe('of two entries of a key', () => {
  const [a, b] = ['a', 'b'].map((name) => makeActor(nodeId(name), VERSION_ZERO, 0)) as [
    Dot['actor'],
    Dot['actor'],
  ];

  test('the one with the larger version wins, whoever wrote it', () => {
    expect(
      compareDots({ actor: a, version: 2 as Version }, { actor: b, version: 1 as Version }),
    ).toBeGreaterThan(0);
    expect(
      compareDots({ actor: b, version: 1 as Version }, { actor: a, version: 2 as Version }),
    ).toBeLessThan(0);
  });

  test('the one of the larger actor wins if their versions are the same', () => {
    expect(
      compareDots({ actor: b, version: 1 as Version }, { actor: a, version: 1 as Version }),
    ).toBeGreaterThan(0);
    expect(
      compareDots({ actor: a, version: 1 as Version }, { actor: b, version: 1 as Version }),
    ).toBeLessThan(0);
  });

  test('neither wins only if their dots are one', () => {
    fc.assert(
      fc.property(dots, dots, (one, other) => {
        const isSame = one.actor === other.actor && one.version === other.version;
        expect(compareDots(one, other) === 0).toBe(isSame);
      }),
    );
  });

  test('the winner is the one whose version and actor come later as bytes', () => {
    fc.assert(
      fc.property(dots, dots, (one, other) => {
        const slow = compareBytes(dotBytes(one), dotBytes(other));
        expect(Math.sign(compareDots(one, other))).toBe(Math.sign(slow));
      }),
    );
  });
});

test('of any number of entries one wins, in whatever order they meet', () => {
  fc.assert(
    fc.property(
      fc
        .uniqueArray(dots, { minLength: 1, selector: ({ actor, version }) => `${actor} ${version}` })
        .chain((some) =>
          fc.tuple(
            fc.shuffledSubarray(some, { minLength: some.length }),
            fc.shuffledSubarray(some, { minLength: some.length }),
          ),
        ),
      ([some, shuffled]) => {
        const winner = (list: readonly Dot[]): Dot =>
          list.reduce((best, dot) => (compareDots(dot, best) > 0 ? dot : best));
        expect(winner(shuffled)).toBe(winner(some));
        for (const dot of some) expect(compareDots(winner(some), dot)).toBeGreaterThanOrEqual(0);
      },
    ),
  );
});

test('the name of a dot is that of no other', () => {
  fc.assert(
    fc.property(dots, dots, (one, other) => {
      expect(nameOfDot(one) === nameOfDot(other)).toBe(compareDots(one, other) === 0);
    }),
  );
});

test('the payload of entries is all bytes of their keys and values', () => {
  const payloads = fc.array(fc.record({ key: fc.uint8Array(), value: fc.uint8Array() }));
  fc.assert(
    fc.property(payloads, (some) => {
      expect(payloadBytes(some)).toBe(some.flatMap(({ key, value }) => [...key, ...value]).length);
    }),
  );
});

test('two entries were written in one batch if it has one actor and one end', () => {
  const [a, b] = [makeActor(nodeId('a'), VERSION_ZERO, 0), makeActor(nodeId('b'), VERSION_ZERO, 0)];
  const at = (actor: Dot['actor'], last: number): Entry => ({ actor, last }) as Entry;
  expect(isSameBatch(at(a, 5), at(a, 5))).toBe(true);
  expect(isSameBatch(at(a, 5), at(a, 6))).toBe(false);
  expect(isSameBatch(at(a, 5), at(b, 5))).toBe(false);
});

describe('an entry', () => {
  const live = { tombstone: false, expiresAt: undefined };

  test('that neither expires nor is a tombstone reads as present for ever', () => {
    expect(isLive(live, 0)).toBe(true);
    expect(isLive(live, Number.MAX_SAFE_INTEGER)).toBe(true);
  });

  test('that expires reads as absent from its very millisecond on', () => {
    const expiring = { tombstone: false, expiresAt: 1000 };
    expect(isLive(expiring, 999)).toBe(true);
    expect(isLive(expiring, 1000)).toBe(false);
    expect(isLive(expiring, 1001)).toBe(false);
  });

  test('that expired reads as present again while the clock is set back', () => {
    const expiring = { tombstone: false, expiresAt: 1000 };
    expect([999, 1000, 999].map((wallMs) => isLive(expiring, wallMs))).toEqual([true, false, true]);
  });

  test('that expires at 0 was never present', () => {
    expect(isLive({ tombstone: false, expiresAt: 0 }, 0)).toBe(false);
  });

  test('that is a tombstone reads as absent at any time, whatever it says of expiry', () => {
    for (const expiresAt of [undefined, 1000]) {
      for (const wallMs of [0, 999, 1000]) expect(isLive({ tombstone: true, expiresAt }, wallMs)).toBe(false);
    }
  });
});
