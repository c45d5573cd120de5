import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BucketTree,
  bucketOf,
  DEPTH_MAX,
  depthFor,
  differingChildren,
  FAN_OUT,
} from '../../src/core/bucket-tree.ts';

const hash = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const entries = fc.array(fc.record({ key: hash, sum: hash }), { maxLength: 60 });

function treeOf(depth: number, of: readonly { readonly key: bigint; readonly sum: bigint }[]): BucketTree {
  const tree = new BucketTree(depth);
  for (const { key, sum } of of) tree.add(key, { count: 1, sum });
  for (const _ of tree.sumUp());
  return tree;
}

/** The slow way: of all entries whose hash begins with the node's digits. */
function slowSum(
  level: number,
  index: number,
  of: readonly { readonly key: bigint; readonly sum: bigint }[],
): bigint {
  const inside = of.filter(({ key }) => bucketOf(key, level) === index);
  return BigInt.asUintN(
    64,
    inside.reduce((total, { sum }) => total + sum, 0n),
  );
}

describe('the depth of a tree', () => {
  test.each([
    [0, 0],
    [16, 0],
    [17, 1],
    [256, 1],
    [257, 2],
    [1_000_000, 4],
    [1_048_577, 5],
    [1e12, DEPTH_MAX],
  ])('for %s entries is %s: about 16 a bucket', (count, depth) => {
    expect(depthFor(count)).toBe(depth);
  });
});

describe('a tree of buckets', () => {
  test('puts a key into the bucket of the upper bits of its hash', () => {
    expect(bucketOf(0xabcd_0000_0000_0000n, 0)).toBe(0);
    expect(bucketOf(0xabcd_0000_0000_0000n, 1)).toBe(0xa);
    expect(bucketOf(0xabcd_e000_0000_0000n, 5)).toBe(0xabcde);
  });

  test('sums every node up as the slow way does, whatever the order of the entries', () => {
    fc.assert(
      fc.property(entries, fc.integer({ min: 1, max: 3 }), (some, depth) => {
        const tree = treeOf(depth, some);
        const reversed = treeOf(depth, some.toReversed());
        expect(tree.total).toEqual({ count: some.length, sum: slowSum(0, 0, some) });
        for (let level = 0; level < depth; level++) {
          const nodes = new Set(some.map(({ key }) => bucketOf(key, level)));
          for (const node of [...nodes, FAN_OUT ** level - 1]) {
            const children = tree.children(level, node);
            expect(children).toEqual(reversed.children(level, node));
            expect(children).toEqual(
              children.map((_, child) => slowSum(level + 1, node * FAN_OUT + child, some)),
            );
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('leads from the root to exactly the buckets in which two sets differ', () => {
    fc.assert(
      fc.property(entries, entries, (shared, extra) => {
        const depth = 3;
        const [own, theirs] = [treeOf(depth, [...shared, ...extra]), treeOf(depth, shared)];
        let differing: readonly number[] = [0];
        for (let level = 0; level < depth; level++) {
          differing = differing.flatMap((node) =>
            differingChildren(node, own.children(level, node), theirs.children(level, node)),
          );
        }
        const buckets = new Set(extra.map(({ key }) => bucketOf(key, depth)));
        const expected = [...buckets].filter((bucket) => slowSum(depth, bucket, extra) !== 0n);
        expect(differing.toSorted((a, b) => a - b)).toEqual(expected.toSorted((a, b) => a - b));
      }),
      { numRuns: 100 },
    );
  });

  test('refuses a depth, and children, that it has not', () => {
    expect(() => new BucketTree(DEPTH_MAX + 1)).toThrow('levels');
    expect(() => treeOf(1, []).children(1, 0)).toThrow('inner nodes');
    expect(() => treeOf(1, []).children(0, 1)).toThrow('inner nodes');
  });
});
