import { VERSION_ZERO } from '../../src/core/version.ts';
import { beforeEach, describe, expect, test } from 'vitest';
import { brotli } from '../../src/adapters/brotli.ts';
import { settle, SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import type { NodeId } from '../../src/core/actor.ts';
import type { Open, Opened } from '../../src/gossip/session-messages.ts';
import { ServingFailure } from '../../src/gossip/serving-failure.ts';
import type { SessionServer } from '../../src/gossip/session-server.ts';
import type { PinnedState } from '../../src/ports/replica.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { openTestReplica, put } from '../support/replica-fixture.ts';
import { makeServer, SESSION_TIMEOUT_MS } from './session-fixture.ts';

const PULLER = 'p' as NodeId;

let clock: SimulatedClock;
let replica: StoredReplica;
let server: SessionServer;
/** Snapshots that are not closed. */
let pinned: Set<PinnedState>;
let closes: number;
/** Of the snapshots that are pinned from now on. */
let bootstrapping: boolean;
let request: Open;

beforeEach(async () => {
  clock = new SimulatedClock();
  replica = await openTestReplica({ nodeId: 's', clock });
  for (const key of ['x', 'y', 'z']) await replica.write([put(key, '1')]);
  pinned = new Set();
  closes = 0;
  bootstrapping = false;
  const pin = replica.pin.bind(replica);
  replica.pin = async (actors, restHash) => {
    const state = await pin(actors, restHash);
    if (state === undefined) return undefined;
    const close = (): Promise<void> => {
      closes++;
      pinned.delete(counted);
      return state.close();
    };
    const counted: PinnedState = { ...state, bootstrapping, close };
    pinned.add(counted);
    return counted;
  };
  server = makeServer(replica, clock);
  const actors = replica.rows().map(({ actor }) => actor);
  const { rows, restHash, empty } = await (await openTestReplica({ nodeId: 'p', clock })).pullerState(actors);
  request = {
    type: 'open',
    request: 1,
    rows,
    restHash,
    empty,
    compare: false,
    compress: false,
    wallMs: clock.wallMs(),
  };
});

async function open(peer: string = PULLER): Promise<Opened> {
  return { request: 1, ...(await server.open(peer as NodeId, request)) } as Opened;
}

async function next({ session, chunk }: Opened, peer: string = PULLER): Promise<unknown> {
  return server.next(peer as NodeId, {
    type: 'next',
    request: 1,
    session,
    cursor: chunk.cursor,
    compress: true,
  });
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof ServingFailure ? error.code : 'no failure';
}

describe('a server of sessions', () => {
  test('gives each a name of 128 random bits', async () => {
    const names = [(await open()).session, (await open()).session];
    for (const name of names) expect(name).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(names).size).toBe(2);
  });

  test('keeps one for 30 s after its last message, whichever that is', async () => {
    const opened = await open();
    await clock.advance(SESSION_TIMEOUT_MS - 1);
    await next(opened);
    await clock.advance(SESSION_TIMEOUT_MS - 1);
    expect(pinned.size).toBe(1);
    await next(opened);
    await clock.advance(SESSION_TIMEOUT_MS);
    expect(pinned.size).toBe(0);
    expect(await codeOf(next(opened))).toBe('unknown-session');
  });

  test('goes on with one only for the node that opened it', async () => {
    const opened = await open();
    expect(await codeOf(next(opened, 'other'))).toBe('unknown-session');
    server.notice('other' as NodeId, { type: 'done', session: opened.session });
    expect(await codeOf(next(opened))).toBe('no failure');
  });

  test('keeps two of a node: a third one takes the place of the one least lately used', async () => {
    const [first, second] = [await open(), await open()];
    await next(first);
    const third = await open();
    expect(await codeOf(next(second))).toBe('unknown-session');
    expect(await codeOf(next(first))).toBe('no failure');
    expect(await codeOf(next(third))).toBe('no failure');
    expect(pinned.size).toBe(2);
  });

  test('keeps 64 in all: one more takes the place of the one least lately used', async () => {
    const opened: Opened[] = [];
    for (let peer = 0; peer < 65; peer++) opened.push(await open(`p${peer}`));
    expect(server.kept.status()).toHaveLength(64);
    await settle();
    expect(pinned.size).toBe(64);
    expect(await codeOf(next(opened[0] as Opened, 'p0'))).toBe('unknown-session');
    expect(await codeOf(next(opened[1] as Opened, 'p1'))).toBe('no failure');
  });

  test('drops one whose puller sent a cursor that it never gave', async () => {
    const { session } = await open();
    const cursor = Uint8Array.of(9);
    const bad = server.next(PULLER, { type: 'next', request: 1, session, cursor, compress: true });
    expect(await codeOf(bad)).toBe('invalid');
    await settle();
    expect(pinned.size).toBe(0);
  });

  test('is through with one that ended while it was read', async () => {
    const opened = await open();
    const reading = next(opened);
    server.notice(PULLER, { type: 'done', session: opened.session });
    await reading;
    await settle();
    expect(closes).toBe(1);
    await clock.advance(SESSION_TIMEOUT_MS);
    expect(closes).toBe(1);
  });

  test('answers stale, and keeps nothing, if other actors moved than were asked for', async () => {
    request = { ...request, restHash: request.restHash + 1n };
    expect(await codeOf(open())).toBe('stale');
    expect(pinned.size).toBe(0);
  });

  test('serves nothing while its replica does not, and says why', async () => {
    const opened = await open();
    replica.notServing = () => 'a write to its disk failed';
    await expect(open()).rejects.toMatchObject({
      code: 'not-serving',
      message: 'a write to its disk failed',
    });
    expect(await codeOf(next(opened))).toBe('not-serving');
  });

  test('that stops has freed every snapshot when it says so, those in the making as well', async () => {
    const reading = next(await open());
    const opening = open('other');
    const stopped = server.stop();
    await Promise.allSettled([opening, reading]);
    await stopped;
    expect(pinned.size).toBe(0);
    expect(server.kept.status()).toEqual([]);
    expect(await codeOf(open())).toBe('not-serving');
    await clock.advance(SESSION_TIMEOUT_MS);
  });

  test.each<[string, boolean, boolean, boolean, string]>([
    ['in key order to a node that holds nothing', true, false, false, 'key'],
    ['by version to one that holds something', false, false, false, 'version'],
    ['by version while its own first copy is not complete', true, false, true, 'version'],
    ['by version before a comparison', true, true, false, 'version'],
  ])('sends %s', async (_, empty, compare, isBootstrapping, order) => {
    bootstrapping = isBootstrapping;
    request = { ...request, empty, compare };
    expect(await open()).toMatchObject({ order, bootstrapping: isBootstrapping });
  });

  test('sends nothing of its own accord where entries are to be compared, and says that this is all', async () => {
    request = { ...request, compare: true };
    const { chunk } = await open();
    expect([chunk.entries.length, chunk.last]).toEqual([0, true]);
  });

  test('passes over what is said of a session that is gone', async () => {
    const done: string[] = [];
    server = makeServer(replica, clock, 1, { onDone: (peer) => void done.push(peer) });
    const { session } = await open();
    server.notice(PULLER, { type: 'done', session });
    for (const type of ['done', 'keep-alive'] as const) server.notice(PULLER, { type, session });
    expect(done).toEqual([PULLER]);
  });

  test('has nothing to compare with while its own first copy is not complete', async () => {
    bootstrapping = true;
    request = { ...request, compare: true };
    expect(await codeOf(open())).toBe('not-serving');
    expect(pinned.size).toBe(0);
  });

  test('compresses where the puller wants it, for the session and for the chunk', async () => {
    for (const key of ['x', 'y', 'z']) await replica.write([put(key, 'a'.repeat(1000))]);
    const sessions = makeServer(replica, clock, 1, { compressor: brotli });
    const { rows, restHash } = await (
      await openTestReplica({ nodeId: 'q', clock })
    ).pullerState(replica.rows().map(({ actor }) => actor));
    for (const compress of [true, false]) {
      const opened = await sessions.open(PULLER, { ...request, rows, restHash, compress });
      const { session, chunk } = opened as Opened;
      expect(chunk.plainBytes > 0).toBe(compress);
      for (const isWanted of [true, false]) {
        const asked = { request: 1, session, cursor: chunk.cursor, compress: isWanted };
        const reply = await sessions.next(PULLER, { type: 'next', ...asked });
        if (reply.type !== 'next-reply') throw new Error('a next is answered by a next-reply');
        expect(reply.chunk.plainBytes > 0).toBe(compress && isWanted);
      }
    }
    await sessions.stop();
  });

  test('counts what a peer was sent, in sessions that are gone as well', async () => {
    const first = await open();
    await next(first);
    await open('other');
    expect(['p', 'other', 'nobody'].map((peer) => server.kept.sentTo(peer as NodeId))).toEqual([2, 1, 0]);
    server.notice(PULLER, { type: 'done', session: first.session });
    await open();
    expect(server.kept.sentTo(PULLER)).toBe(3);
  });

  test('remembers of 1,024 peers what they were sent, those that it served last', async () => {
    const serve = async (peer: string): Promise<void> =>
      server.notice(peer as NodeId, { type: 'done', session: (await open(peer)).session });
    for (let peer = 0; peer < 1024; peer++) await serve(`p${peer}`);
    expect(server.kept.sentTo('p0' as NodeId)).toBe(1);
    await serve('p0');
    await serve('p1024');
    expect([0, 1, 2, 1024].map((peer) => server.kept.sentTo(`p${peer}` as NodeId))).toEqual([2, 0, 1, 1]);
  });

  test('tells whom it serves, and who compares with it', async () => {
    const done: string[] = [];
    server = makeServer(replica, clock, 1, { onDone: (peer) => void done.push(peer) });
    const { session } = await open();
    const told = (): boolean[] =>
      [PULLER, 'other' as NodeId].flatMap((peer) => [
        server.kept.isServing(peer),
        server.kept.isComparing(peer),
      ]);
    expect(told()).toEqual([true, false, false, false]);
    await server.compare(PULLER, { type: 'compare', request: 1, session, depth: 0 }, () => {});
    expect(told()).toEqual([true, true, false, false]);
    server.notice('other' as NodeId, { type: 'done', session });
    expect(done).toEqual([]);
    server.notice(PULLER, { type: 'done', session });
    expect(told()).toEqual([false, false, false, false]);
    expect(done).toEqual([PULLER]);
    await server.stop();
  });

  test('gives nothing more of one once the context was given up, and serves new ones', async () => {
    const opened = await open();
    await replica.giveUp('a test');
    expect(await codeOf(next(opened))).toBe('unknown-session');
    await settle();
    expect(pinned.size).toBe(0);

    const { rows, restHash, empty } = await (
      await openTestReplica({ nodeId: 'p', clock })
    ).pullerState(replica.rows().map(({ actor }) => actor));
    request = {
      type: 'open',
      request: 1,
      rows,
      restHash,
      empty,
      compare: false,
      compress: false,
      wallMs: clock.wallMs(),
    };
    expect(await codeOf(open())).toBe('no failure');
  });

  test('drops one whose snapshot cannot be read: what follows is not taken for its end', async () => {
    const { session, chunk } = await open();
    for (const state of pinned) {
      state.byKey = () => ({
        next: () => Promise.reject(new Error('gone')),
        lookedAt: VERSION_ZERO,
        close: () => Promise.resolve(),
      });
    }
    // The chunk before: reading is begun anew there.
    const again = server.next(PULLER, {
      type: 'next',
      request: 1,
      session,
      cursor: Uint8Array.of(0),
      compress: true,
    });
    // The puller did nothing wrong.
    await expect(again).rejects.not.toBeInstanceOf(ServingFailure);
    await expect(again).rejects.toThrow('gone');
    expect(
      await codeOf(
        server.next(PULLER, { type: 'next', request: 1, session, cursor: chunk.cursor, compress: true }),
      ),
    ).toBe('unknown-session');
    await settle();
    expect(pinned.size).toBe(0);
  });
});
