import { beforeEach, describe, expect, test } from 'vitest';
import { KnownEntries } from '../../../src/simulation/checker/known-entries.ts';
import { Ledger } from '../../../src/simulation/checker/ledger.ts';
import { ask, entryOf, type MadeEntry, write } from './made.ts';

let ledger: Ledger;
let known: KnownEntries;

beforeEach(() => {
  ledger = new Ledger();
  known = new KnownEntries(ledger);
  ledger.onAcknowledged = (written) => known.acknowledged(written, 1);
});

function found(key: string, made: MadeEntry): () => void {
  return () => known.found(entryOf(key, made), 'a', 1);
}

describe('an entry on a disk', () => {
  test('that was asked for breaks nothing, acknowledged or not', () => {
    write(ledger, 'x', { by: 'a', at: 1, value: 'one' });
    ask(ledger, 'x', { by: 'a', at: 2, value: 'two' });
    expect(found('x', { by: 'a', at: 1, value: 'one' })).not.toThrow();
    expect(found('x', { by: 'a', at: 2, value: 'two' })).not.toThrow();
  });

  test('that nobody asked for breaks P4', () => {
    expect(found('x', { by: 'a', at: 1, value: 'one' })).toThrow('P4');
  });

  test('under another key than it was asked for breaks P4', () => {
    ask(ledger, 'y', { by: 'a', at: 1, value: 'one' });
    expect(found('x', { by: 'a', at: 1, value: 'one' })).toThrow('P4');
  });

  test('of a write that was refused breaks P4', () => {
    ledger.notAcknowledged([ask(ledger, 'x', { by: 'a', at: 1, value: 'one' })], 'refused');
    expect(found('x', { by: 'a', at: 1, value: 'one' })).toThrow('P4');
  });

  test('that expires at another time than was asked for breaks P4', () => {
    ask(ledger, 'x', { by: 'a', at: 1, value: 'one', expiresAt: 5 });
    expect(found('x', { by: 'a', at: 1, value: 'one', expiresAt: 6 })).toThrow('P4');
  });

  test('that deletes, though its author was asked for no deletion, or for fewer, breaks P4', () => {
    ask(ledger, 'x', { by: 'b', at: 1 });
    expect(found('x', { by: 'a', at: 1 })).toThrow('P4');
    expect(found('x', { by: 'b', at: 1 })).not.toThrow();
    expect(found('x', { by: 'b', at: 2 })).toThrow('P4');
  });

  test('that is alike to more than its author was asked for breaks P4', () => {
    write(ledger, 'x', { by: 'a', at: 1, value: 'true' });
    ask(ledger, 'x', { by: 'a', at: 2, value: 'true' });
    ask(ledger, 'x', { by: 'b', at: 3, value: 'true' });
    for (const by of ['a', 'b']) expect(found('x', { by, at: 3, value: 'true' })).not.toThrow();
    expect(found('x', { by: 'a', at: 1, value: 'true' })).not.toThrow();
    expect(found('x', { by: 'a', at: 4, value: 'true' })).toThrow('P4');
    expect(found('x', { by: 'c', at: 4, value: 'true' })).toThrow('P4');
  });

  test('with the dot of another one breaks I2', () => {
    write(ledger, 'x', { by: 'a', at: 1, value: 'one' });
    ask(ledger, 'x', { by: 'a', at: 1, value: 'two' });
    expect(found('x', { by: 'a', at: 1, value: 'two' })).toThrow('I2');
  });

  test('with another dot than the one that was answered breaks I2, but not after a repair of a clock', () => {
    write(ledger, 'x', { by: 'a', at: 1, value: 'one' });
    known.areRewritten = true;
    expect(found('x', { by: 'a', at: 2, value: 'one' })).not.toThrow();
    known.areRewritten = false;
    expect(found('x', { by: 'a', at: 3, value: 'one' })).toThrow('I2');
  });
});

test('a dot that is answered to two writes breaks I2', () => {
  write(ledger, 'x', { by: 'a', at: 1, value: 'one' });
  expect(() => write(ledger, 'y', { by: 'a', at: 1, value: 'two' })).toThrow('I2');
});
