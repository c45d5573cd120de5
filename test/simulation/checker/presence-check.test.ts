import { beforeEach, describe, expect, test } from 'vitest';
import type { Fate } from '../../../src/simulation/checker/fate.ts';
import type { KnownEntries } from '../../../src/simulation/checker/known-entries.ts';
import type { Ledger } from '../../../src/simulation/checker/ledger.ts';
import { PresenceCheck } from '../../../src/simulation/checker/presence-check.ts';
import { begin, ask, diskOf, type MadeDisk, seenOn, write } from './made.ts';

let ledger: Ledger;
let known: KnownEntries;
let fate: Fate;

beforeEach(() => {
  ({ ledger, known, fate } = begin());
});

function check(disk: MadeDisk, isTorn: boolean = false): () => void {
  const state = diskOf(disk);
  for (const entry of state.entryByKey.values()) known.found(entry, 'c', 1);
  const presence = new PresenceCheck(known, fate, new Set());
  return () => presence.check(state, fate.wallMsMax, { machine: 'c', atMs: 1 }, isTorn);
}

const ONE = { by: 'a', at: 1, value: 'one' };
const TWO = { by: 'a', at: 2, value: 'two' };

describe('what a machine has seen', () => {
  test('is there, or superseded: nothing is broken', () => {
    write(ledger, 'x', ONE);
    expect(check({ rows: { a: { received: 1 } }, entries: { x: ONE } })).not.toThrow();
    write(ledger, 'x', TWO);
    expect(check({ rows: { a: { received: 2 } }, entries: { x: TWO } })).not.toThrow();
  });

  test('and is not there breaks I1, be it in what was received or in the cloud', () => {
    write(ledger, 'x', ONE);
    expect(check({ rows: { a: { received: 1 } } })).toThrow('I1');
    expect(check({ rows: { a: { cloud: [1] } } })).toThrow('I1');
    expect(check({ rows: { a: { received: 0 } } })).not.toThrow();
  });

  test('and is smaller there than what was seen breaks I1', () => {
    write(ledger, 'x', ONE);
    write(ledger, 'x', TWO);
    expect(check({ rows: { a: { received: 2 } }, entries: { x: ONE } })).toThrow('I1');
  });

  test('at or below the horizon may be gone if something deleted it, long enough ago', () => {
    write(ledger, 'x', ONE);
    const gone = { rows: { a: { received: 1 } }, horizon: 10 };
    expect(check(gone)).toThrow('I1');
    ask(ledger, 'x', { by: 'b', at: 10 });
    expect(check(gone)).not.toThrow();
    fate.wallMsMax--;
    expect(check(gone)).toThrow('I1');
  });
});

describe('a value that was deleted', () => {
  const shown = { entries: { x: ONE }, rows: { a: { received: 1 }, b: { received: 5 } }, horizon: 5 };

  test('shows where its deletion was collected, though the deleter had seen it: P5 is broken', () => {
    write(ledger, 'x', ONE);
    const seen = seenOn(diskOf({ rows: { a: { received: 1 } } }), 'x');
    write(ledger, 'x', { by: 'b', at: 5, seen });
    expect(check(shown)).toThrow('P5');
  });

  test('shows where its deletion was collected, and the deleter had not seen it: nothing is broken', () => {
    write(ledger, 'x', ONE);
    write(ledger, 'x', { by: 'b', at: 5 });
    expect(check(shown)).not.toThrow();
  });

  test('by somebody who had given up its context may show', () => {
    write(ledger, 'x', ONE);
    const seen = { ...seenOn(diskOf({ rows: { a: { received: 1 } } }), 'x'), isHealing: true };
    write(ledger, 'x', { by: 'b', at: 5, seen });
    expect(check(shown)).not.toThrow();
  });
});

describe('of a batch', () => {
  const batch = { first: 1, last: 2 };
  const partly = { entries: { x: { ...ONE, ...batch } }, rows: { a: { received: 0 } } };

  beforeEach(() => {
    const written = [ask(ledger, 'x', ONE), ask(ledger, 'y', TWO)];
    const [one, two] = ['x', 'y'].map((key) =>
      diskOf({ entries: { [key]: key === 'x' ? ONE : TWO } }).entryByKey.get(key),
    );
    if (one !== undefined && two !== undefined) ledger.acknowledged(written, [one, two]);
  });

  test('all is there, or nothing: nothing is broken', () => {
    const y = { ...TWO, ...batch };
    expect(check({ ...partly, entries: { ...partly.entries, y } })).not.toThrow();
    expect(check({ rows: { a: { received: 0 } } })).not.toThrow();
  });

  test('a part is there, and the rest was never seen: P4 is broken, but not while the first copy is on its way', () => {
    expect(check(partly)).toThrow('P4');
    expect(check(partly, true)).not.toThrow();
  });

  test('the rest may be missing if something superseded it elsewhere', () => {
    write(ledger, 'y', { by: 'b', at: 7, value: 'three' });
    expect(check(partly)).not.toThrow();
  });
});
