import { beforeEach, describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import type { NodeId } from '../../src/core/actor.ts';
import { SetAside } from '../../src/gossip/set-aside.ts';
import type { Replica } from '../../src/ports/replica.ts';

const TIMEOUT_MS = 30_000;
const [A, B] = ['a', 'b'] as [NodeId, NodeId];

let clock: SimulatedClock;
let stored: Set<NodeId>;
let setAside: SetAside;

beforeEach(() => {
  clock = new SimulatedClock();
  stored = new Set([A, B]);
  const replica = {
    storedSessions: () => Promise.resolve([...stored].map((peer) => ({ peer }))),
    dropSession: (peer: NodeId) => Promise.resolve(void stored.delete(peer)),
  };
  setAside = new SetAside(replica as unknown as Replica, clock, TIMEOUT_MS);
});

describe('a session that was set aside', () => {
  test('waits for twice the time for which a peer keeps one, since it last went on, and not longer', async () => {
    setAside.wentOn(A);
    await clock.advance(TIMEOUT_MS);
    setAside.wentOn(B);
    await clock.advance(TIMEOUT_MS);
    await setAside.drop(undefined);
    expect([...stored]).toEqual([A, B]);
    await clock.advance(1);
    await setAside.drop(undefined);
    expect([...stored]).toEqual([B]);
  });

  test('as an earlier run of the node left it, has that time from when it is found', async () => {
    await clock.advance(TIMEOUT_MS);
    await setAside.drop(undefined);
    await clock.advance(2 * TIMEOUT_MS);
    await setAside.drop(undefined);
    expect([...stored]).toEqual([A, B]);
    await clock.advance(1);
    await setAside.drop(undefined);
    expect([...stored]).toEqual([]);
  });

  test('is not dropped while it goes on, however long its last message is ago', async () => {
    await setAside.drop(undefined);
    await clock.advance(3 * TIMEOUT_MS);
    await setAside.drop(A);
    expect([...stored]).toEqual([A]);
  });

  test('does not make a later one with its peer older than it is', async () => {
    await setAside.drop(undefined);
    stored.delete(A);
    await clock.advance(TIMEOUT_MS);
    await setAside.drop(undefined);
    stored.add(A);
    await clock.advance(TIMEOUT_MS + 1);
    await setAside.drop(undefined);
    expect([...stored]).toEqual([A]);
  });
});
