import { beforeEach, describe, expect, test } from 'vitest';
import type { Fate } from '../../../src/simulation/checker/fate.ts';
import type { KnownEntries } from '../../../src/simulation/checker/known-entries.ts';
import type { Ledger } from '../../../src/simulation/checker/ledger.ts';
import { checkEqual, checkKept, type Outcome } from '../../../src/simulation/checker/outcome.ts';
import { noteLost } from '../../../src/simulation/checker/seen-elsewhere.ts';
import { begin, ask, diskOf, type MadeEntry, seenOn, write } from './made.ts';

let ledger: Ledger;
let known: KnownEntries;
let fate: Fate;

beforeEach(() => {
  ({ ledger, known, fate } = begin());
});

type Held = Readonly<Record<string, MadeEntry>>;

function ending(...disks: readonly Held[]): Outcome {
  const states = disks.map((entries, index) => [`n${index}`, diskOf({ entries })] as const);
  for (const [machine, { entryByKey }] of states)
    for (const entry of entryByKey.values()) known.found(entry, machine, 1);
  return { stateByMachine: new Map(states), known, fate, atMs: 1 };
}

const kept = (held: Held) => () => checkKept(ending(held));

const ONE = { by: 'a', at: 1, value: 'one' };
const TWO = { by: 'b', at: 2, value: 'two' };

describe('at the end', () => {
  test('the largest acknowledged write is there, or something larger that was asked for: nothing is broken', () => {
    write(ledger, 'x', ONE);
    expect(kept({ x: ONE })).not.toThrow();
    ask(ledger, 'x', TWO);
    expect(kept({ x: TWO })).not.toThrow();
  });

  test('an acknowledged write is gone: P4 is broken', () => {
    write(ledger, 'x', ONE);
    expect(kept({})).toThrow('P4');
  });

  test('an acknowledged write is gone, and something that deleted it was asked for: nothing is broken', () => {
    write(ledger, 'x', ONE);
    ask(ledger, 'x', { by: 'b', at: 10 });
    expect(kept({})).not.toThrow();
  });

  test('a deletion is too young to have been collected, or smaller: P4 is broken', () => {
    write(ledger, 'x', { by: 'a', at: 0 });
    write(ledger, 'x', ONE);
    expect(kept({})).toThrow('P4');
    ask(ledger, 'x', { by: 'b', at: 11 });
    expect(kept({})).toThrow('P4');
  });

  test('a smaller write is there: P4 is broken', () => {
    write(ledger, 'x', ONE);
    write(ledger, 'x', TWO);
    expect(kept({ x: ONE })).toThrow('P4');
  });

  test('what is gone with the only disk that had seen it is not missed', () => {
    write(ledger, 'x', ONE);
    for (const entry of known.all()) entry.isLost = true;
    expect(kept({})).not.toThrow();
  });

  test('a value is back that its deleter had seen: P5 is broken', () => {
    write(ledger, 'x', ONE);
    write(ledger, 'x', { by: 'b', at: 5, seen: seenOn(diskOf({ entries: { x: ONE } }), 'x') });
    expect(kept({ x: ONE })).toThrow('P5');
  });

  test('a value is back, and only a disk that is gone knew that its deleter had seen it: nothing is broken', () => {
    write(ledger, 'x', ONE);
    write(ledger, 'x', { by: 'b', at: 5, seen: seenOn(diskOf({ entries: { x: ONE } }), 'x') });
    const closed = diskOf({ rows: { b: { received: 5 } } });
    const received = diskOf({ rows: { b: { received: 5, closed: 0 } } });
    noteLost(known, closed, undefined, [received, closed]);
    expect(kept({ x: ONE })).toThrow('P5');
    noteLost(known, closed, undefined, [received]);
    expect(kept({ x: ONE })).not.toThrow();
  });

  test('a value is there that its deleter had not seen: nothing is broken', () => {
    write(ledger, 'x', ONE);
    write(ledger, 'x', { by: 'b', at: 5 });
    expect(kept({ x: ONE })).not.toThrow();
  });

  test('nodes differ in an entry, its value, or its dot: P3 is broken', () => {
    write(ledger, 'x', ONE);
    ask(ledger, 'x', TWO);
    expect(() => checkEqual(ending({ x: ONE }, { x: ONE }))).not.toThrow();
    expect(() => checkEqual(ending({ x: ONE }, {}))).toThrow('P3');
    expect(() => checkEqual(ending({ x: ONE }, { x: TWO }))).toThrow('P3');
  });

  test('nodes differ in a tombstone that one may have collected: nothing is broken, else P3 is', () => {
    write(ledger, 'x', { by: 'a', at: 10 });
    expect(() => checkEqual(ending({ x: { by: 'a', at: 10 } }, {}))).not.toThrow();
    fate.wallMsMax--;
    expect(() => checkEqual(ending({ x: { by: 'a', at: 10 } }, {}))).toThrow('P3');
  });
});
