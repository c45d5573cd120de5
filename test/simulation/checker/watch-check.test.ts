import { beforeEach, expect, test } from 'vitest';
import type { Fate } from '../../../src/simulation/checker/fate.ts';
import type { KnownEntries } from '../../../src/simulation/checker/known-entries.ts';
import type { Ledger } from '../../../src/simulation/checker/ledger.ts';
import { holdsWhatIsShown } from '../../../src/simulation/checker/watch-check.ts';
import { EPOCH_MS } from '../../../src/simulation/machine-clock.ts';
import { begin, diskOf, entryOf, type MadeEntry, seenOn, TTL_MS, write } from './made.ts';

let ledger: Ledger;
let known: KnownEntries;
let fate: Fate;

beforeEach(() => {
  ({ ledger, known, fate } = begin());
});

const ONE = { by: 'a', at: 1, value: 'one' };
const TWO = { by: 'b', at: 2, value: 'two' };

/** Of the key x. */
function holds(held: MadeEntry | undefined, shown: MadeEntry | undefined): boolean {
  const entries = (made: MadeEntry | undefined) => (made === undefined ? [] : [entryOf('x', made)]);
  const heldByKey = new Map(entries(held).map((entry) => ['x', { ...entry, text: entry.value as string }]));
  return holdsWhatIsShown({ heldByKey, live: entries(shown) }, known, fate);
}

test('who watches holds what is shown, and nothing else', () => {
  write(ledger, 'x', ONE);
  write(ledger, 'x', TWO);
  expect(holds(undefined, undefined)).toBe(true);
  expect(holds(TWO, TWO)).toBe(true);
  expect(holds(ONE, TWO)).toBe(false);
  expect(holds(TWO, undefined)).toBe(false);
  expect(holds(undefined, TWO)).toBe(false);
});

test('what is deleted by somebody who had seen it must be told', () => {
  write(ledger, 'x', ONE);
  write(ledger, 'x', { by: 'b', at: 5, seen: seenOn(diskOf({ entries: { x: ONE } }), 'x') });
  expect(holds(ONE, undefined)).toBe(false);
  expect(holds(undefined, ONE)).toBe(false);
});

test('a write that its deleter had not seen may be held, or shown, alone, once the deletion may have been collected', () => {
  write(ledger, 'x', ONE);
  write(ledger, 'x', { by: 'b', at: 5 });
  expect(holds(ONE, undefined)).toBe(true);
  expect(holds(undefined, ONE)).toBe(true);
  fate.wallMsMax = EPOCH_MS + 4 + TTL_MS;
  expect(holds(ONE, undefined)).toBe(false);
  expect(holds(undefined, ONE)).toBe(false);
});

test('what was written since must be told whatever was deleted before', () => {
  write(ledger, 'x', ONE);
  write(ledger, 'x', { by: 'b', at: 5 });
  write(ledger, 'x', { by: 'b', at: 6, value: 'six' });
  expect(holds(ONE, { by: 'b', at: 6, value: 'six' })).toBe(false);
});
