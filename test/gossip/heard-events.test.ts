import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NodeId } from '../../src/core/actor.ts';
import { HeardEvents, RUNS_MAX, SILENT_MS, WINDOW } from '../../src/gossip/heard-events.ts';

const ORIGIN = 'a' as NodeId;

function adder(heard: HeardEvents, run: number = 1): (sequence: number) => boolean {
  return (sequence) => heard.add({ origin: ORIGIN, run, sequence }, 0);
}

describe('an event', () => {
  test('is new once, in whatever order events come', () => {
    const sequences = fc.array(
      fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 10_000 })),
    );
    fc.assert(
      fc.property(sequences, (some) => {
        const add = adder(new HeardEvents());
        const heard = new Set<number>();
        let highest = 0;
        for (const sequence of some) {
          const isNew = !heard.has(sequence) && sequence > highest - WINDOW;
          expect(add(sequence)).toBe(isNew);
          if (isNew) heard.add(sequence);
          highest = Math.max(highest, sequence);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('counts as heard once it is as far behind as the window', () => {
    const add = adder(new HeardEvents());
    expect(add(WINDOW + 1)).toBe(true);
    expect(add(1)).toBe(false);
    expect(add(2)).toBe(true);
    expect(add(2)).toBe(false);
  });

  test('may be numbered anew by the next run of its node', () => {
    const heard = new HeardEvents();
    expect(adder(heard, 1)(1)).toBe(true);
    expect(adder(heard, 2)(1)).toBe(true);
    expect(adder(heard, 1)(1)).toBe(false);
  });

  test('of one run too many is refused, rather than that another is heard twice, until one was silent for long', () => {
    const heard = new HeardEvents();
    for (let run = 0; run < RUNS_MAX; run++)
      expect(heard.add({ origin: ORIGIN, run, sequence: 1 }, 0)).toBe(true);
    const late = { origin: ORIGIN, run: RUNS_MAX, sequence: 1 };
    expect(heard.add(late, SILENT_MS - 1)).toBe(false);
    expect(heard.add(late, SILENT_MS)).toBe(true);
    expect(heard.add({ origin: ORIGIN, run: 1, sequence: 1 }, SILENT_MS)).toBe(false);
  });
});
