import { beforeEach, describe, expect, test } from 'vitest';
import { brotli } from '../../src/adapters/brotli.ts';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { birthOf, makeActor, type NodeId } from '../../src/core/actor.ts';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import { type FullRow, unknownRow } from '../../src/core/context.ts';
import { receivedVersionMax } from '../../src/core/drift.ts';
import { BoatoError } from '../../src/core/errors.ts';
import { type Version, VERSION_ZERO } from '../../src/core/version.ts';
import type { Reply } from '../../src/gossip/messages.ts';
import type { Opened } from '../../src/gossip/session-messages.ts';
import { PullSession } from '../../src/gossip/pull-session.ts';
import type { SessionPeer } from '../../src/gossip/session-peer.ts';
import type { ArrivedChunk } from '../../src/ports/replica.ts';
import { StoredReplica } from '../../src/storage/stored-replica.ts';
import { pull, readSession } from '../support/pull.ts';
import { contents, del, openTestReplica, put } from '../support/replica-fixture.ts';
import {
  allActors,
  DirectPeer,
  makePair,
  makeServer,
  MAX_DRIFT_MS,
  type Pair,
  pullDependencies,
  SESSION_TIMEOUT_MS,
} from './session-fixture.ts';

const TTL_MS = 20_000;
/** An actor of the server's, before all others. */
const BEFORE = makeActor('s' as NodeId, VERSION_ZERO, 0);

let clock: SimulatedClock;

beforeEach(() => {
  clock = new SimulatedClock();
});

function open(nodeId: string, disk: MemoryDisk = new MemoryDisk()): Promise<StoredReplica> {
  return openTestReplica({ nodeId, clock, disk, tombstoneTtlMs: TTL_MS, maxDriftMs: MAX_DRIFT_MS });
}

/** The server wrote three keys, one by one; the puller is empty. */
async function threeKeys(): Promise<Pair> {
  const server = await open('s');
  for (const key of ['x', 'y', 'z']) await server.write([put(key, '1')]);
  return makePair(await open('p'), server, clock);
}

function whenOpened(pair: Pair, change: (reply: Opened) => Reply): void {
  pair.peer.change = (reply) => (reply.type === 'opened' ? change(reply) : reply);
}

describe('a session', () => {
  test('stores a message a step, and claims nothing before the last', async () => {
    const pair = await threeKeys();
    let sentBytes = 0;
    pair.peer.change = (reply) => {
      if ('chunk' in reply) sentBytes += reply.chunk.entries.length;
      return reply;
    };
    const session = pair.begin();
    for (const expected of [{ x: '1' }, { x: '1', y: '1' }]) {
      expect(await session.step()).toBe('more');
      expect(await contents(pair.puller)).toEqual(expected);
      expect(pair.puller.rows().map(({ actor, received }) => received - birthOf(actor))).toEqual([0]);
    }
    expect(await session.step()).toBe('adopted');
    expect(pair.puller.contextHash()).toBe(pair.server.contextHash());
    expect(session.entries).toBe(3);
    expect(session.bytes).toBe(sentBytes);
    expect(pair.peer.asked).toEqual(['open', 'next', 'next', 'done']);
    expect(await pair.puller.storedSessions()).toEqual([]);
  });

  test('asks for the next chunk while one is stored, and never beyond the last', async () => {
    const pair = await threeKeys();
    const session = pair.begin();
    expect(await session.step({ readAhead: true })).toBe('more');
    expect(pair.peer.asked).toEqual(['open', 'next']);
    expect(await session.run()).toBe('adopted');
    expect(pair.peer.asked).toEqual(['open', 'next', 'next', 'done']);
  });

  test('goes on after a restart of its puller, from the chunk after the last one stored', async () => {
    const { server, sessions } = await threeKeys();
    const disk = new MemoryDisk();
    const before = await open('p', disk);
    const first = makePair(before, server, clock);
    first.peer.server = sessions;
    const session = first.begin();
    await session.step();
    await session.step();
    await before.close();

    const second = makePair(await open('p', disk), server, clock);
    second.peer.server = sessions;
    const resumed = await second.resume();
    expect(await resumed?.run()).toBe('adopted');
    expect(second.peer.asked).toEqual(['next', 'done']);
    expect(resumed?.entries).toBe(1);
    expect(second.puller.contextHash()).toBe(server.contextHash());
  });

  test('goes on after the last chunk was stored and nothing adopted', async () => {
    const pair = await threeKeys();
    const session = pair.begin();
    const adopt = pair.puller.adopt.bind(pair.puller);
    pair.puller.adopt = () => Promise.reject(new BoatoError('STORE_FENCED', 'the disk is full'));
    await session.step();
    await session.step();
    await expect(session.step()).rejects.toMatchObject({ code: 'STORE_FENCED' });
    pair.puller.adopt = adopt;
    expect(await (await pair.resume())?.run()).toBe('adopted');
    expect(pair.puller.contextHash()).toBe(pair.server.contextHash());
  });

  test('that fails on the way leaves its record: it is set aside', async () => {
    const pair = await threeKeys();
    const session = pair.begin();
    await session.step();
    pair.peer.change = () => {
      throw new BoatoError('TIMEOUT', 'No byte came.');
    };
    await expect(session.run()).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(await pair.puller.storedSessions()).toMatchObject([{ peer: 's', entries: 1 }]);
  });

  test('is stale if an actor moved that it is not about, and nothing was stored', async () => {
    const pair = await threeKeys();
    const actors = allActors(pair.puller, pair.server);
    await pull(pair.server, await otherWriter());
    const session = PullSession.begin(pullDependencies(pair.puller, clock), pair.peer, actors, false);
    expect(await session.step()).toBe('stale');
    expect(await contents(pair.puller)).toEqual({});
    expect(pair.sessions.kept.status()).toEqual([]);
  });

  test('is void, and its record gone, once the server keeps it no more', async () => {
    const pair = await threeKeys();
    const session = pair.begin();
    await session.step();
    await clock.advance(SESSION_TIMEOUT_MS);
    expect(await session.step()).toBe('void');
    expect(await pair.resume()).toBeUndefined();
    expect(await contents(pair.puller)).toEqual({ x: '1' });
  });

  test('does not come about with a server that does not serve, which says why', async () => {
    const pair = await threeKeys();
    await pair.sessions.stop();
    const session = pair.begin();
    expect(await session.step()).toBe('not-serving');
    expect(session.reason).toBe('the node stops');
  });
});

test('a puller that deleted and forgot everything is sent nothing that it has seen', async () => {
  const { puller, server } = await threeKeys();
  await pull(puller, server);
  for (const key of ['x', 'y', 'z']) await puller.write([del(key)]);
  await clock.advance(TTL_MS);
  expect((await puller.collect()).collected).toBe(3);
  expect(puller.state.all.count).toBe(0);
  // After the long silence as another actor: only that one, and the puller's, differ.
  await server.write([put('new', '1')]);
  const pair = makePair(puller, server, clock);
  const actors = allActors(puller, server).filter(
    (actor) => puller.row(actor)?.received !== server.row(actor)?.received,
  );
  expect(actors).toHaveLength(2);
  const session = PullSession.begin(pullDependencies(puller, clock), pair.peer, actors, false);
  expect(await session.run()).toBe('adopted');
  expect(pair.peer.asked).toEqual(['open', 'done']);
  expect(session.entries).toBe(1);
  expect(await contents(puller)).toEqual({ new: '1' });
});

describe('lateness', () => {
  /** `s` deleted a key that `p` still holds, and forgot it. */
  async function latePair(): Promise<Pair> {
    const pair = await threeKeys();
    await pull(pair.puller, pair.server);
    await pair.server.write([del('x')]);
    await clock.advance(TTL_MS);
    expect((await pair.server.collect()).collected).toBe(1);
    await pair.server.write([put('new', '1')]);
    return pair;
  }

  test('is settled by comparing on the same snapshot, once the last chunk is stored', async () => {
    const pair = await latePair();
    const session = pair.begin();
    expect(await session.run()).toBe('adopted');
    expect([session.isLate, session.comparesAtOnce]).toEqual([true, false]);
    expect(session.compared).toEqual({ read: 4, total: 4, settled: 1, taken: 0, dropped: 1, kept: 0 });
    expect(await contents(pair.puller)).toEqual({ y: '1', z: '1', new: '1' });
    expect(pair.puller.contextHash()).toBe(pair.server.contextHash());
    expect(pair.peer.asked).toEqual(['open', 'compare', 'list', 'done']);
    expect(pair.sessions.kept.status()).toEqual([]);
  });

  test('is not settled on a snapshot older than what another peer brought since: that was not deleted there', async () => {
    const author = await open('c');
    for (const key of ['other', 'another']) await author.write([put(key, '1')]);
    const pair = await latePair();
    await pair.server.write([put('newer', '1')]);
    expect(await pair.begin().step()).toBe('more');
    // The session is set aside, and a part of another one arrives: of an actor that neither had heard of.
    const { chunks } = await readSession(pair.puller, author, 'version', 1);
    await pair.puller.storeChunk(chunks[0] as ArrivedChunk);
    expect(await (await pair.resume())?.run()).toBe('void');
    expect(await pair.puller.storedSession(pair.server.nodeId)).toBeUndefined();
    expect(await pair.begin().run()).toBe('adopted');
    expect(await contents(pair.puller)).toEqual({ other: '1', y: '1', z: '1', new: '1', newer: '1' });
  });

  test('does not concern a puller that holds nothing', async () => {
    const { server } = await latePair();
    const pair = makePair(await open('q'), server, clock);
    expect(await pair.begin().run()).toBe('adopted');
    expect(await contents(pair.puller)).toEqual({ y: '1', z: '1', new: '1' });
  });

  test('that comes about during the session is found before adopting, and settled by comparing', async () => {
    const pair = await threeKeys();
    await clock.advance(1000);
    await pair.puller.write([del('gone')]);
    await clock.advance(TTL_MS);
    const session = pair.begin();
    expect(await session.step()).toBe('more');
    // The own horizon rises: what the server forgot up to there could have been deleted.
    expect((await pair.puller.collect()).collected).toBe(1);
    expect(await session.run()).toBe('adopted');
    expect(pair.peer.asked).toContain('compare');
    expect(await pair.puller.storedSessions()).toEqual([]);
  });
});

describe('a clock ahead', () => {
  test('of the peer by exactly one drift is fine, by a millisecond more nothing is taken', async () => {
    const pair = await threeKeys();
    const aheadOf = (ms: number) => (reply: Opened) => ({ ...reply, wallMs: clock.wallMs() + ms });
    whenOpened(pair, aheadOf(MAX_DRIFT_MS + 1));
    expect(await pair.begin().run()).toBe('ahead');
    expect(await contents(pair.puller)).toEqual({});
    whenOpened(pair, aheadOf(MAX_DRIFT_MS));
    expect(await pair.begin().run()).toBe('adopted');
  });

  test('of an entry drops the session with the chunk that it lies in; what came before stays, unclaimed', async () => {
    const pair = await threeKeys();
    const session = pair.begin();
    await session.step();
    // By now the server's past lies in the future.
    clock.leap(-(2 * MAX_DRIFT_MS + 1));
    expect(await session.step()).toBe('refused');
    expect([session.reason, session.aheadMs]).toEqual(['an entry', 2 * MAX_DRIFT_MS + 1]);
    expect(await contents(pair.puller)).toEqual({ x: '1' });
    expect(await pair.puller.storedSessions()).toEqual([]);
    expect(pair.sessions.kept.status()).toEqual([]);
  });

  test('of the end of a batch refuses each of its entries', async () => {
    const server = await open('s');
    await server.write([put('before', '1')]);
    await clock.advance(1);
    await server.write([put('x', '1'), put('y', '1')]);
    const pair = makePair(await open('p'), server, clock);
    // Within the limit lies the first entry of the batch, beyond it the second; in key order they come apart.
    whenOpened(pair, (reply) => ({
      ...reply,
      rows: reply.rows.map(({ actor }) => ({ ...unknownRow(actor), cloudVersions: [] })),
    }));
    clock.leap(-2 * MAX_DRIFT_MS);
    const session = pair.begin();
    expect(await session.step()).toBe('more');
    expect(await contents(pair.puller)).toEqual({ before: '1' });
    expect(await session.step()).toBe('refused');
    expect(await contents(pair.puller)).toEqual({ before: '1' });
  });

  test('of a horizon refuses the session', async () => {
    const pair = await threeKeys();
    whenOpened(pair, (reply) => ({ ...reply, horizon: (reply.horizon + 2 ** 52) as typeof reply.horizon }));
    const session = pair.begin();
    expect(await session.step()).toBe('refused');
    expect(session.reason).toBe('a causal context');
    expect(session.aheadMs).toBeGreaterThan(2 * MAX_DRIFT_MS);
    expect(await contents(pair.puller)).toEqual({});
  });
});

describe('two drifts ahead, to the version, is the limit of', () => {
  test.each<[string, (reply: Opened, version: Version) => Opened]>([
    ['a horizon', (reply, horizon) => ({ ...reply, horizon })],
    ['what the server received', (reply, received) => withRows(reply, { received })],
    [
      'a dot of its cloud',
      (reply, version) => {
        const cloudVersions = [...(reply.rows[0]?.cloudVersions ?? []), version];
        return withRows(reply, { cloudVersions, cloud: { count: cloudVersions.length, sum: 0n } });
      },
    ],
    [
      'how far a predecessor was closed',
      (reply, closed) => withRows(reply, { predecessor: { actor: BEFORE, closed } }),
    ],
  ])('%s', async (_, change) => {
    const limit = receivedVersionMax(clock.wallMs(), MAX_DRIFT_MS);
    for (const [version, expected] of [
      [limit, 'more'],
      [limit + 1, 'refused'],
    ] as const) {
      const pair = await threeKeys();
      whenOpened(pair, (reply) => change(reply, version as Version));
      expect(await pair.begin().step()).toBe(expected);
    }
  });
});

describe('a server that breaks the protocol', () => {
  test.each<[string, (rows: Opened['rows']) => Opened['rows']]>([
    ['for no actor', () => []],
    ['for fewer actors', (rows) => rows.slice(0, 1)],
    [
      'for another actor beside one that was asked for',
      (rows) => rows.map((row, at) => (at === 0 ? { ...row, actor: BEFORE } : row)),
    ],
    ['for one actor more', (rows) => [...rows, { ...unknownRow(BEFORE), cloudVersions: [] }]],
  ])('and answers %s is caught before anything is stored', async (_, change) => {
    const pair = await threeKeys();
    await pair.puller.write([put('own', '1')]);
    whenOpened(pair, (reply) => ({ ...reply, rows: change(reply.rows) }));
    await expect(pair.begin().step()).rejects.toThrow('rows of other actors than were asked for');
    expect(await contents(pair.puller)).toEqual({ own: '1' });
  });

  test.each<[string, (reply: Opened) => Reply]>([
    ['sends in key order while it is bootstrapping', (reply) => ({ ...reply, bootstrapping: true })],
    ['answers something else', (reply) => ({ type: 'next-reply', request: 1, chunk: reply.chunk })],
    ['sends a chunk that cannot be read', (reply) => withEntries(reply, Uint8Array.of(255))],
  ])('and %s is caught before anything is stored', async (_, change) => {
    const pair = await threeKeys();
    whenOpened(pair, change);
    await expect(pair.begin().step()).rejects.toThrow(MalformedBytes);
    expect(await contents(pair.puller)).toEqual({});
    expect(await pair.puller.storedSessions()).toEqual([]);
  });

  test('and sends in key order to a node that holds entries is caught', async () => {
    const pair = await threeKeys();
    await pair.puller.write([put('own', '1')]);
    whenOpened(pair, (reply) => ({ ...reply, order: 'key' }));
    await expect(pair.begin().step()).rejects.toThrow('key order for a node that holds entries');
  });

  test('and answers something else to a next is caught', async () => {
    const pair = await threeKeys();
    const session = pair.begin();
    await session.step();
    pair.peer.change = ({ request }) => ({ type: 'compared', request });
    await expect(session.step()).rejects.toThrow('not the reply to a next');
    expect(await contents(pair.puller)).toEqual({ x: '1' });
  });

  test('and finds a request invalid that was none is named, and its session dropped', async () => {
    const pair = await threeKeys();
    const session = pair.begin();
    await session.step();
    pair.peer.change = ({ request }) => ({ type: 'failure', request, code: 'invalid', reason: 'no cursor' });
    await expect(session.step()).rejects.toMatchObject({
      code: 'PROTOCOL',
      message: 'Node s refused a request: no cursor.',
    });
    expect(await pair.puller.storedSessions()).toEqual([]);
  });

  test('and sends the same chunk for ever is caught, and the session can be resumed elsewhere', async () => {
    const pair = await threeKeys();
    const session = pair.begin();
    await session.step();
    let first: Reply | undefined;
    pair.peer.change = (reply) => (first ??= reply);
    expect(await session.step()).toBe('more');
    await expect(session.step()).rejects.toThrow(MalformedBytes);
    pair.peer.change = (reply) => reply;
    expect(await (await pair.resume())?.run()).toBe('adopted');
  });
});

function withRows(reply: Opened, changes: Partial<FullRow>): Opened {
  return { ...reply, rows: reply.rows.map((row) => ({ ...row, ...changes })) };
}

function withEntries(reply: Opened, entries: Uint8Array): Opened {
  return { ...reply, chunk: { ...reply.chunk, entries } };
}

async function otherWriter(): Promise<StoredReplica> {
  const other = await openTestReplica({ nodeId: 'o', clock });
  await other.write([put('other', '1')]);
  return other;
}

describe('compression', () => {
  /** What was asked of each chunk after the first. A reply takes `delay` turns of the loop, and `ms` by the clock; storing 200. */
  async function asked(delay: number, ms: number, compressAlways: boolean): Promise<readonly unknown[]> {
    const time = new SimulatedClock();
    const server = await open('s');
    for (let at = 0; at < 6; at++) await server.write([put(`k${at}`, `${at}`)]);
    const puller = await open('p');
    const storeChunk = StoredReplica.prototype.storeChunk.bind(puller);
    let stored = Promise.resolve();
    puller.storeChunk = (chunk: ArrivedChunk) => {
      stored = Promise.all([stored.then(() => turns(200)), storeChunk(chunk)]).then(() => undefined);
      return stored;
    };
    const peer = new DirectPeer(makeServer(server, clock), server.nodeId, puller.nodeId);
    const compress: unknown[] = [];
    const slowPeer: SessionPeer = {
      nodeId: peer.nodeId,
      notify: (notice) => peer.notify(notice),
      async request(request) {
        if (request.type === 'next') compress.push(request.compress);
        if (request.type === 'next') await turns(delay);
        await time.advance(ms);
        return peer.request(request);
      },
    };
    const dependencies = { ...pullDependencies(puller, time), compressAlways };
    const session = PullSession.begin(dependencies, slowPeer, allActors(puller, server), false);
    expect(await session.run()).toBe('adopted');
    expect(await contents(puller)).toEqual(await contents(server));
    return compress;
  }

  test.each([
    ['can be', brotli, true],
    ['cannot be', undefined, false],
  ])('that %s undone is announced so', async (_, compressor, expected) => {
    const pair = await threeKeys();
    const opens: unknown[] = [];
    const peer: SessionPeer = {
      nodeId: pair.peer.nodeId,
      notify: (notice) => pair.peer.notify(notice),
      request: (request) => {
        if (request.type === 'open') opens.push(request.compress);
        return pair.peer.request(request);
      },
    };
    const dependencies = { ...pullDependencies(pair.puller, clock), compressor };
    const session = PullSession.begin(dependencies, peer, allActors(pair.puller, pair.server), false);
    expect(await session.run()).toBe('adopted');
    expect(opens).toEqual([expected]);
  });

  test('is asked for while chunks that come slowly have to be waited for', async () => {
    expect(await asked(800, 1, false)).toEqual([true, true, true, true, true]);
  });

  test('is not asked for once chunks are here when they are wanted', async () => {
    // The second is wanted while the first is being stored.
    expect(await asked(0, 1, false)).toEqual([true, true, false, false, false]);
  });

  test('is not asked for where chunks come fast, though they have to be waited for', async () => {
    expect(await asked(800, 0, false)).toEqual([false, false, false, false, false]);
  });

  test('is asked for in any case by whoever wants it always', async () => {
    expect(await asked(0, 0, true)).toEqual([true, true, true, true, true]);
  });
});

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => void setImmediate(resolve));
}
