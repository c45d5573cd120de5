import { describe, expect, test } from 'vitest';
import { makeActor, type NodeId } from '../../src/core/actor.ts';
import type { Version } from '../../src/core/version.ts';
import { HeldWrites, PEERS_MAX } from '../../src/gossip/held-writes.ts';
import type { Mention } from '../../src/gossip/rumour-codec.ts';

const ACTOR = makeActor('writer' as NodeId, 100 as Version, 1);
const OTHER = makeActor('writer' as NodeId, 200 as Version, 2);
const [A, B] = ['a', 'b'] as [NodeId, NodeId];
const nothing = (): void => undefined;

function upTo(version: number, actor: Mention['actor'] = ACTOR): Mention {
  return { actor, version: version as Version };
}

describe('a write that waits', () => {
  test('is held by whoever holds it, or a later one of the same actor, each once', () => {
    const held = new HeldWrites();
    const wait = held.wait(upTo(105), 3, nothing);
    held.heard(A, upTo(104));
    held.heard(A, upTo(900, OTHER));
    expect(wait.heldBy).toBe(0);
    for (const version of [105, 105, 110, 105, 120]) held.heard(A, upTo(version));
    expect(wait.heldBy).toBe(1);
    held.heard(B, upTo(120));
    expect(wait.heldBy).toBe(2);
  });

  test('is over once, as soon as enough hold it', () => {
    const held = new HeldWrites();
    const over: string[] = [];
    const first = held.wait(upTo(105), 1, () => void over.push('first'));
    held.wait(upTo(110), 1, () => void over.push('second'));
    held.heard(A, upTo(105));
    held.heard(B, upTo(105));
    expect(over).toStrictEqual(['first']);
    held.end(first);
    held.heard(B, upTo(110));
    held.heard(A, upTo(110));
    expect(over).toStrictEqual(['first', 'second']);
  });

  test('knows what was said while an earlier one waited, and nothing when nothing had waited', () => {
    const held = new HeldWrites();
    held.heard(A, upTo(110));
    const first = held.wait(upTo(105), 2, nothing);
    expect(first.heldBy).toBe(0);
    held.heard(A, upTo(110));
    expect(held.wait(upTo(108), 2, nothing).heldBy).toBe(1);
    expect(held.wait(upTo(110), 2, nothing).heldBy).toBe(1);
    expect(held.wait(upTo(111), 2, nothing).heldBy).toBe(0);
  });

  test('is held still, though the peer says later that it holds an earlier one', () => {
    const held = new HeldWrites();
    held.wait(upTo(105), 2, nothing);
    for (const version of [110, 105]) held.heard(A, upTo(version));
    expect(held.wait(upTo(108), 2, nothing).heldBy).toBe(1);
    expect(held.lackedBy(A)).toStrictEqual([]);
  });

  test('is lacked, up to the newest one, by those who did not say that they hold it', () => {
    const held = new HeldWrites();
    const waits = [upTo(110), upTo(105), upTo(210, OTHER)].map((write) => held.wait(write, 2, nothing));
    held.heard(A, upTo(107));
    expect(held.lackedBy(A)).toStrictEqual([upTo(110), upTo(210, OTHER)]);
    held.heard(A, upTo(110));
    expect(held.lackedBy(A)).toStrictEqual([upTo(210, OTHER)]);
    for (const wait of waits) held.end(wait);
    expect(held.lackedBy(B)).toStrictEqual([]);
    expect(held.isAwaited).toBe(false);
  });

  test('counts no more peers than there may be, however many there are', () => {
    const held = new HeldWrites();
    const wait = held.wait(upTo(105), 10_000, nothing);
    for (let peer = 0; peer < PEERS_MAX + 10; peer++) held.heard(`peer-${peer}` as NodeId, upTo(105));
    expect(wait.heldBy).toBe(PEERS_MAX);
    // Those that are counted go on to be.
    const later = held.wait(upTo(110), 10_000, nothing);
    held.heard('peer-0' as NodeId, upTo(110));
    expect(later.heldBy).toBe(1);
  });
});
