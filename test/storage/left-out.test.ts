import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { silentLog } from '../../src/adapters/silent-log.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import type { Actor } from '../../src/core/actor.ts';
import { equalBytes } from '../../src/core/bytes.ts';
import type { Log } from '../../src/ports/log.ts';
import type { OrderedStore } from '../../src/ports/ordered-store.ts';
import type { ArrivedChunk } from '../../src/ports/replica.ts';
import { readRecord } from '../../src/storage/checksum.ts';
import { ALL_ROWS, type KeySpace, progressKey, spaceOf, STATE_KEY } from '../../src/storage/keyspace.ts';
import type { LiveRow } from '../../src/storage/context-table.ts';
import { LeftOut } from '../../src/storage/left-out.ts';
import { decodeState, type NodeState } from '../../src/storage/meta-record.ts';
import { restoreRecords } from '../../src/storage/restore.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { indexedNames, presentNames } from '../support/dot-names.ts';
import { type ForgetfulStore, forgetfulStore } from '../support/forgetful-store.ts';
import { pull, readSession } from '../support/pull.ts';
import {
  contents,
  del,
  hash64,
  openTestReplica,
  presentEntries,
  put,
  text,
} from '../support/replica-fixture.ts';

const CHUNK_ENTRIES = 10;
const MINUTE = 60_000;

let clock: SimulatedClock;
let server: StoredReplica;
let store: ForgetfulStore;
let copy: StoredReplica;
let chunks: readonly ArrivedChunk[];
/** Of which spaces the records of each write are. */
let writes: ReadonlySet<KeySpace | undefined>[];

function name(at: number): string {
  return `k${String(at).padStart(3, '0')}`;
}

/** Of two actors, some of them large, expiring, deleted, in batches. */
beforeEach(async () => {
  clock = new SimulatedClock();
  const other = await openTestReplica({ nodeId: 'c', clock });
  server = await openTestReplica({ nodeId: 'a', clock });
  const at = (from: number, step: number): number[] =>
    Array.from({ length: 100 / step }, (_, index) => from + step * index);
  await other.write(at(1, 4).map((number) => put(name(number), 'of c')));
  await pull(server, other);
  for (const number of at(0, 2)) await server.write([put(name(number), 'of a')]);
  await server.write(at(2, 10).map((number) => put(name(number), 'x'.repeat(5000))));
  await server.write(at(4, 10).map((number) => put(name(number), 'v', clock.wallMs() + MINUTE)));
  await server.write(at(6, 10).map((number) => del(name(number))));
  await begin();
});

async function begin(): Promise<void> {
  store = await forgetfulStore();
  writes = [];
  const inner = { ...store };
  store.write = (operations, options) => {
    writes.push(new Set(operations.map(({ key }) => spaceOf(key))));
    return inner.write(operations, options);
  };
  copy = await openTestReplica({ nodeId: 'b', store, clock });
  chunks = (await readSession(copy, server, 'key', CHUNK_ENTRIES)).chunks;
}

async function take(from: number, to = chunks.length): Promise<void> {
  for (const chunk of chunks.slice(from, to)) await copy.storeChunk(chunk);
}

async function takeRest(replica: StoredReplica): Promise<void> {
  const stored = await replica.storedSession(server.nodeId);
  const next = chunks.findIndex(({ cursor }) => equalBytes(cursor, stored?.cursor as Uint8Array)) + 1;
  for (const chunk of chunks.slice(next)) await replica.storeChunk(chunk);
}

/** As after a power loss, when the first `batches` writes were on disk. */
async function afterCrash(batches = store.batches, log: Log = silentLog): Promise<StoredReplica> {
  const disk = await store.afterPowerLoss(batches, () => true);
  return openTestReplica({ nodeId: 'b', disk, clock, log });
}

/** State and rows, as stored. */
async function accounts(from: OrderedStore): Promise<readonly unknown[]> {
  const scan = from.scan(ALL_ROWS);
  const rows = await scan.next(100);
  await scan.close();
  return [await storedState(from), rows];
}

async function storedState(from: OrderedStore = store): Promise<NodeState> {
  return readRecord(STATE_KEY, (await from.get(STATE_KEY)) as Uint8Array, decodeState);
}

async function expectSound(replica: StoredReplica): Promise<void> {
  const entries = await presentEntries(replica);
  expect(replica.state.all.count).toBe(entries.length);
  expect(await replica.check()).toBeUndefined();
  expect((await replica.verify(false)).findings.problems).toEqual([]);
}

describe('a commit of a first copy', () => {
  test('writes entries, and what belongs to them, alone', async () => {
    await take(0);
    const alone = writes.filter((spaces) => !spaces.has('meta'));
    expect(alone.length).toBeGreaterThan(5);
    expect(new Set(alone.flatMap((spaces) => [...spaces]))).toEqual(new Set(['entry', 'largeValue', 'due']));
    expect((await storedState()).all.count).toBeLessThan(copy.state.all.count);
    expect((await storedState()).uncounted).toBe(true);
  });

  test('writes everything if an actor has no row yet', async () => {
    await take(0, 2);
    const before = (await storedState()).nextActorNo;
    const third = await openTestReplica({ nodeId: 'd', clock });
    await third.write([put('n', 'of d')]);
    const [chunk] = chunks.slice(2);
    const entries = [...(chunk as ArrivedChunk).entries, ...(await presentEntries(third))];
    await copy.storeChunk({ ...(chunk as ArrivedChunk), entries });
    expect(await storedState()).toMatchObject({ nextActorNo: before + 1, all: copy.state.all });
    await expectSound(await afterCrash());
  });

  test.each([
    ['replaces something', -MINUTE],
    ['brings what was replaced', 0],
  ])('writes everything if it %s', async (_, leap) => {
    clock.leap(leap);
    const replaced = chunks[2]?.entries[0]?.key as Uint8Array;
    await copy.write([put(text(replaced), 'own')]);
    clock.leap(-leap);
    await take(0, 2);
    expect((await storedState()).all.count).toBeLessThan(copy.state.all.count);
    await take(2, 3);
    expect(await storedState()).toMatchObject({ uncounted: true, all: copy.state.all });
    await take(3, 4);
    expect((await storedState()).all.count).toBeLessThan(copy.state.all.count);
    await expectSound(await afterCrash());
  });

  test('says how far it got if that was nowhere before', async () => {
    chunks = (await readSession(copy, server, 'key')).chunks;
    const [chunk] = chunks as [ArrivedChunk];
    const third = await openTestReplica({ nodeId: 'd', clock });
    for (let at = 0; at < 300; at++) await third.write([put(`more${at}`, 'v')]);
    await copy.storeChunk({ ...chunk, entries: [...chunk.entries, ...(await presentEntries(third))] });
    expect((await (await afterCrash()).storedSession(server.nodeId))?.cursor).toEqual(chunk.cursor);
  });
});

describe('what a first copy left out', () => {
  test('is written with the next commit of anything else', async () => {
    await take(0, 5);
    await copy.write([put('own', 'v')]);
    expect(await storedState()).toMatchObject({ uncounted: false, all: copy.state.all });
    const reopened = await afterCrash();
    expect((await reopened.storedSession(server.nodeId))?.cursor).toEqual(chunks[4]?.cursor);
    expect(reopened.contextHash()).toBe(copy.contextHash());
    await take(5);
    expect((await storedState()).uncounted).toBe(true);
  });

  test('is written by a stop: nothing is counted anew after that', async () => {
    await take(0, 5);
    await copy.close();
    const disk = await store.afterPowerLoss(store.batches, () => true);
    const reopened = await disk.open();
    const { uncounted, all } = readRecord(
      STATE_KEY,
      (await reopened.get(STATE_KEY)) as Uint8Array,
      decodeState,
    );
    expect({ uncounted, count: all.count }).toEqual({ uncounted: false, count: 5 * CHUNK_ENTRIES });
    await reopened.close();
    const again = await openTestReplica({ nodeId: 'b', disk, clock });
    expect(again.wasClean).toBe(true);
    expect((await again.storedSession(server.nodeId))?.cursor).toEqual(chunks[4]?.cursor);
  });

  test('is written by the adoption', async () => {
    await take(0);
    await copy.adopt(server.nodeId);
    expect(await storedState()).toMatchObject({ uncounted: false, all: copy.state.all });
    expect((await afterCrash()).contextHash()).toBe(server.contextHash());
  });

  test('is no finding of a verification, which has it written', async () => {
    await take(0, 5);
    expect((await copy.verify(false)).findings.problems).toEqual([]);
    expect(await storedState()).toMatchObject({ uncounted: false, all: copy.state.all });
  });

  test('is counted where a backup of that moment is restored', async () => {
    await take(0, 5);
    expect((await storedState()).all.count).toBeLessThan(copy.state.all.count);
    const disk = new MemoryDisk();
    const restored = await disk.open();
    expect((await restoreRecords(restored, copy.backup(), hash64)).records).toBeGreaterThan(
      5 * CHUNK_ENTRIES,
    );
    await restored.close();
    const reopened = await openTestReplica({ nodeId: 'b', disk, clock });
    expect(reopened.contextHash()).toBe(copy.contextHash());
    await expectSound(reopened);
  });

  test('is forgotten with a session that is dropped, and with the context', async () => {
    await take(0, 3);
    await copy.dropSession(server.nodeId);
    expect(await store.get(progressKey(server.nodeId))).toBeUndefined();
    expect(await (await afterCrash()).storedSessions()).toEqual([]);
    await begin();
    await take(0, 3);
    await copy.giveUp('a test says so');
    const reopened = await afterCrash();
    expect(await reopened.storedSessions()).toEqual([]);
    await expectSound(reopened);
  });

  test('is not of a row that is removed', () => {
    const leftOut = new LeftOut();
    const [stays, goes] = [1, 2].map((no) => ({ no }) as unknown as LiveRow) as [LiveRow, LiveRow];
    leftOut.add([stays, goes]);
    leftOut.deleteRow(goes);
    expect([...leftOut.rows]).toEqual([stays]);
  });
});

describe('after a crash at any moment of a first copy', () => {
  test('state and rows are as without it, and the copy goes on to leave them out', async () => {
    await take(0, 6);
    expect((await storedState()).all.count).toBeLessThan(copy.state.all.count);
    const disk = await store.afterPowerLoss(store.batches, () => true);
    const reopenedStore = await disk.open();
    const reopened = await openTestReplica({ nodeId: 'b', store: reopenedStore, clock });
    expect(reopened.contextHash()).toBe(copy.contextHash());
    expect(reopened.state.last).toBe(copy.state.last);
    await reopened.probe();
    await copy.probe();
    expect(await accounts(reopenedStore)).toEqual(await accounts(store));
    await takeRest(reopened);
    const { uncounted, all } = await storedState(reopenedStore);
    expect(uncounted).toBe(true);
    expect(all.count).toBeLessThan(reopened.state.all.count);
  });

  test('all entries are counted, and the copy goes on to its end', async () => {
    await take(0, 4);
    await copy.write([put(name(0), 'own'), put(name(99), 'own')]);
    await take(4, 6);
    await copy.write([put('own', 'v')]);
    await take(6);
    const told: string[] = [];
    const log = { ...silentLog, info: (_: object, message: string) => void told.push(message) };
    for (let batches = 3; batches <= store.batches; batches++) {
      const reopened = await afterCrash(batches, log);
      await expectSound(reopened);
      await reopened.write([put(name(50), 'after the crash')]);
      await takeRest(reopened);
      expect(await reopened.adopt(server.nodeId)).toBe('adopted');
      await expectSound(reopened);
      expect(await indexedNames(reopened)).toEqual(await presentNames(reopened));
      const expected = { ...(await contents(server)), [name(50)]: 'after the crash' };
      expect(await contents(reopened)).toMatchObject({ ...expected, ...(await own(reopened)) });
      await reopened.close();
    }
    expect(told.filter((message) => message.includes('counted anew')).length).toBeGreaterThan(5);
  });

  test('an entry that is missing is found, counted or not counted', async () => {
    await take(0, 8);
    const disk = await store.afterPowerLoss(store.batches, () => true);
    const damaged = await disk.open();
    const scan = damaged.scan({ gte: Uint8Array.of(0x10), lt: Uint8Array.of(0x11) });
    const records = await scan.next(1000);
    await scan.close();
    const { all } = await storedState();
    const lost = records.slice(0, 1 + records.length - all.count);
    await damaged.write(
      lost.map(([key]) => ({ type: 'del', key })),
      { sync: true },
    );
    const reopened = await openTestReplica({ nodeId: 'b', store: damaged, clock });
    expect(reopened.state.damaged).toBe(true);
  });

  test('what an empty store holds by now is not taken for absent', async () => {
    // An actor of which nothing is left has a row, so that its entries can be left out from the first on.
    const first = await openTestReplica({ nodeId: 'a', clock });
    await first.write([put('gone', 'v')]);
    await first.write([del('gone')]);
    await clock.advance(MINUTE);
    await first.collect();
    server = first;
    await begin();
    await pull(copy, first);
    expect(copy.state.all.count).toBe(0);
    const [known] = copy.rows();
    await first.write([put('k', 'v')]);
    ({ chunks } = await readSession(copy, first, 'key'));
    const [chunk] = chunks as [ArrivedChunk];
    await copy.storeChunk({ ...chunk, entries: [] });
    const entries = chunk.entries.map((entry) => ({ ...entry, actor: known?.actor as Actor }));
    await copy.storeChunk({ ...chunk, session: undefined, entries });
    expect(await storedState()).toMatchObject({ uncounted: true, all: { count: 0 } });
    const reopened = await afterCrash();
    await reopened.write([put('k', 'own')]);
    expect(reopened.state.all.count).toBe(1);
    await expectSound(reopened);
  });
});

/** What the replica itself wrote before the crash, as far as it is on disk. */
async function own(replica: StoredReplica): Promise<Record<string, string>> {
  return Object.fromEntries(Object.entries(await contents(replica)).filter(([, value]) => value === 'own'));
}

describe('a crash costs', () => {
  const MIB = 2 ** 20;

  test('64 MiB of entries at most', () => {
    const leftOut = new LeftOut();
    leftOut.clear(0);
    expect(leftOut.take([], 63 * MIB, 0)).toBe(true);
    expect(leftOut.take([], MIB, 0)).toBe(true);
    expect(leftOut.take([], 1, 0)).toBe(false);
    leftOut.clear(0);
    expect(leftOut.take([], MIB, 0)).toBe(true);
  });

  test('what has come in 10 seconds at most', () => {
    const leftOut = new LeftOut();
    leftOut.clear(5000);
    expect(leftOut.take([], 1, 15_000)).toBe(true);
    expect(leftOut.take([], 1, 15_001)).toBe(false);
    leftOut.clear(15_001);
    expect(leftOut.take([], 1, 15_001)).toBe(true);
  });
});
