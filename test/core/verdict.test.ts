import { describe, expect, test } from 'vitest';
import { makeActor, type NodeId } from '../../src/core/actor.ts';
import { judgeOwn } from '../../src/core/verdict.ts';
import type { Version } from '../../src/core/version.ts';

const [low, high] = ['a', 'b'].map((name) => makeActor(name as NodeId, 1 as Version, 1)) as [
  ReturnType<typeof makeActor>,
  ReturnType<typeof makeActor>,
];
const HORIZON = 50 as Version;

const own = (version: number, tombstone = false) => ({ actor: low, version: version as Version, tombstone });
const theirs = (version: number, actor = low) => ({ actor, version: version as Version });

describe('of a key on which two replicas differ, the own entry', () => {
  test('stays if it is a tombstone, whatever the server holds or has seen', () => {
    expect(judgeOwn(own(10, true), undefined, true, HORIZON)).toBe('stays');
    expect(judgeOwn(own(10, true), theirs(90), true, HORIZON)).toBe('stays');
    expect(judgeOwn(own(90, true), undefined, true, HORIZON)).toBe('stays');
  });

  test('stays if the server had not seen it, even below the horizon', () => {
    expect(judgeOwn(own(10), undefined, false, HORIZON)).toBe('stays');
    expect(judgeOwn(own(90), theirs(10), false, HORIZON)).toBe('stays');
  });

  test('stays if it is by now what the server holds, also at or below the horizon', () => {
    expect(judgeOwn(own(50), theirs(50), true, HORIZON)).toBe('stays');
    expect(judgeOwn(own(90), theirs(90), true, HORIZON)).toBe('stays');
  });

  test('goes if the server saw it and holds a larger one: the version decides, then the actor', () => {
    expect(judgeOwn(own(90), theirs(91), true, HORIZON)).toBe('goes');
    expect(judgeOwn(own(90), theirs(90, high), true, HORIZON)).toBe('goes');
  });

  test('goes if the server saw it and it lies at or below the horizon: it was deleted there', () => {
    expect(judgeOwn(own(50), undefined, true, HORIZON)).toBe('goes');
    expect(judgeOwn(own(50), theirs(10), true, HORIZON)).toBe('goes');
  });

  test('is unexplained if the server saw it, above the horizon, and holds nothing larger', () => {
    expect(judgeOwn(own(51), undefined, true, HORIZON)).toBe('unexplained');
    expect(judgeOwn(own(90), theirs(89), true, HORIZON)).toBe('unexplained');
  });
});
