import { describe, expect, test } from 'vitest';
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

  test('are told apart where their hashes are the same', () => {
    const keys = new LookedUpKeys();
    const same = ['a', 'b', 'c'].map((key) => lookedUp(key, 7));
    for (const one of same) keys.add(one);
    expect(same.map((one) => keys.find(one, one.key))).toEqual(same);
    expect(keys.find({ low: 7, high: 1 }, utf8('d'))).toBeUndefined();
  });
});
