import { describe, expect, test } from 'vitest';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import type { NodeId } from '../../src/core/actor.ts';
import { ProbeOrder, someOf } from '../../src/membership/shuffled.ts';

const MEMBERS = Array.from({ length: 20 }, (_, at) => `n${at}`) as NodeId[];
const always = (): boolean => true;

function rounds(order: ProbeOrder, count: number, length: number): NodeId[][] {
  return Array.from({ length: count }, () => Array.from({ length }, () => order.next(always) as NodeId));
}

describe('the order in which members are probed', () => {
  test('comes to each once in a round, and to them in another order in the next', () => {
    const order = new ProbeOrder(createSeededRandom(1), () => MEMBERS);
    const [first, second] = rounds(order, 2, MEMBERS.length) as [NodeId[], NodeId[]];
    expect(first.toSorted()).toEqual(MEMBERS.toSorted());
    expect(second.toSorted()).toEqual(MEMBERS.toSorted());
    expect(second).not.toEqual(first);
  });

  test('comes to a newcomer within the round that is under way, at any place of it', () => {
    const places = Array.from({ length: 200 }, (_, seed) => {
      const order = new ProbeOrder(createSeededRandom(seed), () => MEMBERS);
      order.next(always);
      order.add('new' as NodeId);
      const [rest] = rounds(order, 1, MEMBERS.length);
      return rest?.indexOf('new' as NodeId) ?? -1;
    });
    expect(places).not.toContain(-1);
    expect(new Set(places).size).toBe(MEMBERS.length);
  });

  test('comes once in a round to whoever goes and comes back again and again: others have their turn', () => {
    const order = new ProbeOrder(createSeededRandom(1), () => MEMBERS);
    const first = order.next(always);
    for (let times = 0; times < 100; times++) for (const member of MEMBERS.slice(0, 5)) order.add(member);
    const rest = rounds(order, 1, MEMBERS.length)[0] ?? [];
    expect(MEMBERS.filter((member) => member !== first && !rest.includes(member))).toEqual([]);
  });

  test('passes over whoever is not meant', () => {
    const order = new ProbeOrder(createSeededRandom(1), () => MEMBERS);
    const seen = Array.from({ length: 10 }, () => order.next((member) => member === 'n3' || member === 'n4'));
    expect(new Set(seen)).toEqual(new Set(['n3', 'n4']));
  });

  test('has nobody where nobody is meant', () => {
    const order = new ProbeOrder(createSeededRandom(1), () => MEMBERS);
    expect(order.next(() => false)).toBeUndefined();
    expect(new ProbeOrder(createSeededRandom(1), () => []).next(always)).toBeUndefined();
  });
});

test('some of a list are each as likely to be chosen as the others, and none twice', () => {
  const random = createSeededRandom(1);
  const counts = new Map<NodeId, number>();
  for (let draw = 0; draw < 2000; draw++) {
    const some = someOf(MEMBERS, 3, random);
    expect(new Set(some).size).toBe(3);
    for (const member of some) counts.set(member, (counts.get(member) ?? 0) + 1);
  }
  // 300 on average, with a standard deviation of 16.
  for (const member of MEMBERS) expect(Math.abs((counts.get(member) ?? 0) - 300)).toBeLessThan(80);
});
