import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createHash64 } from '../../src/adapters/xxhash.ts';
import { makeActor } from '../../src/core/actor.ts';
import { asciiBytes } from '../../src/core/bytes.ts';
import { type Row, type Sum, SUM_ZERO, unknownRow } from '../../src/core/context.ts';
import { addSum, Fingerprints, subtractSum } from '../../src/core/fingerprint.ts';
import type { Version } from '../../src/core/version.ts';
import { actors, fullRows, HASH_MAX, hashes, nodeId, versions } from '../support/codec-arbitraries.ts';

const hash64 = await createHash64();

const BIRTH = 0x3_0000_0000_0000 as Version;
const ACTOR = makeActor(nodeId('berlin'), BIRTH, 0xdead_beef);
const VERSION = (BIRTH + 300) as Version;
const ROW: Row = {
  actor: ACTOR,
  received: VERSION,
  closed: (BIRTH + 200) as Version,
  cloud: { count: 2, sum: 0x0102_0304_0506_0708n },
  loose: { count: 1, sum: HASH_MAX },
  predecessor: undefined,
};

/** Numbers of 8 bytes, high byte first, and bytes as they are, one after the other. */
function joined(...parts: readonly (number | bigint | Uint8Array)[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) => {
      if (part instanceof Uint8Array) return part;
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64BE(BigInt(part));
      return bytes;
    }),
  );
}

const keys = fc.uint8Array({ minLength: 1, maxLength: 3000 });
const sums: fc.Arbitrary<Sum> = fc.record({ count: fc.nat({ max: 1000 }), sum: hashes });

describe('hashes on the wire', () => {
  test('are XXH64, whose published vectors hold', () => {
    expect(hash64(asciiBytes(''))).toBe(0xef46_db37_51d8_e999n);
    expect(hash64(asciiBytes('abc'))).toBe(0x44bc_2cf5_ad77_0999n);
    // Under a seed of all 64 bits, and of more bytes than one round takes.
    expect(hash64(asciiBytes('abc'), HASH_MAX)).toBe(0x2830_6e58_9cc0_2176n);
    expect(
      hash64(
        Uint8Array.from({ length: 100 }, (_, index) => index),
        1n,
      ),
    ).toBe(0x3d19_a3a2_098a_7023n);
  });

  // From a second implementation of XXH64 and of the protocol's page. They change with the protocol's version only.
  test('have these values in version 1 of the protocol', () => {
    const fingerprints = new Fingerprints(hash64);
    expect(fingerprints.actor(ACTOR)).toBe(0x72ad_82ef_630c_75cen);
    expect(fingerprints.dot(ACTOR, VERSION)).toEqual({ count: 1, sum: 0x0a16_1223_efff_6abfn });
    expect(fingerprints.entry(ACTOR, VERSION, asciiBytes('k'))).toEqual({
      count: 1,
      sum: 0x35e2_f8c0_d2c5_e672n,
    });
    expect(fingerprints.row(ROW)).toBe(0x7476_0ee8_3d6d_fa28n);
  });

  test('are those of the protocol’s table, in whatever order they are asked for', () => {
    const fingerprints = new Fingerprints(hash64);
    fc.assert(
      fc.property(actors, versions, keys, (actor, version, key) => {
        const name = asciiBytes(actor);
        const entry = hash64(joined(version, key), hash64(name, 1n));
        const dot = hash64(joined(version), hash64(name, 2n));
        expect(fingerprints.entry(actor, version, key)).toEqual({ count: 1, sum: entry });
        expect(fingerprints.dot(actor, version)).toEqual({ count: 1, sum: dot });
        expect(fingerprints.entry(actor, version, key)).toEqual({ count: 1, sum: entry });
        expect(fingerprints.actor(actor)).toBe(hash64(name, 4n));
      }),
    );
  });

  test('of rows are those of the protocol’s table', () => {
    const fingerprints = new Fingerprints(hash64);
    fc.assert(
      fc.property(fullRows, (rows) => {
        for (const row of rows) {
          const { actor, received, closed, cloud, loose } = row;
          const bytes = joined(received, closed, cloud.count, cloud.sum, loose.count, loose.sum);
          const saysNothing =
            JSON.stringify([received, cloud.count, loose.count]) ===
            JSON.stringify([unknownRow(actor).received, 0, 0]);
          const slow = hash64(bytes, hash64(asciiBytes(actor), 3n));
          expect(fingerprints.row(row)).toBe(saysNothing ? 0n : slow);
        }
      }),
    );
  });

  test('of a key longer than any before are right, and so are those of shorter ones afterwards', () => {
    const fingerprints = new Fingerprints(hash64);
    const seed = hash64(asciiBytes(ACTOR), 1n);
    for (const length of [1024, 1025, 65_535, 1, 1024]) {
      const key = new Uint8Array(length).fill(length);
      expect(fingerprints.entry(ACTOR, VERSION, key).sum).toBe(hash64(joined(VERSION, key), seed));
    }
  });
});

describe('domains', () => {
  test('keep hashes of the same bytes apart', () => {
    const fingerprints = new Fingerprints(hash64);
    // An entry without a key has the bytes of a dot.
    expect(fingerprints.entry(ACTOR, VERSION, new Uint8Array(0))).not.toEqual(
      fingerprints.dot(ACTOR, VERSION),
    );
    // An entry whose key is the rest of a row has the bytes of that row.
    const { closed, cloud, loose } = ROW;
    const rest = joined(closed, cloud.count, cloud.sum, loose.count, loose.sum);
    expect(fingerprints.entry(ACTOR, VERSION, rest).sum).not.toBe(fingerprints.row(ROW));
    const ofName = [0n, 1n, 2n, 3n].map((domain) => hash64(asciiBytes(ACTOR), domain));
    expect(ofName).not.toContain(fingerprints.actor(ACTOR));
  });

  test('keep the dots of different actors apart', () => {
    const fingerprints = new Fingerprints(hash64);
    fc.assert(
      fc.property(actors, actors, versions, (a, b, version) => {
        fc.pre(a !== b);
        expect(fingerprints.dot(a, version)).not.toEqual(fingerprints.dot(b, version));
        expect(fingerprints.actor(a)).not.toBe(fingerprints.actor(b));
      }),
    );
  });
});

describe('the hash of a row', () => {
  const fingerprints = new Fingerprints(hash64);

  test('is 0 if the row says nothing', () => {
    expect(fingerprints.row(unknownRow(ACTOR))).toBe(0n);
  });

  test('does not depend on the predecessor', () => {
    const actor = makeActor(nodeId('berlin'), 5 as Version, 0);
    expect(fingerprints.row({ ...ROW, predecessor: { actor, closed: 6 as Version } })).toBe(
      fingerprints.row(ROW),
    );
    const trivial = { ...unknownRow(ACTOR), predecessor: { actor, closed: 6 as Version } };
    expect(fingerprints.row(trivial)).toBe(0n);
  });

  test.each<[string, Partial<Row>]>([
    ['the actor', { actor: makeActor(nodeId('berlin'), BIRTH, 0xdead_beee) }],
    ['received', { received: (VERSION + 1) as Version }],
    ['closed', { closed: (BIRTH + 201) as Version }],
    ['the count of the cloud', { cloud: { ...ROW.cloud, count: 3 } }],
    ['the sum of the cloud', { cloud: { ...ROW.cloud, sum: ROW.cloud.sum + 1n } }],
    ['the count of the loose dots', { loose: { ...ROW.loose, count: 2 } }],
    ['the sum of the loose dots', { loose: { ...ROW.loose, sum: HASH_MAX - 1n } }],
    ['which dots are loose', { cloud: ROW.loose, loose: ROW.cloud }],
  ])('depends on %s', (_, changes) => {
    expect(fingerprints.row({ ...ROW, ...changes })).not.toBe(fingerprints.row(ROW));
  });
});

describe('sums', () => {
  test('of the same hashes are the same, in whatever order they are added', () => {
    fc.assert(
      fc.property(
        fc
          .array(sums)
          .chain((some) =>
            fc.tuple(fc.constant(some), fc.shuffledSubarray(some, { minLength: some.length })),
          ),
        ([some, shuffled]) => {
          const total = (list: readonly Sum[]): Sum => list.reduce(addSum, SUM_ZERO);
          expect(total(shuffled)).toEqual(total(some));
          const slow = some.reduce((sum, each) => sum + each.sum, 0n) % 2n ** 64n;
          expect(total(some).sum).toBe(slow);
          expect(total(some).count).toBe(some.reduce((count, each) => count + each.count, 0));
        },
      ),
    );
  });

  test('forget what is taken away again, however often they ran over', () => {
    fc.assert(
      fc.property(sums, sums, (a, b) => {
        expect(subtractSum(addSum(a, b), b)).toEqual(a);
        expect(addSum(subtractSum(a, b), b)).toEqual(a);
      }),
    );
  });

  test('stay within 64 bits in both directions', () => {
    const largest = { count: 1, sum: HASH_MAX };
    expect(addSum(largest, { count: 1, sum: 1n })).toEqual({ count: 2, sum: 0n });
    expect(addSum(largest, largest)).toEqual({ count: 2, sum: HASH_MAX - 1n });
    expect(subtractSum({ count: 1, sum: 0n }, { count: 1, sum: 1n })).toEqual({ count: 0, sum: HASH_MAX });
  });

  test('of nothing change nothing', () => {
    const some = { count: 3, sum: 5n };
    expect(addSum(some, SUM_ZERO)).toEqual(some);
    expect(subtractSum(some, SUM_ZERO)).toEqual(some);
  });
});
