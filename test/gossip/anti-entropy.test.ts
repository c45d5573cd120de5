/** What follows from a round, with peers that answer as a test wants. */

import { beforeEach, describe, expect, test } from 'vitest';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { settle, SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { BoatoError } from '../../src/core/errors.ts';
import { AntiEntropy } from '../../src/gossip/anti-entropy.ts';
import type { Link } from '../../src/gossip/link.ts';
import type { GossipMode } from '../../src/gossip/mode.ts';
import type { PeerClocks } from '../../src/gossip/peer-clocks.ts';
import { PeerRecord } from '../../src/gossip/peer-record.ts';
import type { Peers } from '../../src/gossip/peers.ts';
import type { Puller } from '../../src/gossip/puller.ts';
import type { Rounds, SummaryOutcome } from '../../src/gossip/round.ts';
import type { Summary } from '../../src/gossip/round-messages.ts';
import { Warnings } from '../../src/gossip/warnings.ts';
import type { Replica } from '../../src/ports/replica.ts';
import { nodeId } from '../support/codec-arbitraries.ts';
import { RecordingLog } from '../support/recording-log.ts';

const B = { nodeId: nodeId('b') } as Link;
const SAME: SummaryOutcome = {
  isSame: true,
  isWhole: true,
  isSuspect: false,
  isDamage: false,
  peerWallMs: 0,
};
const OTHER: SummaryOutcome = { ...SAME, isSame: false, isWhole: false };
/** They have seen the same, and do not hold the same. */
const UNLIKE: SummaryOutcome = { ...SAME, isWhole: false };
const SUMMARY = { type: 'summary', request: 1, wallMs: 0 } as unknown as Summary;

let clock: SimulatedClock;
let log: RecordingLog;
let warnings: Warnings;
let antiEntropy: AntiEntropy;
let links: Link[];
let record: PeerRecord;
/** What was done, in its order. */
let done: string[];
let answer: () => SummaryOutcome | Promise<SummaryOutcome>;
let isSetAside: boolean;
let fraction: number;
let mayTake: boolean;

beforeEach(() => {
  clock = new SimulatedClock();
  log = new RecordingLog();
  warnings = new Warnings(clock, log);
  record = new PeerRecord('b:1', 'outbound');
  [links, done, answer, mayTake] = [[B], [], () => SAME, true];
  [isSetAside, fraction] = [false, 0.5];
  antiEntropy = inMode('push-pull');
});

function inMode(mode: GossipMode): AntiEntropy {
  return new AntiEntropy({
    replica: {
      storedSession: () => Promise.resolve(isSetAside ? {} : undefined),
    } as unknown as Replica,
    peers: { links: () => links, recordsOf: () => [record] } as unknown as Peers,
    peerClocks: { hear: () => mayTake } as unknown as PeerClocks,
    rounds: {
      summary: async () => {
        done.push('ask');
        return Promise.resolve(answer());
      },
    } as unknown as Rounds,
    puller: {
      pull: async () => Promise.resolve(void done.push('pull')),
      compare: async () => Promise.resolve(void done.push('compare')),
      dropSetAside: () => Promise.resolve(),
    } as unknown as Puller,
    clock,
    random: { ...createSeededRandom(1), fraction: () => fraction },
    log,
    warnings,
    onWhole: (peer) => void done.push(`whole with ${peer}`),
    mode,
    intervalMs: 1000,
    fanout: 3,
  });
}

describe('a round', () => {
  test('in which both have seen the same is noted with its time, and that they hold the same is told', async () => {
    await clock.advance(5000);
    await antiEntropy.round(B);
    expect(done).toEqual(['ask', 'whole with b']);
    expect(record).toMatchObject({
      rounds: 1,
      inSyncAtMs: 5000,
      succeededAtMs: 5000,
      lastWord: { heardAtMs: 5000, rows: [], others: 0 },
    });
  });

  test.each<[string, SummaryOutcome, boolean, readonly string[]]>([
    ['in which they differ leads to a pull', OTHER, true, ['pull']],
    ['with a peer whose clock is wrong leads to none', OTHER, false, []],
    ['with such a peer says nothing of what both hold', SAME, false, []],
    ['in which they have seen the same, and hold something else, says nothing either', UNLIKE, true, []],
    ['in which that is so again leads to a comparison', { ...UNLIKE, isSuspect: true }, true, ['compare']],
    ['but not with a peer whose clock is wrong', { ...UNLIKE, isSuspect: true }, false, []],
  ])('%s', async (_, outcome, isRight, then) => {
    [answer, mayTake] = [() => outcome, isRight];
    await antiEntropy.round(B);
    expect(done.slice(1)).toEqual(then);
    expect(record.inSyncAtMs).toBe(outcome.isSame ? 0 : undefined);
  });

  test('brings what was set aside to its end, though nothing differs any more', async () => {
    isSetAside = true;
    await antiEntropy.round(B);
    expect(done.at(-1)).toBe('pull');
  });

  test.each([
    [0, 800],
    [0.5, 1000],
    [0.75, 1100],
  ])('comes an interval after the one before, give or take a fifth: at %s after %i ms', async (part, ms) => {
    fraction = part;
    antiEntropy.start();
    await clock.advance(ms - 1);
    expect(done).toEqual([]);
    // In floating point some of them are due a trifle later.
    await clock.advance(2);
    expect(done).toContain('ask');
    await antiEntropy.stop();
  });

  test('that finds damage warns of it until both hold the same, and not only until somebody writes', async () => {
    const told = async (outcome: SummaryOutcome): Promise<string[]> => {
      answer = () => outcome;
      await antiEntropy.round(B);
      return warnings.all().map(({ code, peer }) => `${code} ${peer}`);
    };
    expect(await told(UNLIKE)).toEqual([]);
    expect(await told({ ...UNLIKE, isDamage: true })).toEqual(['DAMAGED b']);
    expect(await told(OTHER)).toEqual(['DAMAGED b']);
    expect(await told(SAME)).toEqual([]);
  });

  test('is one at a time with a peer: who asks for another one waits for it', async () => {
    let reply: (outcome: SummaryOutcome) => void = () => {};
    answer = () =>
      new Promise<SummaryOutcome>((resolve) => {
        reply = resolve;
      });
    let isThrough = false;
    void antiEntropy.round(B);
    void antiEntropy.round(B).then(() => {
      isThrough = true;
    });
    const fresh = antiEntropy.freshRound(B);
    await settle();
    expect([done, isThrough]).toEqual([['ask'], false]);
    reply(SAME);
    await settle();
    expect([done, isThrough]).toEqual([['ask', 'whole with b', 'ask'], true]);
    reply(SAME);
    await fresh;
  });

  test('that fails is an error of this node only if the peer is not to blame', async () => {
    answer = () => Promise.reject(new BoatoError('TIMEOUT', 'a test wants it'));
    await antiEntropy.round(B);
    expect(log.lines).toEqual([]);
    answer = () => Promise.reject(new Error('a test wants it'));
    await antiEntropy.round(B);
    expect(log.lines).toEqual([expect.stringMatching(/^error A round failed\./)]);
    expect(record.rounds).toBe(0);
  });
});

describe('a node', () => {
  test('pulls when a peer that differs opened a round, and notes when it does not differ', () => {
    antiEntropy.answerRound(B, SUMMARY, false);
    expect([done, record.inSyncAtMs]).toEqual([['pull'], undefined]);
    antiEntropy.answerRound(B, SUMMARY, true);
    expect([done, record.inSyncAtMs]).toEqual([['pull'], 0]);
  });

  test('pulls in no round of a peer whose clock is wrong, or where it only pulls in its own', () => {
    mayTake = false;
    antiEntropy.answerRound(B, SUMMARY, false);
    mayTake = true;
    inMode('pull').answerRound(B, SUMMARY, false);
    expect(done).toEqual([]);
    inMode('push').answerRound(B, SUMMARY, false);
    expect(done).toEqual(['pull']);
  });

  test('compares with one peer where it is told to look, if there is any', async () => {
    links = [B, { nodeId: nodeId('c') } as Link];
    await antiEntropy.audit();
    expect(done).toEqual(['compare']);
    links = [];
    await antiEntropy.audit();
    expect(done).toEqual(['compare']);
  });

  test('that stops begins nothing more', async () => {
    antiEntropy.start();
    await antiEntropy.stop();
    await antiEntropy.round(B);
    await antiEntropy.freshRound(B);
    await antiEntropy.audit();
    antiEntropy.answerRound(B, SUMMARY, false);
    await clock.advance(10_000);
    expect(done).toEqual([]);
  });

  test('that stops waits for the rounds that run', async () => {
    let reply: (outcome: SummaryOutcome) => void = () => {};
    answer = () =>
      new Promise<SummaryOutcome>((resolve) => {
        reply = resolve;
      });
    void antiEntropy.round(B);
    let isStopped = false;
    const stopped = antiEntropy.stop().then(() => {
      isStopped = true;
    });
    await settle();
    expect(isStopped).toBe(false);
    reply(SAME);
    await stopped;
  });
});
