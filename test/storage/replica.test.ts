import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { type Actor, birthOf } from '../../src/core/actor.ts';
import { SUM_ZERO } from '../../src/core/context.ts';
import type { ArrivedChunk, NewSession } from '../../src/ports/replica.ts';
import { VERSION_MAX, versionAt } from '../../src/core/version.ts';
import type { OrderedStore, StoredRecord } from '../../src/ports/ordered-store.ts';
import { DUE_EXPIRING, DUE_TOMBSTONE, dueBetween, dueKey, metaKey } from '../../src/storage/keyspace.ts';
import { forgetfulStore } from '../support/forgetful-store.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { expectInvariants } from '../support/invariants.ts';
import {
  contents,
  del,
  openTestReplica,
  presentEntries,
  put,
  text,
  utf8,
} from '../support/replica-fixture.ts';
import { pull, readSession } from '../support/pull.ts';

const TTL_MS = 20_000;

describe('a replica', () => {
  test('keeps what was written across a restart, with its context and sums', async () => {
    const disk = new MemoryDisk();
    const before = await openTestReplica({ disk });
    await before.write([put('b', '1'), put('a', '2')]);
    await before.write([del('b')]);
    const { all, permanent } = before.state;
    const hash = before.contextHash();
    await before.close();

    const after = await openTestReplica({ disk });

    expect(await contents(after)).toEqual({ a: '2', b: 'x' });
    expect(after.state.all).toEqual(all);
    expect(after.state.permanent).toEqual(permanent);
    expect(after.contextHash()).toBe(hash);
    expect(after.wasClean).toBe(true);
    await after.close();
  });

  test('tells an unclean stop from a clean one', async () => {
    const disk = new MemoryDisk();
    const killed = await openTestReplica({ disk });
    await killed.write([put('a', '1')]);
    const copy = await disk.copy();

    const after = await openTestReplica({ disk: copy });

    expect(after.wasClean).toBe(false);
    expect(await contents(after)).toEqual({ a: '1' });
  });

  test('is begun anew in an empty store only where none was made before', async () => {
    await expect(openTestReplica({ mustExist: true })).rejects.toMatchObject({ code: 'STORE_MISSING' });
    const disk = new MemoryDisk();
    const log = new RecordingLog();
    const replica = await openTestReplica({ disk, log });
    expect(replica.wasClean).toBe(true);
    await replica.close();
    await (await openTestReplica({ disk, mustExist: true, log })).close();
    expect(log.lines).toEqual([]);
  });

  test('is closed once, however often it is asked to', async () => {
    const store = await new MemoryDisk().open();
    let closed = 0;
    const close = (): Promise<void> => {
      closed++;
      return store.close();
    };
    const replica = await openTestReplica({ store: { ...store, close } });
    await Promise.all([replica.close(), replica.close()]);
    await replica.close();
    expect(closed).toBe(1);
  });

  test('whose write failed does not stop cleanly, though the disk is well again', async () => {
    const disk = new MemoryDisk();
    const inner = await disk.open();
    let fails = false;
    const store: OrderedStore = {
      ...inner,
      async write(operations, options) {
        if (fails) throw new Error('no space left on device');
        await inner.write(operations, options);
      },
    };
    const replica = await openTestReplica({ store });
    fails = true;
    await expect(replica.write([put('a', '1')])).rejects.toMatchObject({ code: 'STORE_FENCED' });
    fails = false;
    await replica.close();
    expect((await openTestReplica({ disk })).wasClean).toBe(false);
  });

  test('probes its disk by a write that is synced', async () => {
    const store = await forgetfulStore();
    const replica = await openTestReplica({ store });
    const before = store.batches;
    await replica.probe();
    expect(store.batches).toBe(before + 1);
    const disk = await store.afterPowerLoss(store.batches, () => false);
    expect(await (await disk.open()).get(metaKey('state'))).toBeDefined();
  });

  test('has its name on disk before anything else', async () => {
    const store = await forgetfulStore();
    await openTestReplica({ store });
    const disk = await store.afterPowerLoss(1, () => false);
    expect(await (await disk.open()).get(metaKey('identity'))).toBeDefined();
  });

  test('writes as a new actor in each run that writes, and names the one before', async () => {
    const disk = new MemoryDisk();
    const first = await openTestReplica({ disk });
    await first.write([put('a', '1')]);
    const [before] = first.rows();
    await first.close();

    const silent = await openTestReplica({ disk });
    await silent.close();
    const second = await openTestReplica({ disk });
    await second.write([put('a', '2')]);

    expect(second.rows()).toHaveLength(2);
    expect(second.rows()[1]?.predecessor).toEqual({ actor: before?.actor, closed: before?.closed });
  });

  test('writes as a new actor after a silence of a quarter of the tombstone TTL', async () => {
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ clock, tombstoneTtlMs: TTL_MS });
    await replica.write([put('a', '1')]);
    await clock.advance(TTL_MS / 4 - 1);
    await replica.write([put('a', '2')]);
    expect(replica.rows()).toHaveLength(1);
    await clock.advance(TTL_MS / 4);
    await replica.write([put('a', '3')]);
    expect(replica.rows()).toHaveLength(2);
  });

  test('gives a batch consecutive versions that name its ends', async () => {
    const replica = await openTestReplica();
    await replica.write([put('a', '1'), del('b'), put('c', '3')]);
    const [a, b, c] = await presentEntries(replica);
    expect([a?.version, b?.version, c?.version]).toEqual([a?.first, (a?.first ?? 0) + 1, a?.last]);
    expect(b?.last).toBe(a?.last);
  });

  test('names the actors of which more is known than before, the latest first, not those that were replaced', async () => {
    const clock = new SimulatedClock();
    const [a, b] = [await openTestReplica({ clock }), await openTestReplica({ nodeId: 'b', clock })];
    await a.write([put('x', '1'), put('y', '1')]);
    await pull(b, a);
    const [pulledMs, theirs] = [clock.monotonicMs(), a.runActor];
    await clock.advance(1000);
    await b.write([put('x', '2')]);
    const wroteMs = clock.monotonicMs();
    expect(b.movedSince(wroteMs, 10)).toEqual([b.runActor]);
    expect(b.movedSince(wroteMs + 1, 10)).toEqual([]);
    expect(b.movedSince(pulledMs, 10)).toEqual([b.runActor, theirs]);
    expect(b.movedSince(pulledMs, 1)).toEqual([b.runActor]);
  });

  test('answers whether a deleted key held a live entry', async () => {
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ clock });
    await replica.write([put('a', '1'), put('e', '1', clock.wallMs() + 1000)]);
    expect(await replica.write([del('a')])).toMatchObject({ wereLive: [true] });
    expect(await replica.write([del('a')])).toMatchObject({ wereLive: [false] });
    expect(await replica.write([del('never')])).toMatchObject({ wereLive: [false] });
    await clock.advance(1000);
    expect(await replica.write([del('e')])).toMatchObject({ wereLive: [false] });
  });

  test('refuses a write whose version would lie more than two and a half drifts ahead, and changes nothing', async () => {
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ clock, maxDriftMs: 30_000 });
    clock.leap(75_000);
    await replica.write([put('a', '1')]);
    clock.leap(-75_000);
    await expect(replica.write([put('a', '2')])).rejects.toMatchObject({
      code: 'CLOCK_AHEAD',
      message: expect.stringContaining(' 75 s ahead of'),
    });
    expect(await contents(replica)).toEqual({ a: '1' });
    clock.leap(1);
    await replica.write([put('a', '3')]);
    expect(await contents(replica)).toEqual({ a: '3' });
  });

  test('keeps values above and below the size at which they lie apart', async () => {
    const replica = await openTestReplica();
    for (const length of [0, 4096, 4097, 100_000]) {
      await replica.write([put('a', 'v'.repeat(length))]);
      expect((await contents(replica))['a']).toHaveLength(length);
    }
  });

  test('counts live entries without tombstones and expired ones', async () => {
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ clock });
    await replica.write([
      put('a', '1'),
      put('b', '1', clock.wallMs() + 10),
      put('c', '1', clock.wallMs() + 20),
    ]);
    await replica.write([del('a'), put('d', '1'), put('c', '2', clock.wallMs() + 30)]);
    expect(await replica.count()).toBe(3);
    await clock.advance(10);
    expect(await replica.count()).toBe(2);
    await clock.advance(20);
    expect(await replica.count()).toBe(1);
  });

  test('counts no entry by the record of one that was to expire and was replaced, or is gone', async () => {
    const clock = new SimulatedClock();
    const store = await new MemoryDisk().open();
    const replica = await openTestReplica({ clock, store });
    const expiresAt = clock.wallMs() + 1000;
    const keys = ['replaced', 'replaced by one that expires', 'gone', 'kept'];
    await replica.write(keys.map((key) => put(key, '1', expiresAt)));
    const records = await dueRecords(store, DUE_EXPIRING);
    await replica.write([put('replaced', '2'), put('replaced by one that expires', '2', expiresAt + 1)]);
    await replica.write([del('gone')]);
    await clock.advance(1);
    const ofNoKey = [dueKey(DUE_EXPIRING, expiresAt, utf8('never')), utf8('')] as const;
    await store.write(
      [...records, ofNoKey].map(([key, value]) => ({ type: 'put' as const, key, value })),
      { sync: true },
    );
    expect(await replica.count()).toBe(3);
  });

  test("counts no entry by another actor's record of the same version", async () => {
    const clock = new SimulatedClock();
    const [a, b] = [
      await openTestReplica({ nodeId: 'a', clock }),
      await openTestReplica({ nodeId: 'b', clock }),
    ];
    const store = await new MemoryDisk().open();
    const c = await openTestReplica({ nodeId: 'c', clock, store });
    for (const [twin, expiresInMs] of [
      [a, 1000],
      [b, 2000],
    ] as const)
      await twin.write([put('k', twin.nodeId, clock.wallMs() + expiresInMs)]);
    expect(a.state.last).toBe(b.state.last);
    await pull(c, a);
    const stale = await dueRecords(store, DUE_EXPIRING);
    await pull(c, b);
    expect(await contents(c)).toEqual({ k: 'b' });
    await store.write(
      stale.map(([key, value]) => ({ type: 'put' as const, key, value })),
      { sync: true },
    );
    expect(await dueRecords(store, DUE_EXPIRING)).toHaveLength(2);
    expect(await c.count()).toBe(1);
  });

  test('overwrites far more keys than its cache holds, and its sums still add up', async () => {
    const replica = await openTestReplica({ dotCacheBytes: 320 });
    for (let round = 0; round < 5; round++) {
      for (let at = 0; at < 100; at += 10) {
        await replica.write(Array.from({ length: 10 }, (_, index) => put(`k${at + index}`, `${round}`)));
      }
    }
    expect(replica.state.all.count).toBe(100);
    const twin = await openTestReplica({ nodeId: 'b' });
    await pull(twin, replica);
    expect(twin.state.all).toEqual(replica.state.all);
    expect(twin.contextHash()).toBe(replica.contextHash());
  });
});

describe('a session', () => {
  test('makes the puller equal, in either order', async () => {
    for (const order of ['version', 'key'] as const) {
      const a = await openTestReplica({ nodeId: 'a' });
      const b = await openTestReplica({ nodeId: 'b' });
      await a.write([put('x', '1'), put('y', '2')]);
      await a.write([del('x'), put('z', 'v'.repeat(5000))]);
      expect(await pull(b, a, order)).toBe('adopted');
      expect(await contents(b)).toEqual(await contents(a));
      expect(b.contextHash()).toBe(a.contextHash());
      expect(b.state.bootstrapping).toBe(false);
    }
  });

  test('finds nothing of an actor that is not known, though others are', async () => {
    const [a, b] = [await openTestReplica({ nodeId: 'a' }), await openTestReplica({ nodeId: 'b' })];
    for (const replica of [a, b]) await replica.write([put('k', '1')]);
    const [ours, theirs] = [a.runActor as Actor, b.runActor as Actor];
    const pinned = await a.pin([ours, theirs], 0n);
    expect(pinned?.rows[1]).toMatchObject({ received: birthOf(theirs), loose: SUM_ZERO });
    for (const [actor, entries] of [
      [ours, 1],
      [theirs, undefined],
    ] as const) {
      const scan = pinned?.byVersion(actor, birthOf(actor));
      expect((await scan?.next())?.length).toBe(entries);
      await scan?.close();
    }
    await pinned?.close();
  });

  test('claims nothing before its end but the dots that arrived', async () => {
    const a = await openTestReplica({ nodeId: 'a' });
    const b = await openTestReplica({ nodeId: 'b' });
    for (const key of ['x', 'y', 'z']) await a.write([put(key, '1')]);
    const { chunks } = await readSession(b, a, 'version', 1);
    expect(chunks).toHaveLength(3);
    for (const chunk of chunks.slice(0, 2)) await b.storeChunk(chunk);
    const [row] = b.rows();
    expect(row?.received).toBe(row?.closed);
    expect(row?.loose.count).toBe(2);
    for (const chunk of chunks.slice(2)) await b.storeChunk(chunk);
    await b.adopt(a.nodeId);
    expect(b.rows()[0]).toEqual(a.rows()[0]);
  });

  test('takes chunks that come before the last one is stored, and none where that was not', async () => {
    const a = await openTestReplica({ nodeId: 'a' });
    const b = await openTestReplica({ nodeId: 'b' });
    for (const key of ['w', 'x', 'y', 'z']) await a.write([put(key, '1')]);
    const { chunks } = await readSession(b, a, 'version', 1);
    const [first, second, third, fourth] = chunks as readonly [
      ArrivedChunk,
      ArrivedChunk,
      ArrivedChunk,
      ArrivedChunk,
    ];

    await Promise.all([b.storeChunk(first), b.storeChunk(second)]);
    await expect(b.storeChunk(fourth)).rejects.toMatchObject({ code: 'SESSION_VOID' });

    expect(await b.storedSession(a.nodeId)).toMatchObject({ entries: 2, cursor: second.cursor });
    expect(await contents(b)).toEqual({ w: '1', x: '1' });
    await Promise.all([b.storeChunk(third), b.storeChunk(fourth)]);
    expect(await b.adopt(a.nodeId)).toBe('adopted');
    expect(await contents(b)).toEqual(await contents(a));
  });

  test('survives the restart of its puller', async () => {
    const disk = new MemoryDisk();
    const a = await openTestReplica({ nodeId: 'a' });
    for (const key of ['x', 'y', 'z']) await a.write([put(key, '1')]);
    const before = await openTestReplica({ nodeId: 'b', disk });
    const { chunks } = await readSession(before, a, 'version', 1);
    for (const chunk of chunks.slice(0, 2)) await before.storeChunk(chunk);
    await before.close();

    const b = await openTestReplica({ nodeId: 'b', disk });

    expect(await b.storedSession(a.nodeId)).toMatchObject({
      entries: 2,
      exempt: true,
      order: 'version',
      // Rumours may have come since it was opened, in the run that is over.
      mixed: true,
    });
    for (const chunk of chunks.slice(2)) await b.storeChunk(chunk);
    expect(await b.adopt(a.nodeId)).toBe('adopted');
    expect(b.contextHash()).toBe(a.contextHash());
  });

  test('puts the dots of what it replaces, and of what lost, into the cloud until they are covered', async () => {
    const a = await openTestReplica({ nodeId: 'a' });
    const b = await openTestReplica({ nodeId: 'b' });
    await a.write([put('x', '1')]);
    await a.write([put('y', '1')]);
    const { chunks } = await readSession(b, a, 'version', 1);
    await b.storeChunk(chunks[0] as (typeof chunks)[0]);
    await b.write([put('x', '2'), put('y', '2')]);
    expect(b.counts).toMatchObject({ cloudDots: 1, looseDots: 0 });
    await b.storeChunk(chunks[1] as (typeof chunks)[0]);
    expect(b.counts).toMatchObject({ cloudDots: 2, looseDots: 0 });
    await b.adopt(a.nodeId);
    expect(b.counts).toMatchObject({ cloudDots: 0, looseDots: 0 });
    await pull(a, b);
    expect(await contents(a)).toEqual({ x: '2', y: '2' });
    expect(a.contextHash()).toBe(b.contextHash());
  });

  test('of a late puller adopts nothing', async () => {
    const clock = new SimulatedClock();
    const a = await openTestReplica({ nodeId: 'a', clock, tombstoneTtlMs: TTL_MS });
    const b = await openTestReplica({ nodeId: 'b', clock, tombstoneTtlMs: TTL_MS });
    await a.write([put('x', '1')]);
    await pull(b, a);
    await a.write([del('x')]);
    await clock.advance(TTL_MS);
    expect(await a.collect()).toEqual({ collected: 1, kept: 0 });
    await a.write([put('y', '1')]);
    const before = b.contextHash();
    expect(await pull(b, a)).toBe('late');
    expect(b.state.horizon).toBe(0);
    expect(await b.storedSession(a.nodeId)).toBeUndefined();
    expect(b.contextHash()).not.toBe(before);
    expect(
      b.rows().every(({ loose, received }, index) => loose.count > 0 || received === b.rows()[index]?.closed),
    ).toBe(true);
  });

  test('of a puller that held nothing is never late', async () => {
    const clock = new SimulatedClock();
    const a = await openTestReplica({ nodeId: 'a', clock, tombstoneTtlMs: TTL_MS });
    await a.write([put('x', '1'), put('y', '1')]);
    await a.write([del('x')]);
    await clock.advance(TTL_MS);
    await a.collect();
    const b = await openTestReplica({ nodeId: 'b', clock });
    expect(await pull(b, a, 'key')).toBe('adopted');
    expect(b.state.horizon).toBe(a.state.horizon);
  });

  test('loses its exemption when entries of another peer are stored', async () => {
    const a = await openTestReplica({ nodeId: 'a' });
    const c = await openTestReplica({ nodeId: 'c' });
    const b = await openTestReplica({ nodeId: 'b' });
    await a.write([put('x', '1')]);
    await a.write([put('y', '1')]);
    await c.write([put('z', '1')]);
    const { chunks } = await readSession(b, a, 'version', 1);
    await b.storeChunk(chunks[0] as (typeof chunks)[0]);
    expect((await b.storedSession(a.nodeId))?.exempt).toBe(true);
    await pull(b, c);
    expect((await b.storedSession(a.nodeId))?.exempt).toBe(false);
  });

  test('loses its exemption when a comparison brings entries of another peer', async () => {
    const a = await openTestReplica({ nodeId: 'a' });
    const c = await openTestReplica({ nodeId: 'c' });
    const b = await openTestReplica({ nodeId: 'b' });
    for (const key of ['x', 'y']) await a.write([put(key, '1')]);
    await c.write([put('z', '1')]);
    const [chunk] = (await readSession(b, a, 'version', 1)).chunks;
    await b.storeChunk(chunk as ArrivedChunk);
    const session = (await readSession(b, c)).chunks[0]?.session as NewSession;
    const entries = await presentEntries(c);
    const differences = entries.map(({ key, actor, version }) => ({ key, theirs: { actor, version } }));
    expect((await b.settle({ session, differences, entries })).taken).toBe(1);
    expect(await b.storedSession(a.nodeId)).toMatchObject({ exempt: false, mixed: true });
  });

  test('in key order leaves the puller bootstrapping until it adopts, and serving its own writes only', async () => {
    const a = await openTestReplica({ nodeId: 'a' });
    const b = await openTestReplica({ nodeId: 'b' });
    const c = await openTestReplica({ nodeId: 'c' });
    await a.write([put('x', '1'), put('y', '1')]);
    const { chunks } = await readSession(b, a, 'key', 1);
    await b.storeChunk(chunks[0] as (typeof chunks)[0]);
    await b.write([put('own', '1')]);
    expect(b.state.bootstrapping).toBe(true);
    // Though every peer was asked: the copy can go on, and brings the rest of its batches.
    await b.endHealing();
    expect(b.state.bootstrapping).toBe(true);
    expect(await pull(c, b)).toBe('adopted');
    expect(await contents(c)).toEqual({ own: '1' });
    // It claims nothing of the actors that are not asked for, so it does not matter what is known of them.
    const pinned = await b.pin([], b.contextHash() + 1n);
    expect(pinned?.rows).toEqual([]);
    await pinned?.close();
    const theirs = a.runActor as Actor;
    const alone = await b.pin([theirs], 0n);
    expect(alone?.rows).toMatchObject([{ actor: theirs, received: birthOf(theirs), loose: SUM_ZERO }]);
    await alone?.close();
    // Nothing is claimed: what replaced some of them may be here, and is not served.
    expect(c.rows().map(({ loose }) => loose.count)).toEqual([1]);
    expect(c.rows().map(({ received }) => received)).toEqual(c.rows().map(({ actor }) => birthOf(actor)));
    for (const chunk of chunks.slice(1)) await b.storeChunk(chunk);
    expect(await b.adopt(a.nodeId)).toBe('adopted');
    expect(b.state.bootstrapping).toBe(false);
    expect(await b.pin([], b.contextHash() + 1n)).toBeUndefined();
    await pull(c, b);
    expect(c.contextHash()).toBe(b.contextHash());
  });
});

async function dueRecords(
  store: OrderedStore,
  kind: number = DUE_TOMBSTONE,
): Promise<readonly StoredRecord[]> {
  const scan = store.scan(dueBetween(kind, 0, VERSION_MAX - 1));
  try {
    return await scan.next(10);
  } finally {
    await scan.close();
  }
}

describe('collection', () => {
  test('removes a tombstone at exactly the TTL, not a millisecond before', async () => {
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ clock, tombstoneTtlMs: TTL_MS });
    await replica.write([del('a')]);
    await clock.advance(TTL_MS - 1);
    expect(await replica.collect()).toEqual({ collected: 0, kept: 0 });
    await clock.advance(1);
    expect(await replica.collect()).toEqual({ collected: 1, kept: 0 });
    expect(await contents(replica)).toEqual({});
    expect(replica.state.all).toEqual({ count: 0, sum: 0n });
    expect(replica.state.horizon).toBeGreaterThan(0);
  });

  test('takes an expired entry one TTL after it expired', async () => {
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ clock, tombstoneTtlMs: TTL_MS });
    await replica.write([put('a', '1', clock.wallMs() + 1000)]);
    await clock.advance(TTL_MS + 999);
    expect(await replica.collect()).toEqual({ collected: 0, kept: 0 });
    await clock.advance(1);
    expect(await replica.collect()).toEqual({ collected: 1, kept: 0 });
  });

  test('takes an entry that had expired before it was written one TTL after it was written', async () => {
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ clock, tombstoneTtlMs: TTL_MS });
    await replica.write([put('before', '1')]);
    // The very first version of its millisecond.
    await clock.advance(1);
    await replica.write([put('a', '1', clock.wallMs() - 2 * TTL_MS)]);
    expect(replica.state.last).toBe(versionAt(clock.wallMs()));
    expect(await replica.collect()).toEqual({ collected: 0, kept: 1 });
    await clock.advance(TTL_MS - 1);
    expect(await replica.collect()).toEqual({ collected: 0, kept: 1 });
    await clock.advance(1);
    expect(await replica.collect()).toEqual({ collected: 1, kept: 0 });
  });

  test('takes all that are due, however many, and those of one millisecond together', async () => {
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ clock, tombstoneTtlMs: TTL_MS });
    const expiresAt = clock.wallMs();
    await replica.write(Array.from({ length: 1001 }, (_, index) => del(`tombstone ${index}`)));
    await replica.write(Array.from({ length: 1001 }, (_, index) => put(`expiring ${index}`, '1', expiresAt)));
    await clock.advance(TTL_MS - 1);
    expect((await replica.collect()).collected).toBe(0);
    await clock.advance(1);
    expect(await replica.collect()).toEqual({ collected: 2002, kept: 0 });
    expect(await contents(replica)).toEqual({});
    expect(replica.state.all).toEqual({ count: 0, sum: 0n });
  });

  test('takes nothing while the clock shows less than one TTL since 1970', async () => {
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ clock, tombstoneTtlMs: TTL_MS });
    await replica.write([del('a'), put('b', '1', 0)]);
    clock.leap(TTL_MS - 1 - clock.wallMs());
    expect(await replica.collect()).toEqual({ collected: 0, kept: 0 });
  });

  test('is not misled by records of what was due and is there no more', async () => {
    const clock = new SimulatedClock();
    const store = await new MemoryDisk().open();
    const replica = await openTestReplica({ clock, store, tombstoneTtlMs: TTL_MS });
    await replica.write([del('collected'), del('deleted again'), del('written')]);
    const stale = await dueRecords(store);
    expect(stale).toHaveLength(3);
    await clock.advance(TTL_MS);
    await replica.write([del('deleted again'), put('written', '1')]);
    expect(await replica.collect()).toEqual({ collected: 1, kept: 0 });
    await store.write(
      stale.map(([key, value]) => ({ type: 'put' as const, key, value })),
      { sync: true },
    );
    expect(await replica.collect()).toEqual({ collected: 0, kept: 0 });
    expect(await contents(replica)).toEqual({ 'deleted again': 'x', written: '1' });
    expect(await dueRecords(store)).toHaveLength(1);
  });

  test('is on disk before anything that counts on it', async () => {
    const clock = new SimulatedClock();
    const store = await forgetfulStore();
    const replica = await openTestReplica({ clock, store, tombstoneTtlMs: TTL_MS });
    await replica.write([del('a')]);
    await clock.advance(TTL_MS);
    expect(await replica.collect()).toEqual({ collected: 1, kept: 0 });
    await replica.write([put('b', '1')]);
    const disk = await store.afterPowerLoss(store.batches, () => false);
    const again = await openTestReplica({ clock, disk });
    await expectInvariants(again, []);
    expect(await contents(again)).toEqual({ b: '1' });
  });

  test('is none while a first copy is on its way', async () => {
    const clock = new SimulatedClock();
    const [a, b] = [
      await openTestReplica({ nodeId: 'a', clock }),
      await openTestReplica({ nodeId: 'b', clock }),
    ];
    await a.write([put('x', '1'), put('y', '1')]);
    const { chunks } = await readSession(b, a, 'key', 1);
    await b.storeChunk(chunks[0] as (typeof chunks)[0]);
    await b.write([del('own')]);
    await clock.advance(TTL_MS);
    expect(await b.collect()).toEqual({ collected: 0, kept: 0 });
    expect(b.state.horizon).toBe(0);
    for (const chunk of chunks.slice(1)) await b.storeChunk(chunk);
    await b.adopt(a.nodeId);
    expect(await b.collect()).toEqual({ collected: 1, kept: 0 });
  });

  test('keeps a tombstone whose past is not known', async () => {
    const clock = new SimulatedClock();
    const a = await openTestReplica({ nodeId: 'a', clock });
    const b = await openTestReplica({ nodeId: 'b', clock });
    await a.write([del('x')]);
    await a.write([del('y')]);
    const { chunks } = await readSession(b, a, 'version', 1);
    await b.storeChunk(chunks[0] as (typeof chunks)[0]);
    await clock.advance(TTL_MS);
    expect(await b.collect()).toEqual({ collected: 0, kept: 1 });
  });

  test('leaves alone what replaced the tombstone', async () => {
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ clock, tombstoneTtlMs: TTL_MS });
    await replica.write([del('a')]);
    await replica.write([put('a', '1')]);
    await clock.advance(TTL_MS);
    expect(await replica.collect()).toEqual({ collected: 0, kept: 0 });
    expect(await contents(replica)).toEqual({ a: '1' });
  });
});

describe('the dot index', () => {
  test('serves the same entries before and after it is compacted', async () => {
    const replica = await openTestReplica();
    for (let round = 0; round < 40; round++) {
      await replica.write(Array.from({ length: 100 }, (_, index) => put(`k${index}`, `${round}`)));
    }
    await replica.compact();
    const twin = await openTestReplica({ nodeId: 'b' });
    await pull(twin, replica);
    expect(await contents(twin)).toEqual(await contents(replica));
    expect((await presentEntries(twin)).map(({ key }) => text(key))).toHaveLength(100);
    expect(twin.state.all).toEqual(replica.state.all);
  });

  test('finds dots that arrive below what is indexed', async () => {
    const a = await openTestReplica({ nodeId: 'a' });
    const b = await openTestReplica({ nodeId: 'b' });
    const c = await openTestReplica({ nodeId: 'c' });
    for (const key of ['x', 'y', 'z']) await a.write([put(key, '1')]);
    const { chunks } = await readSession(b, a, 'version', 1);
    for (const at of [0, 2, 1]) {
      const { after: _, ...chunk } = chunks[at] as ArrivedChunk;
      await b.storeChunk(chunk);
    }
    await b.adopt(a.nodeId);
    await pull(c, b);
    expect(await contents(c)).toEqual({ x: '1', y: '1', z: '1' });
    await b.compact();
    const d = await openTestReplica({ nodeId: 'd' });
    await pull(d, b);
    expect(await contents(d)).toEqual({ x: '1', y: '1', z: '1' });
    expect(utf8('x')).toHaveLength(1);
  });
});
