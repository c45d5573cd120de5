import { expect, test } from 'vitest';
import type { Actor } from '../../src/core/actor.ts';
import type { Version } from '../../src/core/version.ts';
import { decodeState, encodeState, type NodeState } from '../../src/storage/meta-record.ts';

const STATE: NodeState = {
  horizon: 1 as Version,
  all: { count: 2, sum: 3n },
  permanent: { count: 1, sum: 2n },
  nextActorNo: 4,
  ownActor: 'a+00000000000001+00000001' as Actor,
  lastFloor: 5 as Version,
  bootstrapping: true,
  damaged: false,
  healing: true,
  unindexed: false,
  uncounted: false,
  drops: 0,
  droppedAt: 0 as Version,
};

test('the state of a node comes back as it was written, with its count of drops', () => {
  for (const state of [STATE, { ...STATE, drops: 7, droppedAt: 8 as Version }])
    expect(decodeState(encodeState(state))).toEqual(state);
});

test('a state of which nothing was ever dropped is written as before drops were counted', () => {
  const bytes = encodeState(STATE);
  const withDrops = encodeState({ ...STATE, drops: 1, droppedAt: 8 as Version });
  expect(withDrops.subarray(0, bytes.length)).toEqual(bytes);
  expect(withDrops.length).toBe(bytes.length + 9);
});
