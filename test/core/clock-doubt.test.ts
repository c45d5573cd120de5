import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ClockDoubt, type Doubt } from '../../src/core/clock-doubt.ts';

const DRIFT_MS = 60_000;
const MINUTE_MS = 60_000;
/** As long as an opinion counts. */
const OPINION_MS = 600_000;

/** A machine with two clocks. Its doubts are looked at when the test says so. */
class Machine {
  #wallMs: number;
  #monotonicMs = 5000;
  readonly #doubt: ClockDoubt;

  constructor(wallMs: number = Date.UTC(2026, 0, 1)) {
    this.#wallMs = wallMs;
    this.#doubt = new ClockDoubt(DRIFT_MS, wallMs, this.#monotonicMs);
  }

  get isInDoubt(): boolean {
    return this.#doubt.check(this.#wallMs, this.#monotonicMs);
  }

  get doubt(): Doubt | undefined {
    return this.#doubt.doubt(this.#wallMs, this.#monotonicMs);
  }

  pass(ms: number): void {
    this.#wallMs += ms;
    this.#monotonicMs += ms;
  }

  /** The wall clock alone. */
  leap(ms: number): void {
    this.#wallMs += ms;
  }

  hear(offsetMs: number, ...peers: string[]): void {
    for (const peer of peers) this.#doubt.hear(peer, offsetMs, this.#wallMs, this.#monotonicMs);
  }
}

describe('a clock', () => {
  test('that runs with monotonic time is never in doubt', () => {
    const machine = new Machine();
    for (const ms of [0, 1, MINUTE_MS, 365 * 24 * 60 * MINUTE_MS]) {
      machine.pass(ms);
      expect(machine.isInDoubt).toBe(false);
    }
  });

  test.each([1, -1])('that leaps by one drift is not in doubt, and by a millisecond more is (%i)', (sign) => {
    const still = new Machine();
    still.leap(sign * DRIFT_MS);
    expect(still.isInDoubt).toBe(false);
    const leapt = new Machine();
    leapt.leap(sign * (DRIFT_MS + 1));
    expect(leapt.isInDoubt).toBe(true);
  });

  test('that is wrong from the start is not seen by its machine alone', () => {
    const machine = new Machine(0);
    machine.pass(MINUTE_MS);
    expect(machine.isInDoubt).toBe(false);
  });

  test('that leapt twice at once is judged by where it is now', () => {
    const machine = new Machine();
    machine.leap(DRIFT_MS);
    machine.leap(1);
    expect(machine.isInDoubt).toBe(true);
    const back = new Machine();
    back.leap(10 * DRIFT_MS);
    back.leap(-10 * DRIFT_MS);
    expect(back.isInDoubt).toBe(false);
  });
});

describe('a clock in doubt, alone', () => {
  test('stays in doubt as long as its times are parted, for days', () => {
    const machine = new Machine();
    machine.leap(DRIFT_MS + 1);
    for (let day = 0; day < 7; day++) {
      expect(machine.isInDoubt).toBe(true);
      machine.pass(24 * 60 * MINUTE_MS);
    }
    expect(machine.isInDoubt).toBe(true);
  });

  test('is trusted at once when it is set back to within one drift, not a millisecond before', () => {
    const machine = new Machine();
    machine.leap(3 * DRIFT_MS);
    expect(machine.isInDoubt).toBe(true);
    machine.leap(-2 * DRIFT_MS + 1);
    expect(machine.isInDoubt).toBe(true);
    machine.leap(-1);
    expect(machine.isInDoubt).toBe(false);
  });

  test('does not get used to the parting, however often it is looked at', () => {
    const machine = new Machine();
    machine.leap(DRIFT_MS + 1);
    for (let look = 0; look < 5000; look++) expect(machine.isInDoubt).toBe(true);
  });
});

describe('peers', () => {
  test.each([1, -1])('that differ by one drift agree, and by a millisecond more disagree (%i)', (sign) => {
    const agreed = new Machine();
    agreed.hear(sign * DRIFT_MS, 'b');
    expect(agreed.isInDoubt).toBe(false);
    const outvoted = new Machine();
    outvoted.hear(sign * (DRIFT_MS + 1), 'b');
    expect(outvoted.isInDoubt).toBe(true);
  });

  test('put a clock in doubt when most of them disagree, not when half of them do', () => {
    const machine = new Machine();
    machine.hear(0, 'b', 'c');
    machine.hear(DRIFT_MS + 1, 'd', 'e');
    expect(machine.isInDoubt).toBe(false);
    machine.hear(DRIFT_MS + 1, 'f');
    expect(machine.isInDoubt).toBe(true);
  });

  test('that disagree count whether they are ahead or behind', () => {
    const machine = new Machine();
    machine.hear(0, 'b');
    machine.hear(DRIFT_MS + 1, 'c');
    expect(machine.isInDoubt).toBe(false);
    machine.hear(-DRIFT_MS - 1, 'd');
    expect(machine.isInDoubt).toBe(true);
  });

  test('have one voice each: the latest counts', () => {
    const machine = new Machine();
    for (let message = 0; message < 10; message++) machine.hear(DRIFT_MS + 1, 'b');
    machine.hear(0, 'b');
    expect(machine.isInDoubt).toBe(false);
    machine.hear(0, 'c');
    for (let message = 0; message < 10; message++) machine.hear(DRIFT_MS + 1, 'b');
    expect(machine.isInDoubt).toBe(false);
  });

  test('are not asked when the clock has leapt by more than a drift', () => {
    const machine = new Machine();
    machine.leap(DRIFT_MS + 1);
    machine.hear(0, 'b', 'c', 'd');
    expect(machine.isInDoubt).toBe(true);
  });

  test('that have been silent for ten minutes count, and a millisecond later no more', () => {
    for (const [silentMs, expected] of [
      [OPINION_MS, true],
      [OPINION_MS + 1, false],
    ] as const) {
      const machine = new Machine();
      machine.hear(DRIFT_MS + 1, 'b');
      machine.pass(silentMs);
      expect(machine.isInDoubt).toBe(expected);
    }
  });

  test('that outvoted a clock and then fell silent leave it trusted, if it never leapt', () => {
    const machine = new Machine();
    machine.hear(DRIFT_MS + 1, 'b');
    expect(machine.isInDoubt).toBe(true);
    machine.pass(OPINION_MS);
    expect(machine.isInDoubt).toBe(true);
    machine.pass(1);
    expect(machine.isInDoubt).toBe(false);
  });
});

describe('a clock in doubt that most peers agree with', () => {
  test('is trusted after a minute, not a millisecond before', () => {
    const machine = new Machine();
    machine.hear(DRIFT_MS + 1, 'b');
    expect(machine.isInDoubt).toBe(true);
    machine.hear(0, 'b');
    expect(machine.isInDoubt).toBe(true);
    machine.pass(MINUTE_MS - 1);
    expect(machine.isInDoubt).toBe(true);
    machine.pass(1);
    expect(machine.isInDoubt).toBe(false);
  });

  test.each([
    ['outvote it', ['b', 'c']],
    ['are divided', ['b']],
  ])('waits for a whole minute again after peers that %s', (_, dissenters) => {
    const machine = new Machine();
    machine.leap(DRIFT_MS + 1);
    expect(machine.isInDoubt).toBe(true);
    machine.hear(0, 'b', 'c');
    expect(machine.isInDoubt).toBe(true);
    machine.pass(MINUTE_MS - 1);
    machine.hear(-DRIFT_MS - 1, ...dissenters);
    expect(machine.isInDoubt).toBe(true);
    machine.pass(1);
    machine.hear(0, ...dissenters);
    expect(machine.isInDoubt).toBe(true);
    machine.pass(MINUTE_MS - 1);
    expect(machine.isInDoubt).toBe(true);
    machine.pass(1);
    expect(machine.isInDoubt).toBe(false);
  });

  test('stays in doubt while they are divided, however long', () => {
    const machine = new Machine();
    machine.hear(DRIFT_MS + 1, 'b', 'c');
    expect(machine.isInDoubt).toBe(true);
    for (let minute = 0; minute < 60; minute++) {
      machine.hear(0, 'b');
      machine.hear(DRIFT_MS + 1, 'c');
      expect(machine.isInDoubt).toBe(true);
      machine.pass(MINUTE_MS);
    }
    expect(machine.isInDoubt).toBe(true);
  });

  test('is judged by what peers say of it since it was set right, not by who is gone', () => {
    const machine = new Machine();
    machine.leap(10 * DRIFT_MS);
    machine.hear(-10 * DRIFT_MS, 'gone', 'other');
    expect(machine.isInDoubt).toBe(true);
    machine.leap(-10 * DRIFT_MS);
    machine.hear(0, 'other');
    expect(machine.doubt).toMatchObject({ agreeing: 1, disagreeing: 0 });
    machine.pass(MINUTE_MS);
    expect(machine.isInDoubt).toBe(false);
  });

  test('was set right by its leap: the next one is measured from there', () => {
    const machine = confirmedAfterLeap(10 * DRIFT_MS);
    machine.leap(DRIFT_MS);
    expect(machine.isInDoubt).toBe(false);
    const again = confirmedAfterLeap(10 * DRIFT_MS);
    again.leap(-DRIFT_MS - 1);
    expect(again.isInDoubt).toBe(true);
  });

  test('must find agreement anew when it falls into doubt anew', () => {
    const machine = confirmedAfterLeap(10 * DRIFT_MS);
    machine.leap(2 * DRIFT_MS);
    expect(machine.isInDoubt).toBe(true);
    machine.hear(0, 'b');
    expect(machine.isInDoubt).toBe(true);
    machine.pass(MINUTE_MS - 1);
    expect(machine.isInDoubt).toBe(true);
    machine.pass(1);
    expect(machine.isInDoubt).toBe(false);
  });

  function confirmedAfterLeap(ms: number): Machine {
    const machine = new Machine();
    machine.leap(ms);
    expect(machine.isInDoubt).toBe(true);
    machine.hear(0, 'b');
    expect(machine.isInDoubt).toBe(true);
    machine.pass(MINUTE_MS);
    expect(machine.isInDoubt).toBe(false);
    return machine;
  }
});

describe('what is told of a doubt', () => {
  test('is nothing while there is none', () => {
    const machine = new Machine();
    machine.hear(DRIFT_MS, 'b');
    expect(machine.doubt).toBeUndefined();
  });

  test('is how far the clock leapt, to the millisecond, whatever it drifted before', () => {
    const machine = new Machine();
    machine.leap(DRIFT_MS / 1000);
    machine.pass(MINUTE_MS);
    expect(machine.isInDoubt).toBe(false);
    machine.leap(2 * DRIFT_MS);
    expect(machine.doubt).toEqual({ leaptMs: 2 * DRIFT_MS, agreeing: 0, disagreeing: 0, offsetMs: 0 });
    machine.leap(-5 * DRIFT_MS);
    expect(machine.doubt?.leaptMs).toBe(-3 * DRIFT_MS);
  });

  test('is how many peers agree, how many do not, and the median of what the latter show', () => {
    const machine = new Machine();
    machine.hear(DRIFT_MS, 'agrees');
    for (const [at, offsetMs] of [-90_000, -3_600_000, -100_000].entries()) {
      machine.hear(offsetMs, `disagrees ${at}`);
    }
    expect(machine.doubt).toEqual({ leaptMs: 0, agreeing: 1, disagreeing: 3, offsetMs: -100_000 });
    machine.hear(0, 'b', 'c', 'd');
    expect(machine.doubt).toMatchObject({ agreeing: 4, disagreeing: 3, offsetMs: -100_000 });
  });
});

describe('slow drift', () => {
  /** The largest step between two looks that is taken for drift. */
  const STEP_MS = DRIFT_MS / 1000;

  test.each([1, -1])('is followed over any distance, and is not taken for one leap (%i)', (sign) => {
    const machine = new Machine();
    for (let look = 0; look < 10_000; look++) {
      machine.pass(1000);
      machine.leap(sign * STEP_MS);
      expect(machine.isInDoubt).toBe(false);
    }
    // It was followed all the way: a leap is measured from where it is.
    machine.leap(-sign * DRIFT_MS);
    expect(machine.isInDoubt).toBe(false);
    machine.leap(-sign * (STEP_MS + 1));
    expect(machine.isInDoubt).toBe(true);
  });

  test('of any steps that are small enough never puts the clock in doubt', () => {
    const steps = fc.array(fc.integer({ min: -STEP_MS, max: STEP_MS }), { maxLength: 3000, size: 'max' });
    fc.assert(
      fc.property(steps, (some) => {
        const machine = new Machine();
        for (const step of some) {
          machine.pass(1000);
          machine.leap(step);
          expect(machine.isInDoubt).toBe(false);
        }
      }),
      { numRuns: 20 },
    );
  });

  test('twice as fast as is followed is noticed when what was not followed exceeds one drift', () => {
    const machine = new Machine();
    for (let look = 1; look < 1000; look++) {
      machine.leap(2 * STEP_MS);
      expect(machine.isInDoubt, `look ${look}`).toBe(false);
    }
    machine.leap(2 * STEP_MS);
    expect(machine.isInDoubt).toBe(true);
  });
});

test('what peers said before a leap does not end the doubt that it raised', () => {
  const doubt = new ClockDoubt(60_000, 0, 0);
  doubt.hear('b', 0, 0, 0);
  expect(doubt.check(3_600_001, 1)).toBe(true);
  expect(doubt.check(3_660_002, 60_002)).toBe(true);
  // Nor after a minute in which it seems to agree.
  expect(doubt.check(3_720_002, 120_002)).toBe(true);
});

test('agreement must last a whole minute: one that went silent meanwhile begins anew', () => {
  const doubt = new ClockDoubt(60_000, 0, 0);
  expect(doubt.check(3_600_000, 0)).toBe(true);
  doubt.hear('b', 0, 3_600_000, 0);
  expect(doubt.check(4_200_000, 600_000)).toBe(true);
  expect(doubt.check(4_200_001, 600_001)).toBe(true);
  doubt.hear('b', 0, 4_260_000, 660_000);
  expect(doubt.check(4_260_000, 660_000)).toBe(true);
});
