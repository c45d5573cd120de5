import { beforeEach, describe, expect, test } from 'vitest';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { nodeIdOf } from '../../src/core/actor.ts';
import { assert } from '../../src/core/assert.ts';
import type { Entry } from '../../src/core/entry.ts';
import { versionAt } from '../../src/core/version.ts';
import type { Difference, NewSession, Rumour, Settled } from '../../src/ports/replica.ts';
import { type ChangeToken, decodeToken } from '../../src/storage/change-token.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { forgetfulStore } from '../support/forgetful-store.ts';
import { expectInvariants } from '../support/invariants.ts';
import { pull, readSession } from '../support/pull.ts';
import {
  contents,
  del,
  openTestReplica,
  presentEntries,
  put,
  text,
  utf8,
} from '../support/replica-fixture.ts';

const TTL_MS = 20_000;

let clock: SimulatedClock;
let own: StoredReplica;
let server: StoredReplica;
let seed: number;

beforeEach(async () => {
  clock = new SimulatedClock();
  seed = 0;
  own = await open('o');
  server = await open('s');
});

function open(nodeId: string): Promise<StoredReplica> {
  return openTestReplica({ nodeId, clock, tombstoneTtlMs: TTL_MS, random: createSeededRandom(++seed) });
}

/** A session with the server, opened now, and nothing of it stored. */
async function sessionNow(): Promise<NewSession> {
  const { chunks } = await readSession(own, server);
  const session = chunks[0]?.session;
  assert(session !== undefined, 'the first chunk brings the session');
  return session;
}

function named(entries: readonly Entry[]): Map<string, Entry> {
  return new Map(entries.map((entry) => [text(entry.key), entry]));
}

interface Compared {
  readonly session: NewSession;
  readonly theirs: ReadonlyMap<string, Entry>;
  readonly differences: readonly Difference[];
}

/** The slow way to every difference, now. */
async function compareNow(): Promise<Compared> {
  const session = await sessionNow();
  const theirs = named(await presentEntries(server));
  const ours = named(await presentEntries(own));
  const keys = [...new Set([...theirs.keys(), ...ours.keys()])].toSorted();
  const differences = keys
    .filter((key) => {
      const [mine, other] = [ours.get(key), theirs.get(key)];
      return mine?.version !== other?.version || mine?.actor !== other?.actor;
    })
    .map((key) => ({ key: utf8(key), theirs: theirs.get(key) }));
  return { session, theirs, differences };
}

/** Settles as a comparison does: with the entries that were not seen here. */
async function settle({ session, theirs, differences }: Compared): Promise<Settled> {
  const dots = differences.flatMap(({ key, theirs: dot }) => (dot === undefined ? [] : [{ ...dot, key }]));
  const entries = own.unseen(dots).map(({ key }) => theirs.get(text(key)) as Entry);
  return own.settle({ session, differences, entries });
}

async function settleNow(): Promise<Settled> {
  return settle(await compareNow());
}

/** As whoever begins to watch now is told. */
async function dropsOf(replica: StoredReplica): Promise<ChangeToken> {
  const watcher = replica.watch(utf8(''), undefined);
  await watcher.step();
  await watcher.close();
  return decodeToken(watcher.token as string, 'test');
}

describe('settling', () => {
  test('takes what the server has and this node has not seen', async () => {
    await server.write([put('x', '1')]);
    expect(await settleNow()).toEqual({ taken: 1, dropped: 0, kept: 0, unexplained: [] });
    expect(await contents(own)).toEqual({ x: '1' });
    await expectInvariants(own, await presentEntries(server));
  });

  test('keeps what the server has not seen, and what is larger here', async () => {
    await own.write([put('mine', '1')]);
    await server.write([put('both', 'smaller')]);
    await clock.advance(10);
    await own.write([put('both', 'larger')]);
    expect(await settleNow()).toEqual({ taken: 0, dropped: 0, kept: 2, unexplained: [] });
    expect(await contents(own)).toEqual({ mine: '1', both: 'larger' });
    expect(own.counts.cloudDots).toBe(1);
  });

  test('replaces what is smaller here, seen there or not', async () => {
    await own.write([put('both', 'smaller')]);
    await clock.advance(10);
    await server.write([put('both', 'larger')]);
    expect(await settleNow()).toMatchObject({ taken: 1, dropped: 0, kept: 0 });
    expect(await contents(own)).toEqual({ both: 'larger' });
  });

  test('drops what was deleted and collected there, and takes over the horizon with the first drop', async () => {
    await own.write([put('gone', '1'), put('kept', '1')]);
    await pull(server, own);
    await server.write([del('gone')]);
    await clock.advance(TTL_MS);
    expect(await server.collect()).toEqual({ collected: 1, kept: 0 });
    expect(own.state.horizon).toBe(0);
    const before = await presentEntries(own);
    expect(await settleNow()).toEqual({ taken: 0, dropped: 1, kept: 0, unexplained: [] });
    expect(await contents(own)).toEqual({ kept: '1' });
    expect(own.state.horizon).toBe(server.state.horizon);
    await expectInvariants(own, before);
  });

  test('counts a drop that no dot tells of, with when it was, and not one that a larger entry tells of', async () => {
    await own.write([put('gone', '1'), put('replaced', '1')]);
    await pull(server, own);
    await clock.advance(10);
    await server.write([put('replaced', '2')]);
    expect(await settleNow()).toMatchObject({ taken: 1, dropped: 1 });
    expect(await dropsOf(own)).toMatchObject({ drops: 0 });
    await server.write([del('gone'), put('replaced', '3')]);
    await clock.advance(TTL_MS);
    await server.collect();
    expect(await settleNow()).toMatchObject({ taken: 1, dropped: 2 });
    expect(await dropsOf(own)).toMatchObject({ drops: 1, droppedAt: versionAt(clock.wallMs()) });
  });

  test('counts a drop in whose place a smaller entry comes', async () => {
    const third = await open('t');
    await third.write([put('x', 'smaller')]);
    await clock.advance(10);
    await own.write([put('x', 'larger')]);
    await pull(server, own);
    await server.write([del('x')]);
    await clock.advance(TTL_MS);
    await server.collect();
    await pull(server, third);
    expect(await settleNow()).toMatchObject({ taken: 1, dropped: 1 });
    expect(await contents(own)).toEqual({ x: 'smaller' });
    expect(await dropsOf(own)).toMatchObject({ drops: 1 });
  });

  test('tells entries of one version by their actors, and those of one actor by their versions', async () => {
    const third = await open('t');
    await own.write([put('x', 'of o')]);
    await third.write([put('x', 'of t')]);
    await pull(server, own);
    await pull(server, third);
    expect(await settleNow()).toMatchObject({ taken: 1, dropped: 1 });
    expect(await contents(own)).toEqual({ x: 'of t' });
    await pull(own, third);
    await third.write([put('x', 'later')]);
    await pull(server, third);
    expect(await settleNow()).toMatchObject({ taken: 1, dropped: 1 });
    expect(await contents(own)).toEqual({ x: 'later' });
  });

  test('is on disk when it is through, since a claim is made on it later', async () => {
    const store = await forgetfulStore();
    own = await openTestReplica({ nodeId: 'o', clock, store });
    await server.write([put('x', '1')]);
    await settleNow();
    const disk = await store.afterPowerLoss(store.batches, () => false);
    expect(await contents(await openTestReplica({ nodeId: 'o', clock, disk }))).toEqual({ x: '1' });
  });

  test('leaves the horizon alone where nothing is dropped', async () => {
    await server.write([put('other', '1')]);
    await server.write([del('other')]);
    await clock.advance(TTL_MS);
    await server.collect();
    await own.write([put('mine', '1')]);
    expect(await settleNow()).toMatchObject({ dropped: 0, kept: 1 });
    expect(own.state.horizon).toBe(0);
  });

  test('remembers a loose dot that it drops: it stays seen', async () => {
    const third = await open('t');
    await third.write([put('gone', '1')]);
    const { chunks } = await readSession(own, third);
    for (const chunk of chunks) await own.storeChunk(chunk);
    await pull(server, third);
    await server.write([del('gone')]);
    await clock.advance(TTL_MS);
    await server.collect();
    expect(own.counts).toMatchObject({ looseDots: 1, cloudDots: 0 });
    const [gone] = await presentEntries(own);
    assert(gone !== undefined, 'it is here');
    expect(await settleNow()).toMatchObject({ dropped: 1 });
    expect(own.counts).toMatchObject({ looseDots: 0, cloudDots: 1 });
    expect(own.unseen([gone])).toEqual([]);
    await expectInvariants(own, [gone]);
  });

  test('keeps own tombstones, whatever the server says', async () => {
    await own.write([put('gone', '1')]);
    await own.write([del('gone')]);
    await pull(server, own);
    await clock.advance(TTL_MS);
    await server.collect();
    expect(await settleNow()).toMatchObject({ dropped: 0, kept: 0, unexplained: [] });
    expect(await contents(own)).toEqual({ gone: 'x' });
    expect(await own.collect()).toEqual({ collected: 1, kept: 0 });
  });

  test('judges an expired entry like a live one', async () => {
    await own.write([put('brief', '1', clock.wallMs() + 1000)]);
    await pull(server, own);
    await clock.advance(1000 + TTL_MS);
    expect(await server.collect()).toEqual({ collected: 1, kept: 0 });
    expect(await settleNow()).toMatchObject({ dropped: 1, unexplained: [] });
    expect(await contents(own)).toEqual({});
  });

  test('cannot explain what the server has seen, lacks, and never collected', async () => {
    await own.write([put('lost', '1')]);
    const { session } = await compareNow();
    // The server claims to have seen it, and holds nothing.
    const rows = own.rows().map((row) => ({ ...row, cloudVersions: [] }));
    const lossy = { ...session, rows };
    const [lost] = await presentEntries(own);
    assert(lost !== undefined, 'it is here');
    const settled = await own.settle({
      session: lossy,
      differences: [{ key: utf8('lost'), theirs: undefined }],
      entries: [],
    });
    const { actor, version } = lost;
    expect(settled).toEqual({
      taken: 0,
      dropped: 0,
      kept: 0,
      unexplained: [{ key: utf8('lost'), actor, version }],
    });
    expect(await contents(own)).toEqual({ lost: '1' });
  });

  test('of an actor that the session is not about: seen there if it was written before the session opened', async () => {
    await own.write([put('old', '1')]);
    await pull(server, own);
    const session = { ...(await sessionNow()), rows: [] };
    await own.write([put('new', '1')]);
    const differences = ['new', 'old'].map((key) => ({ key: utf8(key), theirs: undefined }));
    const settled = await own.settle({ session, differences, entries: [] });
    expect(settled.kept).toBe(1);
    expect(settled.unexplained.map(({ key }) => text(key))).toEqual(['old']);
  });

  test('looks keys up again: what was written meanwhile stays', async () => {
    await own.write([put('x', '1')]);
    await pull(server, own);
    await server.write([del('x')]);
    await clock.advance(TTL_MS);
    await server.collect();
    const compared = await compareNow();
    await own.write([put('x', '2')]);
    expect(await settle(compared)).toMatchObject({ taken: 0, dropped: 0, kept: 1 });
    expect(await contents(own)).toEqual({ x: '2' });
  });

  test('takes what an actor had written when the session opened for seen there, if the session is not about it', async () => {
    await own.write([put('kept', '1'), put('gone', '1')]);
    await pull(server, own);
    await server.write([del('gone')]);
    await clock.advance(TTL_MS);
    await server.collect();
    const compared = await compareNow();
    // Both have the same row of the own actor: production leaves it out.
    const rows = compared.session.rows.filter(({ actor }) => nodeIdOf(actor) !== own.nodeId);
    const session = { ...compared.session, rows };
    const gone = (await presentEntries(own)).find(({ key }) => text(key) === 'gone');
    expect(session.openedAt).toBe(gone?.version);
    await own.write([put('later', '1')]);
    const differences = [...compared.differences, { key: utf8('later'), theirs: undefined }];
    expect(await settle({ ...compared, session, differences })).toMatchObject({ dropped: 1, kept: 1 });
    expect(await contents(own)).toEqual({ kept: '1', later: '1' });
  });

  test('passes over what has become equal, or is gone, meanwhile', async () => {
    await own.write([put('gone', '1')]);
    await pull(server, own);
    await server.write([del('gone'), put('x', '1')]);
    const compared = await compareNow();
    await pull(own, server);
    await clock.advance(TTL_MS);
    await own.collect();
    expect(await settle(compared)).toEqual({ taken: 0, dropped: 0, kept: 0, unexplained: [] });
    expect(await contents(own)).toEqual({ x: '1' });
  });

  test('is void once the context was given up', async () => {
    await server.write([put('x', '1')]);
    const compared = await compareNow();
    await own.giveUp('a test wants it');
    await expect(settle(compared)).rejects.toMatchObject({ code: 'SESSION_VOID' });
    await expect(own.adoptCompared(compared.session)).rejects.toMatchObject({ code: 'SESSION_VOID' });
    expect(await contents(own)).toEqual({});
  });
});

describe('adopting after every difference was settled', () => {
  test('takes over context and horizon: both are equal then, and a repetition finds nothing', async () => {
    await own.write([put('gone', '1'), put('kept', '1')]);
    await pull(server, own);
    await server.write([del('gone'), put('new', '1')]);
    await clock.advance(TTL_MS);
    await server.collect();
    const compared = await compareNow();
    await settle(compared);
    await own.adoptCompared(compared.session);
    expect(own.contextHash()).toBe(server.contextHash());
    expect(own.state.horizon).toBe(server.state.horizon);
    expect(own.counts).toMatchObject({ looseDots: 0, cloudDots: 0 });
    expect((await compareNow()).differences).toEqual([]);
    expect(await contents(own)).toEqual({ kept: '1', new: '1' });
  });

  test('heals a node that gave up its context, and tells the server of what only that node holds', async () => {
    await server.write([put('x', '1')]);
    await pull(own, server);
    await own.write([put('mine', '1')]);
    await own.giveUp('a test wants it');
    const compared = await compareNow();
    expect(await settle(compared)).toEqual({ taken: 0, dropped: 0, kept: 1, unexplained: [] });
    await own.adoptCompared(compared.session);
    expect(await pull(server, own)).toBe('adopted');
    expect(await contents(server)).toEqual({ x: '1', mine: '1' });
    expect(await pull(own, server)).toBe('adopted');
    expect(own.state.permanent).toEqual(server.state.permanent);
  });
});

describe('a rumour that came after the session was opened', () => {
  /** Of a third node, older than what both knew then: the session is not about its actor. */
  async function rumourOfThird(...writes: Parameters<StoredReplica['write']>[0]): Promise<Rumour> {
    const third = await open('t');
    const rumours: Rumour[] = [];
    third.onWritten((rumour) => rumours.push(rumour));
    await third.write(writes);
    return rumours[0] as Rumour;
  }

  test('was not seen by the server: what it brought stays, though it is older than the session', async () => {
    const rumour = await rumourOfThird(put('heard', '1'));
    await clock.advance(1000);
    await server.write([put('x', '1'), put('gone', '1')]);
    await pull(own, server);
    await server.write([del('gone')]);
    await clock.advance(TTL_MS);
    await server.collect();
    const session = await sessionNow();
    expect(await own.applyRumour(rumour)).toBe('applied');
    const differences = [{ key: utf8('heard'), theirs: undefined }];
    expect(await own.settle({ session, differences, entries: [] })).toEqual({
      taken: 0,
      dropped: 0,
      kept: 1,
      unexplained: [],
    });
    expect(await contents(own)).toMatchObject({ heard: '1' });
  });

  test('makes a session void that was set aside meanwhile, and is late', async () => {
    const rumour = await rumourOfThird(put('heard', '1'));
    await clock.advance(1000);
    await server.write([put('x', '1'), put('gone', '1')]);
    await pull(own, server);
    await server.write([del('gone'), put('y', '1')]);
    await server.write([put('z', '1')]);
    await clock.advance(TTL_MS);
    await server.collect();
    const { chunks } = await readSession(own, server);
    for (const chunk of chunks) await own.storeChunk(chunk);
    // Another session is opened.
    await readSession(own, await open('u'));
    expect(await own.applyRumour(rumour)).toBe('applied');
    await expect(own.adopt(server.nodeId)).rejects.toMatchObject({ code: 'SESSION_VOID' });
  });

  test('leaves a session late that is under way, and not void', async () => {
    const rumour = await rumourOfThird(put('heard', '1'));
    await clock.advance(1000);
    await server.write([put('x', '1'), put('gone', '1')]);
    await pull(own, server);
    await server.write([del('gone'), put('y', '1')]);
    await clock.advance(TTL_MS);
    await server.collect();
    const { chunks } = await readSession(own, server);
    for (const chunk of chunks) await own.storeChunk(chunk);
    expect(await own.applyRumour(rumour)).toBe('applied');
    expect(await own.adopt(server.nodeId)).toBe('late');
  });
});
