import { expect, test } from 'vitest';
import type { NodeId } from '../../src/core/actor.ts';
import { ROWS_MAX } from '../../src/core/row-codec.ts';
import { inTheWayOf, type RoomTaker } from '../../src/gossip/session-room.ts';

function session(peer: string, rows: number = 1): RoomTaker {
  return { peer: peer as NodeId, rows };
}

function gone(added: RoomTaker, kept: readonly RoomTaker[]): readonly number[] {
  const surplus = inTheWayOf(added, kept);
  return kept.flatMap((one, at) => (surplus.has(one) ? [at] : []));
}

test('a third session of a node takes the place of its oldest one', () => {
  expect(gone(session('a'), [session('b'), session('a'), session('b')])).toEqual([]);
  expect(gone(session('a'), [session('b'), session('a'), session('a')])).toEqual([1]);
});

test('the 65th session takes the place of the oldest one', () => {
  const kept = Array.from({ length: 64 }, (_, at) => session(`n${at}`));
  expect(gone(session('a'), kept.slice(1))).toEqual([]);
  expect(gone(session('a'), kept)).toEqual([0]);
});

test('sessions make room for the rows of a new one, the oldest first, and no more than it needs', () => {
  const half = ROWS_MAX / 2;
  const kept = [session('a', 5), session('b', half), session('c', ROWS_MAX), session('d', half - 5)];
  expect(gone(session('e', 0), kept)).toEqual([]);
  expect(gone(session('e', 5), kept)).toEqual([0]);
  expect(gone(session('e', 6), kept)).toEqual([0, 1]);
  expect(gone(session('e', ROWS_MAX), kept)).toEqual([0, 1, 2]);
});

test('what a node has too much of counts no more among the rows', () => {
  const kept = [session('b', 5), session('a', ROWS_MAX), session('a', 5)];
  expect(gone(session('a', ROWS_MAX), kept)).toEqual([1]);
});
