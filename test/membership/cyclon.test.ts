/** Cyclon: what a view may hold, how links spread, and how those to dead nodes die out. */

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { Cyclon } from '../../src/membership/cyclon.ts';
import { cyclonOverlay } from '../../src/simulation/literature/overlay.ts';

const OPTIONS = { viewSize: 5, shuffleLength: 3 };

function node(self: number, seed: number = self + 1): Cyclon<number> {
  return new Cyclon({ self, nameOf: String, random: createSeededRandom(seed) }, OPTIONS);
}

const peersOf = (cyclon: Cyclon<number>): number[] => cyclon.neighbours.map(({ peer }) => peer);

describe('a view', () => {
  test('never holds its own node, nobody twice, and no more than it may, whatever peers send', () => {
    const neighbours = fc.array(fc.record({ peer: fc.nat(12), age: fc.nat(9) }), { maxLength: 20 });
    const steps = fc.array(
      fc.oneof(
        fc.record({ type: fc.constant('introduce' as const), peer: fc.nat(12) }),
        fc.record({ type: fc.constant('answer' as const), offered: neighbours }),
        fc.record({ type: fc.constant('shuffle' as const), given: neighbours }),
        fc.record({ type: fc.constant('forget' as const), peer: fc.nat(12) }),
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(steps, fc.nat(), (plan, seed) => {
        const cyclon = node(0, seed);
        const travelling: number[] = [];
        for (const step of plan) {
          if (step.type === 'introduce') cyclon.introduce(step.peer);
          if (step.type === 'forget') cyclon.forget(step.peer);
          if (step.type === 'answer') travelling.push(cyclon.answer(step.offered).length);
          const shuffle = step.type === 'shuffle' ? cyclon.begin() : undefined;
          if (shuffle !== undefined && step.type === 'shuffle') {
            travelling.push(shuffle.offered.length);
            cyclon.complete(shuffle, step.given);
          }
          const peers = peersOf(cyclon);
          expect(peers).not.toContain(0);
          expect(new Set(peers).size).toBe(peers.length);
          expect(peers.length).toBeLessThanOrEqual(OPTIONS.viewSize);
        }
        expect(Math.max(0, ...travelling)).toBeLessThanOrEqual(OPTIONS.shuffleLength);
      }),
    );
  });

  test('loses the oldest when a shuffle with it begins, and so whoever does not answer', () => {
    const cyclon = node(0);
    cyclon.introduce(1);
    expect(cyclon.begin()).toStrictEqual({ with: 1, offered: [{ peer: 0, age: 0 }] });
    expect(peersOf(cyclon)).toStrictEqual([]);
    cyclon.introduce(2);
    cyclon.answer([{ peer: 3, age: 7 }]);
    expect(cyclon.begin()?.with).toBe(3);
    expect(peersOf(cyclon)).toStrictEqual([2]);
  });

  test('that is full gives up what it handed on, and nothing else', () => {
    const cyclon = node(0);
    for (let peer = 1; peer <= 5; peer++) cyclon.introduce(peer);
    const given = cyclon.answer([6, 7, 8].map((peer) => ({ peer, age: 0 })));
    expect(peersOf(cyclon)).toHaveLength(5);
    const left = [1, 2, 3, 4, 5].filter((peer) => !given.some((handed) => handed.peer === peer));
    expect(new Set(peersOf(cyclon))).toStrictEqual(new Set([...left, 6, 7, 8]));
  });

  test('takes no more from a shuffle than one may have', () => {
    const cyclon = node(0);
    cyclon.answer(Array.from({ length: 100 }, (_, at) => ({ peer: at + 1, age: 0 })));
    expect(peersOf(cyclon)).toStrictEqual([1, 2, 3]);
  });
});

describe('shuffling', () => {
  test('spreads links evenly, from whomever each node knew at first, and forgets the dead', () => {
    const count = 200;
    const overlay = cyclonOverlay(count, createSeededRandom(1));
    for (let cycle = 0; cycle < 30; cycle++) overlay.step();
    const degrees = Array.from({ length: count }, () => 0);
    for (let self = 0; self < count; self++)
      for (const other of overlay.viewOf(self)) degrees[other] = (degrees[other] as number) + 1;
    const mean = degrees.reduce((sum, degree) => sum + degree, 0) / count;
    const variance = degrees.reduce((sum, degree) => sum + (degree - mean) ** 2, 0) / count;
    expect(mean).toBeGreaterThan(19.9);
    // Links drawn at random would have the variance of a binomial, about the mean.
    expect(variance).toBeLessThan(mean);
    for (let dead = 0; dead < count / 2; dead++) overlay.kill(dead);
    for (let cycle = 0; cycle < 45; cycle++) overlay.step();
    const live = Array.from({ length: count / 2 }, (_, at) => at + count / 2);
    const known = live.flatMap((self) => overlay.viewOf(self));
    expect(known.filter((other) => other < count / 2).length / known.length).toBeLessThan(0.01);
  });
});
