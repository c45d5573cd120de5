import { describe, expect, test } from 'vitest';
import type { NodeId } from '../../src/core/actor.ts';
import { Suspicion, suspicionSpan, suspicionTimeoutMs } from '../../src/membership/suspicion.ts';

const [A, B, C, D, E] = ['a', 'b', 'c', 'd', 'e'] as [NodeId, NodeId, NodeId, NodeId, NodeId];

describe('the time of a suspicion', () => {
  test.each([
    [2, 5000, 5000],
    [10, 5000, 30_000],
    [100, 10_000, 60_000],
    [1000, 15_000, 90_000],
  ])('in a cluster of %d members is from %d to %d ms', (members, minMs, maxMs) => {
    expect(suspicionSpan(members, 1000, true)).toMatchObject({ minMs, maxMs });
  });

  test('grows with the probe interval', () => {
    expect(suspicionSpan(10, 200, true)).toMatchObject({ minMs: 1000, maxMs: 6000 });
  });

  test('is the shortest from the beginning, as in SWIM, if it is not dynamic', () => {
    const span = suspicionSpan(100, 1000, false);
    expect(suspicionTimeoutMs(span, 0)).toBe(10_000);
  });

  test('falls with the logarithm of the confirmations, to the shortest at the third', () => {
    const span = suspicionSpan(10, 1000, true);
    const timeouts = [0, 1, 2, 3, 4].map((confirmed) => Math.round(suspicionTimeoutMs(span, confirmed)));
    expect(timeouts).toEqual([30_000, 17_500, 10_188, 5000, 5000]);
  });

  test.each([
    [2, 0],
    [3, 1],
    [4, 2],
    [5, 3],
    [100, 3],
  ])(
    'in a cluster of %d members waits for %d confirmations: all but the suspect and the accuser',
    (members, count) => {
      expect(suspicionSpan(members, 1000, true).confirmations).toBe(count);
    },
  );
});

describe('a suspicion', () => {
  const span = suspicionSpan(10, 1000, true);

  test('is confirmed by whoever accuses independently, and by nobody twice', () => {
    const suspicion = new Suspicion(span, A);
    expect([A, B, B, A, C].map((accuser) => suspicion.confirm(accuser))).toEqual([
      false,
      true,
      false,
      false,
      true,
    ]);
    expect(Math.round(suspicion.timeoutMs)).toBe(10_188);
  });

  test('takes no more confirmations than shorten it', () => {
    const suspicion = new Suspicion(span, A);
    for (const accuser of [B, C, D]) suspicion.confirm(accuser);
    expect(suspicion.confirm(E)).toBe(false);
    expect(suspicion.accuser).toBe(D);
  });
});
