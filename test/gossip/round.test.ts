import { beforeEach, describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import type { NodeId } from '../../src/core/actor.ts';
import type { Sum } from '../../src/core/context.ts';
import { Fingerprints } from '../../src/core/fingerprint.ts';
import type { Channel } from '../../src/gossip/channel.ts';
import type { Link } from '../../src/gossip/link.ts';
import type { Reply } from '../../src/gossip/messages.ts';
import { Rounds } from '../../src/gossip/round.ts';
import type { Replica } from '../../src/ports/replica.ts';
import { hash64 } from '../support/replica-fixture.ts';

const FEW: Sum = { count: 1, sum: 1n };
const MANY: Sum = { count: 2, sum: 2n };

let own: { contextHash: bigint; fingerprint: Sum };
let there: { contextHash: bigint; fingerprint: Sum };
let rounds: Rounds;
let malformed: string[];
/** In the place of what the peer would answer. */
let answer: Reply | undefined;

beforeEach(() => {
  own = { contextHash: 7n, fingerprint: FEW };
  there = { ...own };
  malformed = [];
  answer = undefined;
  const replica = {
    contextHash: () => own.contextHash,
    fingerprint: () => own.fingerprint,
    rows: () => [],
    movedSince: () => [],
  } as unknown as Replica;
  rounds = new Rounds(replica, new SimulatedClock(), new Fingerprints(hash64));
});

function linkTo(peer: string): Link {
  const channel = {
    request: (): Promise<Reply> =>
      Promise.resolve(answer ?? { type: 'summary-reply', request: 1, wallMs: 5, ...there }),
    closeMalformed: (reason: string): void => void malformed.push(reason),
  } as unknown as Channel;
  const address = `${peer}:1`;
  return {
    nodeId: peer as NodeId,
    channel,
    direction: 'outbound',
    address,
    bootNonce: 0,
    protocolVersion: 1,
    sinceMs: 0,
  };
}

describe('a summary', () => {
  test('tells whether both have seen the same, whether they hold the same, and the clock of the other', async () => {
    expect(await rounds.summary(linkTo('a'))).toEqual({
      isSame: true,
      isWhole: true,
      isSuspect: false,
      peerWallMs: 5,
    });
    there = { contextHash: 8n, fingerprint: MANY };
    expect(await rounds.summary(linkTo('a'))).toMatchObject({
      isSame: false,
      isWhole: false,
      isSuspect: false,
    });
  });

  test('raises the suspicion of damage in the second round in a row, not in the first', async () => {
    there = { ...there, fingerprint: MANY };
    const suspicions = [await rounds.summary(linkTo('a')), await rounds.summary(linkTo('a'))];
    expect(suspicions.map(({ isSuspect }) => isSuspect)).toEqual([false, true]);
    expect(suspicions.map(({ isWhole }) => isWhole)).toEqual([false, false]);
  });

  test('raises none if the context moved between the two, or both agreed between, or it was another peer', async () => {
    there = { ...there, fingerprint: MANY };
    await rounds.summary(linkTo('a'));
    own = { ...own, contextHash: 9n };
    there = { ...there, contextHash: 9n };
    expect((await rounds.summary(linkTo('a'))).isSuspect).toBe(false);
    expect((await rounds.summary(linkTo('b'))).isSuspect).toBe(false);

    there = { ...there, fingerprint: FEW };
    await rounds.summary(linkTo('a'));
    there = { ...there, fingerprint: MANY };
    expect((await rounds.summary(linkTo('a'))).isSuspect).toBe(false);
  });

  test('counts what expires for neither side: equal sums are enough', async () => {
    own = { ...own, fingerprint: MANY };
    there = { ...there, fingerprint: { ...MANY } };
    await rounds.summary(linkTo('a'));
    expect((await rounds.summary(linkTo('a'))).isSuspect).toBe(false);
  });

  test.each(['summary', 'compare'] as const)(
    'or digest that is answered with another message closes that connection (%s)',
    async (ask) => {
      answer = {
        type: 'next-reply',
        request: 1,
        chunk: { entries: new Uint8Array(), plainBytes: 0, cursor: new Uint8Array(), last: true },
      };
      await expect(rounds[ask](linkTo('a'))).rejects.toMatchObject({ code: 'PROTOCOL' });
      expect(malformed).toHaveLength(1);
    },
  );

  test('or digest that is refused fails with the reason, and the connection stays', async () => {
    answer = { type: 'failure', request: 1, code: 'not-serving', reason: 'the node stops' };
    await expect(rounds.summary(linkTo('a'))).rejects.toThrow('Node a does not answer: the node stops.');
    await expect(rounds.compare(linkTo('a'))).rejects.toMatchObject({ code: 'PEER_REFUSED' });
    expect(malformed).toEqual([]);
  });
});
