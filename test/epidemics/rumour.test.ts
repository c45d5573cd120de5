/** The models of epidemics, held against the figures of Demers et al. 1987. */

import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { antiEntropy } from '../../src/epidemics/anti-entropy.ts';
import { othersOf } from '../../src/epidemics/chance.ts';
import { expectedInformed } from '../../src/epidemics/expectation.ts';
import { RumourEpidemic, type RumourOptions } from '../../src/epidemics/rumour.ts';

const NODES = 1000;
const RUNS = 40;

/** Means of some runs with one peer a cycle and without loss. */
function means(options: Pick<RumourOptions, 'direction' | 'interest'>): { residue: number; traffic: number } {
  let [residue, traffic] = [0, 0];
  for (let seed = 1; seed <= RUNS; seed++) {
    const epidemic = new RumourEpidemic(
      { nodes: NODES, fanout: 1, loss: 0, ...options },
      createSeededRandom(seed),
    );
    while (!epidemic.isOver) epidemic.step();
    residue += (1 - epidemic.informed / NODES) / RUNS;
    traffic += epidemic.sent / NODES / RUNS;
  }
  return { residue, traffic };
}

describe('rumor mongering among 1,000 nodes', () => {
  it.each([
    ['push', 'feedback-counter', 1, 0.18, 1.7],
    ['push', 'feedback-counter', 3, 0.011, 4.5],
    ['push', 'blind-coin', 2, 0.2, 1.6],
    ['push', 'blind-coin', 4, 0.021, 3.9],
    ['pull', 'feedback-counter', 1, 0.031, 2.7],
  ] as const)(
    'by %s and %s, k = %i, leaves out what the paper says',
    (direction, rule, k, residue, traffic) => {
      const measured = means({ direction, interest: { rule, k } });
      expect(measured.residue / residue).toBeGreaterThan(0.8);
      expect(measured.residue / residue).toBeLessThan(1.2);
      expect(measured.traffic / traffic).toBeCloseTo(1, 1);
    },
  );

  it('tells who hears in a cycle from the next on only', () => {
    const interest = { rule: 'feedback-counter', k: 1 } as const;
    const epidemic = new RumourEpidemic(
      { nodes: NODES, direction: 'push', fanout: 1, interest, loss: 0 },
      createSeededRandom(1),
    );
    for (let cycle = 1; cycle <= 5; cycle++) {
      const { informed, sent } = epidemic;
      epidemic.step();
      expect(epidemic.sent - sent).toBeLessThanOrEqual(informed);
    }
  });

  it('does not end for what was lost: it is not known to be known', () => {
    const interest = { rule: 'feedback-counter', k: 1 } as const;
    const options = { nodes: 2, direction: 'push', fanout: 1, interest, loss: 0.9 } as const;
    for (let seed = 1; seed <= 20; seed++) {
      const epidemic = new RumourEpidemic(options, createSeededRandom(seed));
      while (!epidemic.isOver) epidemic.step();
      expect(epidemic.informed).toBe(2);
    }
  });
});

describe('anti-entropy', () => {
  it('by pull squares the share that lacks it, by push divides it by e', () => {
    const nodes = 100_000;
    const susceptible = nodes / 10;
    const after = (mode: 'pull' | 'push'): number =>
      (antiEntropy({ nodes, susceptible, mode }, createSeededRandom(1))[1] as number) / nodes;
    expect(after('pull')).toBeCloseTo(0.1 ** 2, 3);
    // All but a tenth push: (1 - 1/n)^(0.9 n).
    expect(after('push')).toBeCloseTo(0.1 * Math.exp(-0.9), 3);
  });
});

describe('expectation', () => {
  it('of one cycle is what many runs of it come to', () => {
    const options = { nodes: 100, fanout: 3, loss: 0.2 };
    const interest = { rule: 'feedback-counter', k: 1000 } as const;
    let informed = 0;
    const runs = 500;
    for (let seed = 1; seed <= runs; seed++) {
      const epidemic = new RumourEpidemic(
        { ...options, direction: 'push', interest },
        createSeededRandom(seed),
      );
      epidemic.step();
      informed += epidemic.informed / runs;
    }
    expect(informed).toBeCloseTo(expectedInformed(1, options), 0);
    expect(expectedInformed(1, options)).toBeCloseTo(1 + 3 * 0.8, 6);
  });

  it('of telling everybody without loss is everybody', () => {
    expect(expectedInformed(1, { nodes: 5, fanout: 9, loss: 0 })).toBe(5);
  });
});

describe('others', () => {
  it('are different ones, never the node itself, and each as likely', () => {
    const random = createSeededRandom(1);
    const drawn = Array.from({ length: 5 }, () => 0);
    for (let run = 0; run < 10_000; run++) {
      const others = othersOf(random, 5, 2, 2);
      expect(new Set(others).size).toBe(2);
      for (const other of others) drawn[other] = (drawn[other] as number) + 1;
    }
    expect(drawn[2]).toBe(0);
    for (const node of [0, 1, 3, 4]) expect(Math.abs((drawn[node] as number) - 5000)).toBeLessThan(250);
    expect(new Set(othersOf(random, 4, 1, 10))).toStrictEqual(new Set([0, 2, 3]));
  });
});
