import { beforeEach, describe, expect, test } from 'vitest';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import type { KeyRange, OrderedStore, Scan, Snapshot } from '../../src/ports/ordered-store.ts';
import type { ArrivedChunk } from '../../src/ports/replica.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { CATCH_UP_MS, type Watcher } from '../../src/storage/watcher.ts';
import { pull, readSession } from '../support/pull.ts';
import { del, openTestReplica, put, text, utf8 } from '../support/replica-fixture.ts';

const TTL_MS = 20_000;
const ALL = utf8('');

let clock: SimulatedClock;
let seed = 0;

beforeEach(() => {
  clock = new SimulatedClock();
});

function open(nodeId: string, disk: MemoryDisk = new MemoryDisk()): Promise<StoredReplica> {
  const random = createSeededRandom(++seed);
  return openTestReplica({ nodeId, clock, random, disk, tombstoneTtlMs: TTL_MS });
}

/** All that is to be told now, for people. */
async function told(watcher: Watcher): Promise<string[]> {
  const changes: string[] = [];
  do {
    for (const { kind, key, value, from } of await watcher.step())
      changes.push(
        `${kind} ${text(key)}${kind === 'put' ? ` ${text(value)}` : ''}${from ? ` from ${from}` : ''}`,
      );
  } while (!watcher.isThrough);
  return changes;
}

/** A watch that has begun. */
async function watch(replica: StoredReplica, since?: string, prefix: string = ''): Promise<Watcher> {
  const watcher = replica.watch(utf8(prefix), since);
  if (since === undefined) await watcher.step();
  return watcher;
}

/** Where to go on after all that is there now. */
async function tokenOf(replica: StoredReplica): Promise<string> {
  const watcher = await watch(replica);
  await watcher.close();
  return watcher.token as string;
}

/** The store, and how many scans of its snapshots were begun, and of how many records. */
function counted(disk: OrderedStore): { store: OrderedStore; reads: { scans: number; records: number } } {
  const reads = { scans: 0, records: 0 };
  const counting = (scan: Scan): Scan => ({
    next: async (count) => {
      const page = await scan.next(count);
      reads.records += page.length;
      return page;
    },
    close: () => scan.close(),
  });
  const snapshot = (): Snapshot => {
    const inner = disk.snapshot();
    const scan = (range: KeyRange): Scan => {
      reads.scans++;
      return counting(inner.scan(range));
    };
    return { ...inner, scan };
  };
  return { store: { ...disk, snapshot }, reads };
}

describe('a watch', () => {
  test('tells nothing of what was there when it began', async () => {
    const a = await open('a');
    await a.write([put('k', '1')]);
    const watcher = await watch(a);
    expect(watcher.isBegun).toBe(true);
    expect(await told(watcher)).toEqual([]);
    await a.write([put('k', '2')]);
    expect(await told(watcher)).toEqual(['put k 2']);
    expect(await told(watcher)).toEqual([]);
  });

  test('leaves out what lies between, and ends at the latest state of each key', async () => {
    const a = await open('a');
    const watcher = await watch(a);
    for (const value of ['1', '2', '3']) await a.write([put('k', value)]);
    await a.write([put('gone', '1')]);
    await a.write([del('gone')]);
    expect(await told(watcher)).toEqual(['put k 3', 'del gone']);
  });

  test('tells of keys with its prefix only', async () => {
    const a = await open('a');
    const watcher = await watch(a, undefined, 'user/');
    await a.write([put('user', '1'), put('user/1', '2'), put('usera', '3')]);
    expect(await told(watcher)).toEqual(['put user/1 2']);
  });

  test('tells of an expiry only of keys with its prefix', async () => {
    const a = await open('a');
    const expiresAt = clock.wallMs() + 1000;
    await a.write([put('other', '1', expiresAt), put('user/1', '1', expiresAt)]);
    const watcher = await watch(a, undefined, 'user/');
    await clock.advance(1000);
    expect(await told(watcher)).toEqual(['expired user/1']);
  });

  test('names the peer that brought a change, in a chunk as in a comparison', async () => {
    const [a, b] = [await open('a'), await open('b')];
    const watcher = await watch(b);
    await a.write([put('k', '1'), del('x')]);
    await pull(b, a);
    expect(await told(watcher)).toEqual(['put k 1 from a', 'del x from a']);
  });

  test('that was slower than the journal is read from disk, and told once', async () => {
    const a = await open('a');
    const watcher = await watch(a);
    const keys = Array.from({ length: 9000 }, (_, index) => `k${index}`);
    for (let at = 0; at < keys.length; at += 1000)
      await a.write(keys.slice(at, at + 1000).map((key) => put(key, 'v')));
    await a.write([put('last', 'v')]);
    expect(new Set(await told(watcher))).toEqual(new Set([...keys, 'last'].map((key) => `put ${key} v`)));
    expect(await told(watcher)).toEqual([]);
  });

  test('wakes at a commit, at an expiry, and when it is closed; not otherwise', async () => {
    const a = await open('a');
    await a.write([put('s', '1', clock.wallMs() + 5000)]);
    const watcher = await watch(a);
    let woken = 0;
    const wait = (): Promise<number> => watcher.wait().then(() => ++woken);
    let waiting = wait();
    await clock.advance(4999);
    expect(woken).toBe(0);
    await clock.advance(1);
    expect(await waiting).toBe(1);
    expect(await told(watcher)).toEqual(['expired s']);
    waiting = wait();
    await clock.advance(3_600_000);
    expect(woken).toBe(1);
    await a.write([put('k', '1')]);
    await waiting;
    await told(watcher);
    waiting = wait();
    await watcher.close();
    expect(await waiting).toBe(3);
    await a.write([put('untold', '1')]);
    expect(await watcher.step()).toEqual([]);
  });

  test('does not wait where something came since it looked, nor once it is closed', async () => {
    const a = await open('a');
    const watcher = await watch(a);
    await a.write([put('k', '1')]);
    await watcher.wait();
    expect(await told(watcher)).toEqual(['put k 1']);
    await watcher.close();
    await watcher.wait();
  });

  test('tells an expiry once, also of what expired before it could be told', async () => {
    const a = await open('a');
    const watcher = await watch(a);
    await a.write([put('s', '1', clock.wallMs() + 1000)]);
    expect(await told(watcher)).toEqual(['put s 1']);
    await a.write([put('t', '1', clock.wallMs() + 1000), put('u', '1', clock.wallMs() + 9000)]);
    await clock.advance(1000);
    expect((await told(watcher)).toSorted()).toEqual(['expired s', 'expired t', 'put u 1']);
    expect(await told(watcher)).toEqual([]);
    await a.write([put('u', '2')]);
    await clock.advance(9000);
    expect(await told(watcher)).toEqual(['put u 2']);
    await a.write([put('v', '1')]);
    expect(await told(watcher)).toEqual(['put v 1']);
  });

  test('looks, when something expires, for no more than what expires next', async () => {
    const { store, reads } = counted(await new MemoryDisk().open());
    const a = await openTestReplica({ clock, store });
    const expiresAt = clock.wallMs() + 1000;
    await a.write([put('soon', '1', expiresAt)]);
    await a.write(Array.from({ length: 600 }, (_, at) => put(`later/${at}`, '1', expiresAt + 1)));
    const watcher = await watch(a);
    await clock.advance(1000);
    reads.records = 0;
    expect(await told(watcher)).toEqual(['expired soon']);
    expect(reads.records).toBe(256);
  });

  test('tells all that expired at once, however many, and wakes for what expires next', async () => {
    const a = await open('a');
    const keys = Array.from({ length: 512 }, (_, index) => `k${index}`);
    const watcher = await watch(a);
    const expiresAt = clock.wallMs() + 1000;
    await a.write(keys.map((key) => put(key, '1', expiresAt)));
    await a.write([put('later', '1', expiresAt + 1000), put('latest', '1', expiresAt + 5000)]);
    expect(await told(watcher)).toHaveLength(keys.length + 2);
    await clock.advance(1000);
    expect((await told(watcher)).toSorted()).toEqual(keys.map((key) => `expired ${key}`).toSorted());
    let isWoken = false;
    const waiting = watcher.wait().then(() => (isWoken = true));
    await clock.advance(999);
    expect(isWoken).toBe(false);
    await clock.advance(1);
    await waiting;
    expect(await told(watcher)).toEqual(['expired later']);
  });

  test('tells a deletion that was collected before it looked', async () => {
    const a = await open('a');
    await a.write([put('k', '1')]);
    const watcher = await watch(a);
    await a.write([del('k')]);
    await clock.advance(TTL_MS);
    expect(await a.collect()).toMatchObject({ collected: 1 });
    expect(await told(watcher)).toEqual(['del k']);
  });

  test('tells a deletion that was collected before it looked also where an older write came in its place', async () => {
    const [a, b] = [await open('a'), await open('b')];
    await b.write([put('k', 'older'), put('l', 'older')]);
    await clock.advance(1);
    await a.write([put('k', '1'), put('l', '1')]);
    const watcher = await watch(a);
    await a.write([del('k'), del('l')]);
    await clock.advance(TTL_MS);
    expect(await a.collect()).toMatchObject({ collected: 2 });
    const { chunks } = await readSession(a, b);
    await a.storeChunk(chunks[0] as ArrivedChunk);
    await a.write([put('l', '2')]);
    expect(await told(watcher)).toEqual(['del k', 'put k older from b', 'put l 2']);
  });

  test('that was slower than the journal is gone where a deletion that it was not told was collected', async () => {
    const a = await open('a');
    await a.write([put('k', '1')]);
    const watcher = await watch(a);
    await a.write([del('k')]);
    const keys = Array.from({ length: 9000 }, (_, index) => `k${index}`);
    for (let at = 0; at < keys.length; at += 1000)
      await a.write(keys.slice(at, at + 1000).map((key) => put(key, 'v')));
    await clock.advance(TTL_MS);
    expect(await a.collect()).toMatchObject({ collected: 1 });
    await expect(told(watcher)).rejects.toMatchObject({ code: 'CHANGES_GONE' });
  });

  test('fails when the store is fenced or closed', async () => {
    const a = await open('a');
    const watcher = await watch(a);
    await a.close();
    await expect(watcher.step()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });
});

describe('a token', () => {
  /** Each of which writes, as after a restart. */
  async function runs(replica: StoredReplica, count: number): Promise<void> {
    for (let run = 0; run < count; run++) {
      await clock.advance(TTL_MS / 4);
      await replica.write([put(`k${run % 10}`, String(run))]);
    }
  }

  test('is no longer after two hundred runs of a node than after two', async () => {
    const a = await open('a');
    await runs(a, 2);
    const short = await tokenOf(a);
    await runs(a, 198);
    expect(a.counts.actors).toBe(200);
    expect((await tokenOf(a)).length).toBe(short.length);
  });

  test('stands for all runs that came before, at its node and at another that knows them', async () => {
    const [a, b] = [await open('a'), await open('b')];
    await runs(a, 20);
    const token = await tokenOf(a);
    await a.write([put('new', '1')]);
    await pull(b, a);
    for (const replica of [a, b]) {
      const watcher = await watch(replica, token);
      expect((await told(watcher)).map((change) => change.split(' from ')[0])).toEqual(['put new 1']);
      await watcher.close();
    }
  });

  test('makes nobody look for what is new of runs of which nothing is', async () => {
    const { store, reads } = counted(await new MemoryDisk().open());
    const a = await openTestReplica({ clock, store, tombstoneTtlMs: TTL_MS });
    await runs(a, 20);
    const token = await tokenOf(a);
    await a.write([put('new', '1')]);
    reads.scans = 0;
    expect(await told(await watch(a, token))).toEqual(['put new 1']);
    // In each kind of record of its dot index.
    expect(reads.scans).toBe(2);
  });

  test('is not judged late before its node knows what it stands for', async () => {
    const [a, b] = [await open('a'), await open('b')];
    await runs(a, 3);
    await pull(b, a);
    await runs(a, 3);
    await a.write([del('k0')]);
    const token = await tokenOf(a);
    // At `b` deletions were collected that lie above what it has seen of `a`.
    await b.write([del('x')]);
    await clock.advance(TTL_MS);
    await b.collect();
    const watcher = await watch(b, token);
    expect(await told(watcher)).toEqual([]);
    expect(watcher.isBegun).toBe(false);
    await watcher.close();
  });

  test('goes on where it was given, over a restart', async () => {
    const disk = new MemoryDisk();
    const a = await open('a', disk);
    await a.write([put('k', '1')]);
    const token = await tokenOf(a);
    await a.write([put('k', '2'), put('l', '1')]);
    await a.close();
    const again = await open('a', disk);
    expect(await told(await watch(again, token))).toEqual(['put k 2', 'put l 1']);
    await again.write([del('l')]);
    expect(await told(await watch(again, token))).toEqual(['put k 2', 'del l']);
  });

  test('goes on at another node, which waits for what was told before, and says nothing until then', async () => {
    const [a, b] = [await open('a'), await open('b')];
    await a.write([put('k', '1')]);
    await pull(b, a);
    await a.write([put('k', '2')]);
    const token = await tokenOf(a);
    await b.write([put('l', '1')]);
    const watcher = await watch(b, token);
    expect(await told(watcher)).toEqual([]);
    expect(watcher.isBegun).toBe(false);
    expect([watcher.token, watcher.tokenWithin]).toEqual([undefined, undefined]);
    await pull(b, a);
    expect(await told(watcher)).toEqual(['put l 1']);
    expect(watcher.isBegun).toBe(true);
  });

  test('of what this node does not get is gone after a while', async () => {
    const [a, b] = [await open('a'), await open('b')];
    await clock.advance(1000);
    await a.write([put('k', '1')]);
    const watcher = await watch(b, await tokenOf(a));
    expect(await told(watcher)).toEqual([]);
    const waiting = watcher.wait();
    await clock.advance(CATCH_UP_MS - 1);
    expect(await told(watcher)).toEqual([]);
    await clock.advance(1);
    await waiting;
    await expect(watcher.step()).rejects.toMatchObject({ code: 'CHANGES_GONE' });
  });

  test('that was given while something was being told is gone where a part of that is lost, and holds elsewhere', async () => {
    const [a, b] = [await open('a'), await open('b')];
    const token = await tokenOf(a);
    const keys = Array.from({ length: 1200 }, (_, index) => `k${index}`);
    for (const watcher of [await watch(a), await watch(a, token)]) {
      await a.write(keys.map((key) => put(key, '2')));
      expect((await watcher.step()).length).toBeGreaterThan(0);
      expect(watcher.isThrough).toBe(false);
      const within = watcher.token as string;
      await watcher.close();
      expect(watcher.token).toBe(within);
      await pull(b, a);
      expect(await told(await watch(b, within))).toHaveLength(1200);
      const wiped = await watch(await open('a'), within);
      expect(await told(wiped)).toEqual([]);
      await clock.advance(CATCH_UP_MS);
      await expect(wiped.step()).rejects.toMatchObject({ code: 'CHANGES_GONE' });
    }
  });

  test('that was given while something was being told counts what of that expires', async () => {
    const a = await open('a');
    const watcher = await watch(a);
    const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
    await a.write(keys.map((key) => put(key, '1', clock.wallMs() + 1000)));
    expect(await watcher.step()).toHaveLength(16);
    const within = watcher.token as string;
    await clock.advance(1001 + TTL_MS);
    await a.collect();
    await expect(watch(a, within).then(told)).rejects.toMatchObject({ code: 'CHANGES_GONE' });
  });

  test('is gone at once where a deletion that it does not cover was collected', async () => {
    const a = await open('a');
    await a.write([put('k', '1')]);
    const token = await tokenOf(a);
    await a.write([del('k')]);
    await clock.advance(TTL_MS);
    await a.collect();
    await expect(watch(a, token).then(told)).rejects.toMatchObject({ code: 'CHANGES_GONE' });
  });

  test('makes a watch that goes on gone, too, where a deletion was collected that it was not told', async () => {
    const a = await open('a');
    await a.write([put('k', '1')]);
    const watcher = await watch(a, await tokenOf(a));
    expect(await told(watcher)).toEqual([]);
    await a.write([del('k')]);
    await clock.advance(TTL_MS);
    await a.collect();
    await expect(told(watcher)).rejects.toMatchObject({ code: 'CHANGES_GONE' });
  });

  test('says only where a watch begins what expired: what that is told later counts from then on', async () => {
    const a = await open('a');
    await a.write([put('s', '1', clock.wallMs() + 1000)]);
    const watcher = await watch(a, await tokenOf(a));
    await clock.advance(1000);
    expect(await told(watcher)).toEqual(['expired s']);
    await clock.advance(TTL_MS + 1);
    await a.write([put('k', '1')]);
    expect(await told(watcher)).toEqual(['put k 1']);
  });

  test('is gone where as much was dropped, but at another time, or more at the same time', async () => {
    const disk = new MemoryDisk();
    const before = await open('a', disk);
    await before.write([put('k', '1')]);
    const copy = await disk.copy();
    await before.giveUp('a test');
    const token = await tokenOf(before);
    expect(await told(await watch(before, token))).toEqual([]);
    await before.giveUp('a test');
    await expect(watch(before, token).then(told)).rejects.toMatchObject({ code: 'CHANGES_GONE' });
    // Set back, and then on the same way a moment later.
    await clock.advance(1);
    const setBack = await open('a', copy);
    await setBack.giveUp('a test');
    await expect(watch(setBack, token).then(told)).rejects.toMatchObject({ code: 'CHANGES_GONE' });
  });

  test('counts what it was told and is forgotten since: on a node that never forgot it is late', async () => {
    const [n0, n1, n2, n3] = [await open('0'), await open('1'), await open('2'), await open('3')];
    await n0.write([put('a', '1')]);
    await pull(n1, n0);
    await clock.advance(1);
    await n1.write([del('a')]);
    await clock.advance(1);
    await n3.write([del('a')]);
    // Node 1 knows both deletions, node 2 the later one only, and forgets it.
    await pull(n1, n3);
    await pull(n2, n3);
    await clock.advance(TTL_MS + 1000);
    await n2.collect();
    await pull(n2, n0);
    const token = await tokenOf(n2);
    await expect(watch(n1, token).then(told)).rejects.toMatchObject({ code: 'CHANGES_GONE' });
  });

  test('is gone where what expired meanwhile may be collected, and holds where nothing could', async () => {
    const a = await open('a');
    await a.write([put('s', '1', clock.wallMs() + 1000)]);
    const token = await tokenOf(a);
    await clock.advance(1000 + TTL_MS);
    expect(await told(await watch(a, token))).toEqual(['expired s']);
    const later = await tokenOf(a);
    await clock.advance(1);
    await expect(watch(a, token).then(told)).rejects.toMatchObject({ code: 'CHANGES_GONE' });
    await a.write([put('k', '1')]);
    expect(await told(await watch(a, later))).toEqual(['put k 1']);
  });

  test('is gone, and so is who watches, when the context was given up', async () => {
    const a = await open('a');
    await a.write([put('k', '1')]);
    const token = await tokenOf(a);
    const watcher = await watch(a);
    await a.giveUp('a test');
    await expect(watch(a, token).then(told)).rejects.toMatchObject({ code: 'CHANGES_GONE' });
    await expect(told(watcher)).rejects.toMatchObject({ code: 'CHANGES_GONE' });
    expect(await told(await watch(a, await tokenOf(a)))).toEqual([]);
  });

  test('is gone, and so is who watches, when a repair of the clock took entries out', async () => {
    const a = await open('a');
    await a.write([put('k', '1')]);
    clock.leap(3_600_000);
    await a.write([put('k', '2')]);
    const token = await tokenOf(a);
    const watcher = await watch(a);
    clock.leap(-3_600_000);
    expect(await a.repairClock(false)).toMatchObject({ removed: 1, rewritten: 1, gaveUp: false });
    await expect(watch(a, token).then(told)).rejects.toMatchObject({ code: 'CHANGES_GONE' });
    await expect(told(watcher)).rejects.toMatchObject({ code: 'CHANGES_GONE' });
  });

  test('covers single dots, so that they are not told again', async () => {
    const a = await open('a');
    await a.write([put('k', '1'), put('l', '1')]);
    await a.giveUp('a test');
    const token = await tokenOf(a);
    await a.write([put('m', '1')]);
    expect(a.counts.looseDots).toBe(2);
    expect(await told(await watch(a, token))).toEqual(['put m 1']);
  });

  test('does not stand for single dots that came later of the same actor, though nothing more was received', async () => {
    const [a, b] = [await open('a'), await open('b')];
    for (const key of ['x', 'y', 'z']) await a.write([put(key, '1')]);
    const { chunks } = await readSession(b, a, 'version', 1);
    await b.storeChunk(chunks[0] as ArrivedChunk);
    const token = await tokenOf(b);
    await b.storeChunk(chunks[1] as ArrivedChunk);
    expect(b.counts.looseDots).toBe(2);
    expect(await told(await watch(b, token))).toEqual(['put y 1 from a']);
  });

  test('covers 1,024 single dots; of more, replaced ones among them, all that are present are told again', async () => {
    for (const [dots, replaced, toldAgain] of [
      [1024, 0, 0],
      [1024, 1, 0],
      [1025, 0, 1025],
      [1025, 1, 1025],
    ] as const) {
      const a = await open('a');
      await a.write(Array.from({ length: dots }, (_, index) => put(`k${index}`, '1')));
      await a.giveUp('a test');
      if (replaced > 0) await a.write([put('k0', '2')]);
      expect(a.counts).toMatchObject({ looseDots: dots - replaced, cloudDots: replaced });
      const token = await tokenOf(a);
      await a.write([put('m', '1')]);
      // The one that was replaced is covered by `received`.
      expect(await told(await watch(a, token))).toHaveLength(toldAgain === 0 ? 1 : toldAgain - replaced + 1);
    }
  });

  test('of more single dots than it names is gone at another node, which cannot know what was told', async () => {
    for (const dots of [1024, 1025]) {
      const [a, b] = [await open('a'), await open('b')];
      await a.write(Array.from({ length: dots }, (_, index) => put(`k${index}`, '1')));
      await a.giveUp('a test');
      const token = await tokenOf(a);
      const elsewhere = await watch(b, token);
      const first = await elsewhere.step().then(
        () => 'waits',
        (error: { code: string }) => error.code,
      );
      expect({ dots, first }).toEqual({ dots, first: dots === 1024 ? 'waits' : 'CHANGES_GONE' });
    }
    const [a, b] = [await open('a'), await open('b')];
    await a.write(Array.from({ length: 1025 }, (_, index) => put(`k${index}`, '1')));
    await a.giveUp('a test');
    const watcher = await watch(a);
    await a.write(Array.from({ length: 40 }, (_, index) => put(`l${index}`, '1')));
    await watcher.step();
    expect(watcher.isThrough).toBe(false);
    await expect((await watch(b, watcher.token)).step()).rejects.toMatchObject({ code: 'CHANGES_GONE' });
  });

  test('given while something is told is gone elsewhere if only before there were more single dots than it names', async () => {
    const [a, b] = [await open('a'), await open('b')];
    await a.write(Array.from({ length: 1025 }, (_, index) => put(`k${index}`, '1')));
    await pull(b, a);
    await a.giveUp('a test');
    const watcher = await watch(a);
    await b.write(Array.from({ length: 40 }, (_, index) => put(`l${index}`, '1')));
    await pull(a, b);
    expect(a.counts.looseDots).toBe(0);
    await watcher.step();
    expect(watcher.isThrough).toBe(false);
    await expect((await watch(b, watcher.token)).step()).rejects.toMatchObject({ code: 'CHANGES_GONE' });
  });

  test('given while something is told is gone elsewhere if only since then there are more single dots than it names', async () => {
    const [a, b] = [await open('a'), await open('b')];
    const watcher = await watch(b);
    await a.write([put('k', '1')]);
    for (let at = 0; at < 1300; at += 100)
      await a.write(Array.from({ length: 100 }, (_, index) => put(`k${at + index}`, '1')));
    const { chunks } = await readSession(b, a, 'version', 100);
    for (const chunk of chunks.slice(0, -1)) await b.storeChunk(chunk);
    expect(b.counts.looseDots).toBeGreaterThan(1024);
    await watcher.step();
    expect(watcher.isThrough).toBe(false);
    await expect((await watch(a, watcher.token)).step()).rejects.toMatchObject({ code: 'CHANGES_GONE' });
  });

  test('of another prefix is refused; of a shorter one it holds', async () => {
    const a = await open('a');
    const watcher = await watch(a, undefined, 'user/');
    const token = watcher.token as string;
    expect(() => a.watch(ALL, token)).toThrow(expect.objectContaining({ code: 'TOKEN_INVALID' }));
    await a.write([put('user/1', '1'), put('user/a/1', '2')]);
    expect(await told(await watch(a, token, 'user/a/'))).toEqual(['put user/a/1 2']);
  });

  test.each([
    ['nothing', ''],
    ['another text', 'abc!'],
    ['another form', 'AAAAAAAAAAAAAAAA'],
  ])('that is %s is refused with what is wrong', async (_, token) => {
    const a = await open('a');
    expect(() => a.watch(ALL, token)).toThrow(expect.objectContaining({ code: 'TOKEN_INVALID' }));
  });

  test('that was cut or changed anywhere is refused', async () => {
    const a = await open('a');
    await a.write([put('k', '1')]);
    const token = await tokenOf(a);
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === 'A' ? 'B' : 'A';
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      expect(() => a.watch(ALL, changed), changed).toThrow(
        expect.objectContaining({ code: 'TOKEN_INVALID' }),
      );
      expect(() => a.watch(ALL, token.slice(0, at))).toThrow(
        expect.objectContaining({ code: 'TOKEN_INVALID' }),
      );
    }
  });

  test('has some 25 characters for each actor', async () => {
    const a = await open('a');
    for (let run = 0; run < 20; run++) {
      await a.write([put('k', String(run))]);
      await clock.advance(TTL_MS);
    }
    expect(a.counts.actors).toBe(20);
    expect((await tokenOf(a)).length).toBeLessThan(20 * 27 + 100);
  });
});
