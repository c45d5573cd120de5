import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { silentLog } from '../../src/adapters/silent-log.ts';
import { settle, SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { makeActor, type NodeId } from '../../src/core/actor.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import type { Version } from '../../src/core/version.ts';
import { FEEDBACK } from '../../src/gossip/feedback.ts';
import type { Link } from '../../src/gossip/link.ts';
import type { Reply } from '../../src/gossip/messages.ts';
import type { Rumours } from '../../src/gossip/mongering-messages.ts';
import { type Mention, packNews } from '../../src/gossip/rumour-codec.ts';
import { RumourMongering, type RumourOptions } from '../../src/gossip/rumour-mongering.ts';
import type { Rumour } from '../../src/ports/replica.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { contents, openTestReplica, put, utf8 } from '../support/replica-fixture.ts';

const INTERVAL_MS = 20;
const WRITER = makeActor('writer' as NodeId, 0 as Version, 1);
const [A, B] = ['a', 'b'] as [NodeId, NodeId];

let clock: SimulatedClock;
let replica: StoredReplica;
/** Peers that were pulled from. */
let pulled: NodeId[];
/** What peers said that they hold. */
let held: string[];
let malformed: string[];
/** What was told to peers, and what they answer. */
let told: Rumours[];
let answer: () => Reply;
let mayTake: boolean;
/** Peers that are gone. */
let gone: Set<NodeId>;
let rumours: RumourMongering;

beforeEach(async () => {
  clock = new SimulatedClock();
  replica = await openTestReplica({ nodeId: 'n', clock });
  pulled = [];
  held = [];
  malformed = [];
  told = [];
  answer = () => feedback(FEEDBACK.news);
  mayTake = true;
  gone = new Set();
  rumours = begin({ intervalMs: INTERVAL_MS, fanout: 1, unneededMax: 4 });
  rumours.start();
});

afterEach(async () => {
  rumours.stop();
  await replica.close();
});

function begin(options: RumourOptions | undefined): RumourMongering {
  const links = [A].map(linkTo);
  return new RumourMongering(
    {
      replica,
      links: () => links,
      linkTo: (peer) => (gone.has(peer) ? undefined : linkTo(peer)),
      clock,
      random: createSeededRandom(1),
      log: silentLog,
      limits: DEFAULT_LIMITS,
      mayTake: () => mayTake,
      pull: ({ nodeId }) => void pulled.push(nodeId),
      onHeld: (peer, { version }) => void held.push(`${peer} ${version}`),
    },
    options,
  );
}

function feedback(...answers: number[]): Reply {
  return { type: 'rumours-reply', request: 1, feedback: Uint8Array.from(answers) };
}

function linkTo(nodeId: NodeId): Link {
  const channel = {
    request: (request: Rumours) => {
      told.push(request);
      return Promise.resolve().then(answer);
    },
    closeMalformed: (reason: string) => void malformed.push(reason),
  };
  return { nodeId, channel } as unknown as Link;
}

function rumour(version: number, prev: number = version - 1): Rumour {
  const at = version as Version;
  const dot = { actor: WRITER, version: at, first: at, last: at };
  const written = { key: utf8(`${version}`), value: utf8('1'), tombstone: false, expiresAt: undefined };
  return { entries: [{ ...dot, ...written }], prev: prev as Version, predecessor: undefined };
}

/** What is answered to a peer that tells these. */
async function hear(from: NodeId, news: readonly Rumour[], mentions: readonly Mention[] = []) {
  const packed = packNews({ rumours: news, mentions });
  const message = { type: 'rumours', request: 1, ...packed, wallMs: clock.wallMs() } as const;
  return [...(await rumours.hear(linkTo(from), message))];
}

const mentionOf = (version: number): Mention => ({ actor: WRITER, version: version as Version });
const keys = async (): Promise<string[]> => Object.keys(await contents(replica));

describe('what a peer tells', () => {
  test('is news once, and known from then on', async () => {
    expect(await hear(A, [rumour(1), rumour(2)])).toEqual([FEEDBACK.news, FEEDBACK.news]);
    expect(await hear(B, [rumour(1)])).toEqual([FEEDBACK.known]);
    expect(await keys()).toEqual(['1', '2']);
    expect(rumours.counts.heard).toBe(2);
  });

  test('is said to be known once it is on disk', async () => {
    await hear(A, [rumour(1)]);
    let synced = (): void => {};
    replica.written = () => new Promise((resolve) => (synced = resolve));
    let answered: readonly number[] | undefined;
    const answering = hear(B, [], [mentionOf(1)]).then((feedbacks) => (answered = feedbacks));
    await settle();
    expect(answered).toBeUndefined();
    synced();
    expect(await answering).toEqual([FEEDBACK.known]);
  });

  test('is not taken while its clock is too far ahead, nor by a node that takes nothing, or stops', async () => {
    const notHeld = [FEEDBACK.notHeld, FEEDBACK.notHeld];
    mayTake = false;
    expect(await hear(A, [rumour(1)], [mentionOf(2)])).toEqual(notHeld);
    mayTake = true;
    replica.notTaking = () => 'its disk is full';
    expect(await hear(A, [rumour(1)], [mentionOf(2)])).toEqual(notHeld);
    replica.notTaking = () => undefined;
    rumours.stop();
    expect(await hear(A, [rumour(1)], [mentionOf(2)])).toEqual(notHeld);
    expect([await keys(), pulled]).toEqual([[], []]);
  });

  test('of what is large only, is pulled unless it is here', async () => {
    expect(await hear(A, [rumour(1)], [mentionOf(2)])).toEqual([FEEDBACK.news, FEEDBACK.notHeld]);
    expect(pulled).toEqual([A]);
    await hear(A, [rumour(2)]);
    expect(await hear(B, [], [mentionOf(2)])).toEqual([FEEDBACK.known]);
    expect(pulled).toEqual([A]);
  });

  test('ahead of what is missing waits for it, and comes with it', async () => {
    expect(await hear(A, [rumour(3)])).toEqual([FEEDBACK.notHeld]);
    expect(await hear(B, [rumour(2)])).toEqual([FEEDBACK.notHeld]);
    expect(await keys()).toEqual([]);
    expect(await hear(B, [rumour(1)])).toEqual([FEEDBACK.news]);
    expect(await keys()).toEqual(['1', '2', '3']);
    await clock.advance(10 * INTERVAL_MS);
    expect(pulled).toEqual([]);
  });

  test('ahead of what is missing for five intervals has its tellers pulled from, each once', async () => {
    for (const [from, version] of [
      [A, 3],
      [B, 4],
      [A, 5],
    ] as const)
      await hear(from, [rumour(version)]);
    await clock.advance(5 * INTERVAL_MS - 1);
    expect(pulled).toEqual([]);
    await clock.advance(1);
    expect(pulled).toEqual([A, B]);
    await hear(A, [rumour(3)]);
    await clock.advance(5 * INTERVAL_MS);
    expect(pulled).toEqual([A, B, A]);
  });

  test('ahead of what is missing is not pulled from a teller that is gone', async () => {
    await hear(A, [rumour(3)]);
    await hear(B, [rumour(4)]);
    gone.add(A);
    await clock.advance(5 * INTERVAL_MS);
    expect(pulled).toEqual([B]);
  });

  test('ahead of what is missing is not pulled by a node that stops', async () => {
    await hear(A, [rumour(3)]);
    rumours.stop();
    await clock.advance(10 * INTERVAL_MS);
    expect(pulled).toEqual([]);
  });

  test('beyond the 256 that wait has its teller pulled from at once', async () => {
    await hear(
      A,
      Array.from({ length: 256 }, (_, at) => rumour(at + 2)),
    );
    expect(pulled).toEqual([]);
    await hear(B, [rumour(300)]);
    expect(pulled).toEqual([B]);
  });

  test('and cannot be read, closes the connection', async () => {
    const packed = { ...packNews({ rumours: [rumour(1)], mentions: [] }), steps: Uint8Array.of(0) };
    const message = { type: 'rumours', request: 1, ...packed, wallMs: clock.wallMs() } as const;
    await expect(rumours.hear(linkTo(A), message)).rejects.toMatchObject({ code: 'invalid' });
    expect(malformed).toHaveLength(1);
    expect(await keys()).toEqual([]);
  });
});

describe('what a node tells', () => {
  const tell = async (): Promise<void> => {
    await replica.write([put('x', '1')]);
    await clock.advance(INTERVAL_MS);
    await settle();
  };

  test.each([
    ['was news', FEEDBACK.news, { told: 1, unneeded: 0 }, true],
    ['was known', FEEDBACK.known, { told: 1, unneeded: 1 }, true],
    ['is not held', FEEDBACK.notHeld, { told: 1, unneeded: 0 }, false],
  ])('and %s there, counts so, and as on disk there if it is', async (_, one, counts, isHeld) => {
    answer = () => feedback(one);
    await tell();
    expect(told).toHaveLength(1);
    expect(rumours.counts).toEqual({ ...counts, heard: 0 });
    const version = replica.rows()[0]?.received;
    expect(held).toEqual(isHeld ? [`a ${version}`] : []);
  });

  test('is not told to whoever is gone by then', async () => {
    gone.add(A);
    await tell();
    expect([told, rumours.counts.told]).toEqual([[], 0]);
  });

  test('is nothing by itself where rumours are off, and what it hears is taken all the same', async () => {
    rumours.stop();
    rumours = begin(undefined);
    rumours.start();
    expect(await hear(B, [rumour(1)])).toEqual([FEEDBACK.news]);
    await tell();
    expect(rumours.isOn).toBe(false);
    expect(told).toEqual([]);
  });

  test('leaves no timer once it is told', async () => {
    await tell();
    await clock.advance(INTERVAL_MS);
    let timers = 0;
    const after = clock.after.bind(clock);
    clock.after = (delayMs, callback) => {
      timers++;
      return after(delayMs, callback);
    };
    await clock.advance(100 * INTERVAL_MS);
    expect(timers).toBe(0);
  });

  test.each(['before', 'after'])('is not told once it stops, if it was written %s that', async (when) => {
    if (when === 'before') await replica.write([put('x', '1')]);
    rumours.stop();
    if (when === 'after') await replica.write([put('x', '1')]);
    await clock.advance(10 * INTERVAL_MS);
    expect(told).toEqual([]);
  });

  test('and is answered with what is no answer, closes the connection; with a failure, does not', async () => {
    answer = () => ({ type: 'failure', request: 1, code: 'not-serving', reason: 'the node stops' });
    await tell();
    expect(malformed).toEqual([]);
    answer = () => {
      throw new Error('The connection is gone.');
    };
    await tell();
    expect(malformed).toEqual([]);
    answer = () => feedback(FEEDBACK.news, FEEDBACK.news);
    await tell();
    expect(malformed).toHaveLength(1);
    expect(held).toEqual([]);
  });
});
