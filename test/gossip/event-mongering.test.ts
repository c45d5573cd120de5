/** Events of a node whose peers do as a test wants. */

import { beforeEach, describe, expect, test } from 'vitest';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { silentLog } from '../../src/adapters/silent-log.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import type { NodeId } from '../../src/core/actor.ts';
import { BoatoError } from '../../src/core/errors.ts';
import { EVENT_PAYLOAD_BYTES_MAX } from '../../src/gossip/event-codec.ts';
import { BROUGHT_PER_SECOND, EventMongering } from '../../src/gossip/event-mongering.ts';
import { FEEDBACK } from '../../src/gossip/feedback.ts';
import type { Link } from '../../src/gossip/link.ts';
import type { Reply } from '../../src/gossip/messages.ts';
import type { NewRequest } from '../../src/gossip/pending-requests.ts';
import { nodeId } from '../support/codec-arbitraries.ts';
import { utf8 } from '../support/replica-fixture.ts';

let clock: SimulatedClock;
let timers: number;
let mongering: EventMongering;
let links: Link[];
/** Events in each message to a peer. */
let told: number[];
let closed: string[];
let answer: (count: number) => Promise<Reply>;

beforeEach(() => {
  clock = new SimulatedClock();
  timers = 0;
  const after = clock.after.bind(clock);
  clock.after = (delayMs, callback) => {
    timers++;
    return after(delayMs, callback);
  };
  [links, told, closed] = [[linkTo('b')], [], []];
  answer = (count) =>
    Promise.resolve({
      type: 'events-reply',
      request: 1,
      feedback: new Uint8Array(count).fill(FEEDBACK.news),
    });
  mongering = new EventMongering({
    nodeId: nodeId('a'),
    bootNonce: 1,
    links: () => links,
    linkTo: (peer) => links.find((link) => link.nodeId === peer),
    clock,
    random: createSeededRandom(1),
    log: silentLog,
    onEvent: () => {},
  });
});

function linkTo(name: string): Link {
  const request = (asked: NewRequest): Promise<Reply> => {
    const { length } = asked.type === 'events' ? asked.events : [];
    told.push(length);
    return answer(length);
  };
  const closeMalformed = (reason: string): void => void closed.push(reason);
  return {
    nodeId: nodeId(name),
    protocolVersion: 2,
    channel: { request, closeMalformed },
  } as unknown as Link;
}

let sequence = 0;

/** What is said to a peer that brings so many events that nobody has brought before. */
function bring(peer: string, count: number): number[] {
  const events = Array.from({ length: count }, () => {
    return { origin: 'far' as NodeId, run: 1, sequence: ++sequence, name: 'e', payload: utf8('v') };
  });
  return [...mongering.hear(linkTo(peer), { type: 'events', request: 1, events })];
}

describe('events', () => {
  test('are told 64 KiB at a time, with what each takes beside its payload', async () => {
    for (let count = 0; count < 20; count++)
      mongering.broadcast('e', new Uint8Array(EVENT_PAYLOAD_BYTES_MAX));
    await clock.advance(20);
    expect(told).toEqual([7]);
    await clock.advance(40);
    expect(told).toEqual([7, 7, 6]);
  });

  test('need no timer once everybody knows them', async () => {
    mongering.broadcast('e', utf8('v'));
    await clock.advance(1000);
    expect(told).toEqual([1]);
    expect(timers).toBeLessThan(4);
  });

  test('are neither heard nor told by a node that stops', async () => {
    mongering.broadcast('e', utf8('v'));
    mongering.stop();
    expect(bring('b', 1)).toEqual([FEEDBACK.notHeld]);
    mongering.broadcast('e', utf8('v'));
    await clock.advance(1000);
    expect(told).toEqual([]);
  });
});

describe('a peer', () => {
  test('that does not answer has not broken the protocol', async () => {
    answer = () => Promise.reject(new BoatoError('TIMEOUT', 'a test wants it'));
    mongering.broadcast('e', utf8('v'));
    await clock.advance(20);
    expect([told, closed]).toEqual([[1], []]);
  });

  test('that answers of more than it was told has', async () => {
    answer = (count) =>
      Promise.resolve({ type: 'events-reply', request: 1, feedback: new Uint8Array(count + 1) });
    mongering.broadcast('e', utf8('v'));
    await clock.advance(20);
    expect(closed).toHaveLength(1);
  });

  test('that has brought too many has to wait, whoever else brings some; of 1,024 it is counted', () => {
    expect(bring('greedy', BROUGHT_PER_SECOND + 1).at(-1)).toBe(FEEDBACK.news);
    expect(bring('greedy', 1)).toEqual([FEEDBACK.notHeld]);
    for (let peer = 0; peer < 1023; peer++) bring(`p${peer}`, 1);
    expect(bring('greedy', 1)).toEqual([FEEDBACK.notHeld]);
    bring('one-more', 1);
    expect(bring('greedy', 1)).toEqual([FEEDBACK.news]);
  });
});
