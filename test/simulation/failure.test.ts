/** Failures of one kind are told to be the same, whatever they are about; and where they happened. */

import { describe, expect, it } from 'vitest';
import { assert } from '../../src/core/assert.ts';
import { BrokenPromise } from '../../src/simulation/checker/broken-promise.ts';
import { defectIn } from '../../src/simulation/defects.ts';
import { failureOf } from '../../src/simulation/failure.ts';

function thrownBy(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was thrown.');
}

describe('a failure', () => {
  it('of a promise is of its kind', () => {
    const of = (machine: string): BrokenPromise =>
      new BrokenPromise('P4', 'a write is lost', { machine, atMs: 5 });
    expect(failureOf(of('n1'), 5).kind).toBe(failureOf(of('n2'), 5).kind);
    expect(failureOf(of('n1'), 5).what).toContain('n1');
  });

  it('of an assertion says which, and where', () => {
    const error = thrownBy(() => assert(false, 'closed is at most received'));
    const { kind, where } = failureOf(error, 5);
    expect(kind).toContain('closed is at most received');
    expect(where[0]).toMatch(/src\/core\/assert\.ts:\d+/u);
  });

  it('is of the same kind whatever numbers and names it tells', () => {
    const kindOf = (message: string): string => failureOf(new Error(message), 0).kind;
    expect(kindOf('node "n1" lost 3 of 17')).toBe(kindOf('node "n25" lost 400 of 9'));
    expect(kindOf('node "n1" lost 3 of 17')).not.toBe(kindOf('node "n1" found 3 of 17'));
  });

  it('may be anything that is thrown', () => {
    expect(failureOf('a word', 0)).toEqual({
      kind: 'thrown: a word',
      what: 'thrown: a word',
      atMs: 0,
      where: [],
    });
  });
});

describe('a defect that a node only logs', () => {
  it('is a broken invariant, or an error of JavaScript itself', () => {
    const error = String(thrownBy(() => assert(false, 'a stored actor number has a row')));
    expect(defectIn('error', 'A round failed.', { peer: 'n1', error })).toContain('A round failed.');
    const typeError = String(thrownBy(() => void (undefined as unknown as { length: number }).length));
    expect(defectIn('warn', 'Work in the background failed.', { error: typeError })).toContain('TypeError');
  });

  it('is not what a node is told of in the ordinary course of things', () => {
    expect(defectIn('warn', 'A session was given up.', { error: 'The peer n1 cannot be reached.' })).toBe(
      undefined,
    );
    expect(defectIn('debug', 'A round failed.', { error: 'TypeError: of no account' })).toBe(undefined);
  });
});
