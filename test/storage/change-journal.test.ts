import { describe, expect, test, vi } from 'vitest';
import type { Actor } from '../../src/core/actor.ts';
import type { Version } from '../../src/core/version.ts';
import { ChangeJournal, type Placed } from '../../src/storage/change-journal.ts';
import { utf8 } from '../support/replica-fixture.ts';

const ACTOR = 'a+00000000000001+00000001' as Actor;

function placed(version: number, key: Uint8Array = utf8('k')): Placed {
  return { key, actor: ACTOR, version: version as Version, expiresAt: undefined, from: undefined };
}

function kept(): ChangeJournal {
  const journal = new ChangeJournal();
  journal.isKept = true;
  return journal;
}

describe('the journal of changes', () => {
  test('notes nothing before somebody watches', () => {
    const journal = new ChangeJournal();
    journal.add([placed(1)]);
    expect(journal.end).toBe(0);
  });

  test('answers what was placed since a position, as long as it holds all of it', () => {
    const journal = kept();
    journal.add([placed(1), placed(2)]);
    const at = journal.end;
    journal.add([placed(3)]);
    expect(journal.since(at)).toEqual([placed(3)]);
    for (let version = 4; version < 20_000; version++) journal.add([placed(version)]);
    expect(journal.since(at)).toBeUndefined();
    const late = journal.end - 4000;
    expect(journal.since(late)?.map(({ version }) => version)[0]).toBe(late + 1);
    expect(journal.since(journal.end)).toEqual([]);
  });

  test.each([
    ['8,192 changes at most, and at least 4,096 once it had as many', 1, 8192, 4096],
    ['as many of longer keys, of which as many are less than a mebibyte', 200, 8192, 4096],
    ['two mebibytes of keys at most, and at least one once it had as many', 1024, 2048, 1024],
  ])('holds %s', (_, keyBytes, most, least) => {
    const journal = kept();
    const key = new Uint8Array(keyBytes);
    const held: number[] = [];
    for (let version = 1; version <= 5 * most; version++) {
      journal.add([placed(version, key)]);
      held.push(journal.held().length);
    }
    expect(Math.max(...held)).toBe(most);
    expect(Math.min(...held.slice(most))).toBe(least);
    expect(journal.end).toBe(5 * most);
    // What is left is the end of all.
    expect(journal.held()).toEqual(journal.since(journal.end - journal.held().length));
    expect(journal.held().at(-1)?.version).toBe(5 * most);
  });

  test('calls a listener once, at the next commit, whatever it placed', () => {
    const journal = kept();
    const [called, cancelled] = [vi.fn<() => void>(), vi.fn<() => void>()];
    journal.listen(called);
    journal.listen(cancelled)();
    journal.add([]);
    journal.add([]);
    expect([called.mock.calls.length, cancelled.mock.calls.length]).toEqual([1, 0]);
    expect(journal.wakes).toBe(2);
  });
});
