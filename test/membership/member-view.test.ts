import { expect, test } from 'vitest';
import type { NodeId } from '../../src/core/actor.ts';
import { byName, eventOf, viewOf } from '../../src/membership/member-view.ts';
import type { MemberRecord, Status } from '../../src/membership/member.ts';
import { RoundTrip } from '../../src/membership/round-trip.ts';

const FACTS = { address: 'a:1', version: '1', protocolVersion: 2, metadata: new Uint8Array(0) };
const UP: MemberRecord = { ...FACTS, nodeId: 'a' as NodeId, incarnation: 5, status: 'up' };

const recordOf = (status: Status | undefined): MemberRecord | undefined => status && { ...UP, status };

test.each([
  [undefined, ['up', 'suspect', undefined, undefined, undefined]],
  ['up', [undefined, 'suspect', 'down', 'left', 'left']],
  ['suspect', ['up', undefined, 'down', 'left', 'left']],
  ['down', ['up', 'suspect', undefined, 'left', undefined]],
  ['left', ['up', 'suspect', 'down', undefined, undefined]],
  ['forgotten', ['up', 'suspect', undefined, undefined, undefined]],
] as const)('who was %s and is up, suspect, down, left or forgotten then, is told as %j', (before, told) => {
  const statuses = ['up', 'suspect', 'down', 'left', 'forgotten'] as const;
  const events = statuses.map((status) => eventOf(recordOf(before), { ...UP, incarnation: 6, status }));
  expect(events).toEqual(told);
});

test('a member is shown with the times since it had its status, and since it was heard, if it was', () => {
  const known = { record: UP, sinceMs: 1000, knownSinceMs: 500, heardAtMs: undefined };
  const shown = { ...UP, isSelf: false, statusAgeMs: 2000 };
  expect(viewOf({ ...known, roundTrip: new RoundTrip() }, 3000)).toStrictEqual(shown);
  const roundTrip = new RoundTrip();
  roundTrip.measured(20);
  expect(viewOf({ ...known, heardAtMs: 2500, roundTrip }, 3000)).toStrictEqual({
    ...shown,
    heardAgeMs: 500,
    roundTripMs: 20,
  });
});

test('one that was forgotten is shown as one that left', () => {
  const record: MemberRecord = { ...UP, status: 'forgotten' };
  const known = { record, sinceMs: 0, knownSinceMs: 0, heardAtMs: undefined, roundTrip: new RoundTrip() };
  expect(viewOf(known, 0).status).toBe('left');
});

test('members come by name, in whatever order they were heard of', () => {
  const members = ['b', 'c', 'a'].map((nodeId) => ({ nodeId: nodeId as NodeId }));
  for (const heard of [members, members.toReversed()])
    expect(heard.toSorted(byName).map(({ nodeId }) => nodeId)).toEqual(['a', 'b', 'c']);
});
