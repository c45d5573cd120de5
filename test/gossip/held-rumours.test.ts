import { expect, test } from 'vitest';
import { type Actor, makeActor, type NodeId } from '../../src/core/actor.ts';
import type { Version } from '../../src/core/version.ts';
import { HeldRumours } from '../../src/gossip/held-rumours.ts';
import type { Rumour } from '../../src/ports/replica.ts';
import { utf8 } from '../support/replica-fixture.ts';

const [ONE, OTHER] = ['one', 'other'].map((name) => makeActor(name as NodeId, 0 as Version, 1)) as [
  Actor,
  Actor,
];
const [A, B] = ['a', 'b'] as [NodeId, NodeId];

function rumour(actor: Actor, version: number): Rumour {
  const at = version as Version;
  const written = { actor, version: at, first: at, last: at };
  const entry = { ...written, key: utf8('k'), value: utf8('v'), tombstone: false, expiresAt: undefined };
  return { entries: [entry], prev: (version - 1) as Version, predecessor: undefined };
}

test('what is held of an actor is taken in the order in which it was written, and once', () => {
  const held = new HeldRumours();
  for (const version of [5, 3, 4]) held.add({ rumour: rumour(ONE, version), from: A });
  held.add({ rumour: rumour(OTHER, 1), from: B });
  expect(held.take(ONE).map(({ rumour: { entries } }) => entries[0]?.version)).toEqual([3, 4, 5]);
  expect(held.take(ONE)).toEqual([]);
  expect(held.size).toBe(1);
});

test('of what is held no more each teller is named once', () => {
  const held = new HeldRumours();
  for (const from of [A, B, A]) held.add({ rumour: rumour(ONE, 1), from });
  expect([...held.clear()]).toEqual([A, B]);
  expect(held.size).toBe(0);
  expect(held.take(ONE)).toEqual([]);
});

test('256 are held in all, and more again once some were taken', () => {
  const held = new HeldRumours();
  const add = (actor: Actor, version: number): boolean =>
    held.add({ rumour: rumour(actor, version), from: A });
  for (let version = 1; version <= 255; version++) expect(add(ONE, version)).toBe(true);
  expect(add(OTHER, 1)).toBe(true);
  expect(add(OTHER, 2)).toBe(false);
  held.take(ONE);
  for (let version = 1; version <= 255; version++) expect(add(ONE, version)).toBe(true);
  expect(add(OTHER, 2)).toBe(false);
});
