import { expect, test } from 'vitest';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import type { NodeId } from '../../src/core/actor.ts';
import type { Version } from '../../src/core/version.ts';
import type { Request } from '../../src/gossip/messages.ts';
import { Pacing } from '../../src/gossip/pacing.ts';
import type { NewReply } from '../../src/gossip/pending-requests.ts';

const PEER = 'p' as NodeId;
const RATE = 100_000;

const OPEN: Request = {
  type: 'open',
  request: 1,
  rows: [],
  restHash: 0n,
  empty: true,
  compare: false,
  compress: false,
  wallMs: 0,
};

function opened(bytes: number): NewReply {
  const chunk = { entries: new Uint8Array(bytes), plainBytes: 0, cursor: new Uint8Array(1), last: false };
  const told = {
    order: 'key',
    rows: [],
    horizon: 0 as Version,
    bootstrapping: false,
    entries: 1,
    wallMs: 0,
  } as const;
  return { type: 'opened', session: 'ab'.repeat(16), ...told, chunk };
}

test('opening one session after the other does not get around the rate', async () => {
  const clock = new SimulatedClock();
  const pacing = new Pacing(clock, RATE);
  pacing.count(PEER, opened(4 * RATE));
  let isServed = false;
  const told: string[] = [];
  const turn = pacing.turn(PEER, OPEN, (session) => told.push(session))?.then(() => (isServed = true));
  await clock.advance(2999);
  expect(isServed).toBe(false);
  await clock.advance(1);
  await turn;
  expect(told).toEqual(['0'.repeat(32), '0'.repeat(32)]);
});

test('rounds are not made to wait, nor other peers, nor anybody without a limit', () => {
  const clock = new SimulatedClock();
  const limited = new Pacing(clock, RATE);
  limited.count(PEER, opened(100 * RATE));
  const never = (): void => expect.unreachable();
  const summary = {
    type: 'summary',
    request: 1,
    contextHash: 0n,
    fingerprint: { count: 0, sum: 0n },
    wallMs: 0,
  } as const;
  expect(limited.turn(PEER, summary, never)).toBeUndefined();
  expect(limited.turn('other' as NodeId, OPEN, never)).toBeUndefined();
  const unlimited = new Pacing(clock, undefined);
  unlimited.count(PEER, opened(100 * RATE));
  expect(unlimited.turn(PEER, OPEN, never)).toBeUndefined();
});
