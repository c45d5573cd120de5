import { beforeEach, describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { makeActor, type NodeId } from '../../src/core/actor.ts';
import { type Row, type Sum, unknownRow } from '../../src/core/context.ts';
import { Fingerprints } from '../../src/core/fingerprint.ts';
import type { Version } from '../../src/core/version.ts';
import type { Channel } from '../../src/gossip/channel.ts';
import type { Link } from '../../src/gossip/link.ts';
import type { Reply } from '../../src/gossip/messages.ts';
import type { NewRequest } from '../../src/gossip/pending-requests.ts';
import { Rounds } from '../../src/gossip/round.ts';
import type { Replica } from '../../src/ports/replica.ts';
import { hash64 } from '../support/replica-fixture.ts';

const FEW: Sum = { count: 1, sum: 1n };
const MANY: Sum = { count: 2, sum: 2n };

/** Implies a row of an actor that is not known here. */
const SUCCESSOR: Row = {
  ...unknownRow(makeActor('p' as NodeId, 20 as Version, 1)),
  received: 30 as Version,
  closed: 30 as Version,
  predecessor: { actor: makeActor('p' as NodeId, 10 as Version, 1), closed: 15 as Version },
};

let own: { contextHash: bigint; fingerprint: Sum };
let there: { contextHash: bigint; fingerprint: Sum };
let rounds: Rounds;
let malformed: string[];
/** Types of the requests so far. */
let asked: string[];
/** In the place of what the peer would answer. */
let answer: Reply | undefined;

beforeEach(() => {
  own = { contextHash: 7n, fingerprint: FEW };
  there = { ...own };
  malformed = [];
  asked = [];
  answer = undefined;
  const replica = {
    contextHash: () => own.contextHash,
    fingerprint: () => own.fingerprint,
    rows: () => [],
    row: () => undefined,
    heads: () => [],
    movedSince: () => [],
  } as unknown as Replica;
  rounds = new Rounds(replica, new SimulatedClock(), new Fingerprints(hash64));
});

/** As of a peer that has seen something, and holds nothing of which it can tell. */
function replyTo(type: NewRequest['type']): Reply {
  const request = 1;
  if (type === 'recent') return { type: 'recent-reply', request, rows: [], restHash: there.contextHash };
  if (type === 'heads') return { type: 'heads-reply', request, rows: [], contextHash: there.contextHash };
  if (type === 'digest') return { type: 'digest-reply', request, rows: [], lacking: [] };
  return { type: 'summary-reply', request, wallMs: 5, ...there };
}

function linkTo(peer: string, protocolVersion: number = 1): Link {
  const channel = {
    request: ({ type }: NewRequest): Promise<Reply> => {
      asked.push(type);
      return Promise.resolve(answer ?? replyTo(type));
    },
    closeMalformed: (reason: string): void => void malformed.push(reason),
  } as unknown as Channel;
  const address = `${peer}:1`;
  return {
    nodeId: peer as NodeId,
    channel,
    direction: 'outbound',
    address,
    bootNonce: 0,
    protocolVersion,
    sinceMs: 0,
  };
}

describe('a summary', () => {
  test('tells whether both have seen the same, whether they hold the same, and the clock of the other', async () => {
    expect(await rounds.summary(linkTo('a'))).toEqual({
      isSame: true,
      isWhole: true,
      isSuspect: false,
      isDamage: false,
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

  test('tells of damage in the fifth round in a row, when both sides had the time to compare', async () => {
    there = { ...there, fingerprint: MANY };
    for (let round = 1; round < 5; round++)
      expect(await rounds.summary(linkTo('a')), `round ${round}`).toMatchObject({ isDamage: false });
    expect(await rounds.summary(linkTo('a'))).toMatchObject({ isSuspect: true, isDamage: true });
    own = { ...own, contextHash: 9n };
    there = { ...there, contextHash: 9n };
    expect(await rounds.summary(linkTo('a'))).toMatchObject({ isSuspect: false, isDamage: false });
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

describe('a comparison of rows', () => {
  test('tells heads before digests, which follow if they do not add up', async () => {
    there = { ...there, contextHash: 8n };
    await rounds.compare(linkTo('a', 2));
    expect(asked).toEqual(['recent', 'heads', 'digest']);
  });

  test('ends with the heads if they add up', async () => {
    const recent = { ...there, contextHash: 8n };
    const link = linkTo('a', 2);
    const { channel } = link;
    const request = (message: NewRequest): Promise<Reply> => {
      there = { ...there, contextHash: message.type === 'recent' ? recent.contextHash : own.contextHash };
      return channel.request(message);
    };
    await rounds.compare({ ...link, channel: { request } as unknown as Channel });
    expect(asked).toEqual(['recent', 'heads']);
  });

  test('tells no heads to a peer that speaks version 1', async () => {
    there = { ...there, contextHash: 8n };
    await rounds.compare(linkTo('a', 1));
    expect(asked).toEqual(['recent', 'digest']);
  });

  test.each([
    ['heads', 'heads'],
    ['chains', 'chains'],
    ['a digest', 'digest'],
  ])('closes a connection on which %s is answered otherwise', async (what, type) => {
    const link = linkTo('a', 2);
    const { channel } = link;
    const closeMalformed = (reason: string): void => void malformed.push(reason);
    const request = (message: NewRequest): Promise<Reply> => {
      if (message.type === type) return Promise.resolve({ type: 'compared', request: 1 });
      if (message.type === 'chains') return Promise.resolve({ type: 'chains-reply', request: 1, rows: [] });
      if (message.type !== 'heads') return channel.request(message);
      return Promise.resolve({ type: 'heads-reply', request: 1, rows: [SUCCESSOR], contextHash: 8n });
    };
    there = { ...there, contextHash: 8n };
    await expect(
      rounds.compare({ ...link, channel: { request, closeMalformed } as unknown as Channel }),
    ).rejects.toMatchObject({ code: 'PROTOCOL' });
    expect(malformed).toEqual([`not the reply to ${what}`]);
  });
});
