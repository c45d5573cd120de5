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

test.each<[string, NewReply]>([
  ['entries', { type: 'fetch-reply', count: 1, entries: new Uint8Array(2 * RATE), plainBytes: 0 }],
  ['lists', { type: 'list-reply', dots: new Uint8Array(2 * RATE), last: true }],
])('%s of a comparison count as well', (_, reply) => {
  const pacing = new Pacing(new SimulatedClock(), RATE);
  pacing.count(PEER, reply);
  expect(pacing.turn(PEER, OPEN, () => {})).toBeDefined();
});

test('of 1,024 peers is known what they were sent: of one more, the one known for longest begins anew', () => {
  const pacing = new Pacing(new SimulatedClock(), RATE);
  const isPaced = (peer: number): boolean => pacing.turn(`p${peer}` as NodeId, OPEN, () => {}) !== undefined;
  for (let peer = 0; peer < 1024; peer++) pacing.count(`p${peer}` as NodeId, opened(2 * RATE));
  expect(isPaced(0)).toBe(true);
  pacing.count('p1024' as NodeId, opened(2 * RATE));
  expect([0, 1, 1024].map(isPaced)).toEqual([false, true, true]);
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
