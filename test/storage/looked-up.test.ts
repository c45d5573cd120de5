import { describe, expect, test } from 'vitest';
import type { Version } from '../../src/core/version.ts';
import { Present } from '../../src/storage/dot-cache.ts';
import { LookedUp, LookedUpKeys } from '../../src/storage/looked-up.ts';
import { utf8 } from '../support/replica-fixture.ts';

function lookedUp(key: string, low: number): LookedUp {
  return new LookedUp(utf8(key), { low, high: 1 });
}

describe('the keys of a group', () => {
  test('are found by their hashes, and kept in their order', () => {
    const keys = new LookedUpKeys();
    const [a, b] = [lookedUp('a', 7), lookedUp('b', -7)];
    keys.add(b);
    keys.add(a);
    expect(keys.find(a, utf8('a'))).toBe(a);
    expect(keys.find(b, utf8('b'))).toBe(b);
    expect(keys.find({ low: 8, high: 1 }, utf8('c'))).toBeUndefined();
    expect(keys.find({ low: 7, high: 1 }, utf8('c'))).toBeUndefined();
    expect(keys.inOrder).toEqual([b, a]);
    expect(keys.size).toBe(2);
  });

  test('follow what the group before them left under the same keys, and only those', () => {
    const [before, keys] = [new LookedUpKeys(), new LookedUpKeys()];
    const left = lookedUp('a', 7);
    left.present = new Present(9 as Version, 1, 0, undefined);
    left.isCached = true;
    before.add(left);
    const [same, other] = [lookedUp('a', 7), lookedUp('b', 7)];
    for (const one of [same, other]) keys.add(one);
    keys.follow(before);
    expect(same).toEqual(left);
    expect(other).toMatchObject({ present: null, isCached: false });
  });

  test('are told apart where their hashes are the same', () => {
    const keys = new LookedUpKeys();
    const same = ['a', 'b', 'c'].map((key) => lookedUp(key, 7));
    for (const one of same) keys.add(one);
    expect(same.map((one) => keys.find(one, one.key))).toEqual(same);
    expect(keys.find({ low: 7, high: 1 }, utf8('d'))).toBeUndefined();
  });
});
