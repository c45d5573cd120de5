import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { equalBytes } from '../../src/core/bytes.ts';
import type { Entry } from '../../src/core/entry.ts';
import type { OrderedStore } from '../../src/ports/ordered-store.ts';
import type { ArrivedChunk } from '../../src/ports/replica.ts';
import type { StoredChange } from '../../src/storage/change-pages.ts';
import { readRecord, seal } from '../../src/storage/checksum.ts';
import { encodeEntry } from '../../src/storage/entry-record.ts';
import { entryKey, segmentKey, singleDotKey, spaceOf, STATE_KEY } from '../../src/storage/keyspace.ts';
import { decodeState } from '../../src/storage/meta-record.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { turn } from '../../src/storage/turn.ts';
import { expectCountedPairs, indexedNames, presentNames } from '../support/dot-names.ts';
import { pull, readSession } from '../support/pull.ts';
import { contents, openTestReplica, presentEntries, put, text } from '../support/replica-fixture.ts';

/** More than two slices of a fold. */
const COUNT = 5000;
/** A prefix of every key. */
const ALL = new Uint8Array(0);

let server: StoredReplica;
let disk: MemoryDisk;
let store: OrderedStore;
let copy: StoredReplica;
let chunks: readonly ArrivedChunk[];

beforeEach(async () => {
  server = await openTestReplica({ nodeId: 'a' });
  const random = createSeededRandom(7);
  for (let at = 0; at < COUNT; at += 100) {
    const names = Array.from({ length: 100 }, () => random.uint32().toString(16).padStart(8, '0'));
    await server.write(names.map((name) => put(name, 'v')));
  }
  disk = new MemoryDisk();
  await open();
  chunks = (await readSession(copy, server, 'key', 500)).chunks;
});

async function open(): Promise<void> {
  store = await disk.open();
  copy = await openTestReplica({ nodeId: 'b', store });
}

/** The chunks from `from` to before `to`. */
async function take(from: number, to = chunks.length): Promise<void> {
  for (const chunk of chunks.slice(from, to)) await copy.storeChunk(chunk);
}

/** The chunks that come after what the stored session has. */
async function takeRest(): Promise<void> {
  const stored = await copy.storedSession(server.nodeId);
  await take(1 + chunks.findIndex(({ cursor }) => equalBytes(cursor, stored?.cursor as Uint8Array)));
}

/** As after a crash: what is on disk now is opened anew. */
async function crash(): Promise<void> {
  disk = await disk.copy();
  await copy.close();
  await open();
}

/** A watch, begun and ended: what it tells, and its token. */
async function watched(
  since?: string,
): Promise<{ token: string | undefined; told: readonly StoredChange[] }> {
  const watcher = copy.watch(ALL, since);
  const told: StoredChange[] = [];
  do told.push(...(await watcher.step()));
  while (!watcher.isThrough);
  const { token } = watcher;
  await watcher.close();
  return { token, told };
}

async function isMarked(): Promise<boolean> {
  return readRecord(STATE_KEY, (await store.get(STATE_KEY)) as Uint8Array, decodeState).unindexed;
}

/** Records of segments and of single dots. */
async function indexRecords(): Promise<readonly Uint8Array[]> {
  const scan = store.scan({
    gte: segmentKey(0, 0),
    lte: singleDotKey(0xff_ff_ff_ff, 2 ** 52),
    keysOnly: true,
  });
  const keys = await scan.next(100_000);
  await scan.close();
  return keys.map(([key]) => key);
}

/** What is done in the background has its turn, as often as it may need. */
async function background(): Promise<void> {
  for (let turns = 0; turns < 1000 && (await isMarked()); turns++) await turn();
}

async function expectWhole(): Promise<void> {
  expect(await indexedNames(copy)).toEqual(await presentNames(copy));
  expect(copy.state.bootstrapping).toBe(false);
  expect(await isMarked()).toBe(false);
  await expectCountedPairs(store);
  expect((await copy.verify(false)).findings.problems).toEqual([]);
  expect(await copy.check()).toBeUndefined();
  expect(copy.contextHash()).toBe(server.contextHash());
}

describe('the dot index of a first copy', () => {
  test('is made when the copy is over, and says so until then', async () => {
    await take(0, 1);
    expect(await isMarked()).toBe(true);
    await take(1);
    expect(await indexRecords()).toEqual([]);
    expect((await copy.verify(false)).findings.problems).toEqual([]);
    expect(await copy.check()).toBeUndefined();

    expect(await copy.adopt(server.nodeId)).toBe('adopted');
    await expectWhole();
    expect(await indexRecords()).toHaveLength(Math.ceil(COUNT / 1024));
  });

  test('is made in the background, whether anybody needs it or not', async () => {
    await take(0);
    await copy.adopt(server.nodeId);
    await background();
    expect(await isMarked()).toBe(false);
  });

  test.each([
    ['in the middle of the copy', 2, false],
    ['before it is adopted', Number.POSITIVE_INFINITY, false],
    ['when it has just been adopted', Number.POSITIVE_INFINITY, true],
  ])('is made of the entries after a crash %s', async (_, crashAt, adopts) => {
    await take(0, crashAt);
    if (adopts) await copy.adopt(server.nodeId);
    expect(await isMarked()).toBe(true);
    await crash();
    expect(await isMarked()).toBe(true);
    if (!adopts) {
      await takeRest();
      await copy.adopt(server.nodeId);
    }
    await expectWhole();
  });

  test('is made of the entries by whoever opens the store next, where its making was broken off', async () => {
    await take(0);
    await copy.adopt(server.nodeId);
    await copy.close();
    await open();
    expect(await isMarked()).toBe(true);
    await expectWhole();
  });

  test('is made of the entries where its making was broken off halfway, and lists none twice', async () => {
    await take(0);
    let halfway: MemoryDisk | undefined;
    const inner = { ...store };
    store.write = async (operations, options) => {
      await inner.write(operations, options);
      if (operations.some(({ key }) => spaceOf(key) === 'segment')) halfway ??= await disk.copy();
    };
    await copy.adopt(server.nodeId);
    await expectWhole();
    disk = halfway as MemoryDisk;
    await open();
    expect(await isMarked()).toBe(true);
    expect(await indexRecords()).toHaveLength(2);
    await expectWhole();
    expect(await indexRecords()).toHaveLength(Math.ceil(COUNT / 1024));
  });

  test('comes into one that lists what came before already', async () => {
    await take(0, 5);
    await copy.compact();
    await crash();
    await takeRest();
    expect(await isMarked()).toBe(true);
    const listed = (await indexRecords()).length;
    expect(listed).toBeLessThan(20);
    expect(await copy.adopt(server.nodeId)).toBe('adopted');
    await expectWhole();
  });

  test('serves nobody while all entries are read for it, and takes', async () => {
    await take(0);
    await crash();
    expect(await copy.check()).toBeUndefined();
    await copy.adopt(server.nodeId);
    const pinned = copy.pin([], copy.contextHash());
    await copy.pullerState([]);
    expect(copy.notServing()).toBe('it makes its dot index');
    expect(copy.notTaking()).toBeUndefined();
    await (await pinned)?.close();
    expect(copy.notServing()).toBeUndefined();
  });

  test('lists own writes at once, and what the copy replaced or brought again', async () => {
    await take(0, 2);
    const written = Object.keys(await contents(copy)).slice(0, 300);
    await copy.write(written.map((name) => put(name, 'own')));
    const before = await indexRecords();
    expect(before.length).toBeGreaterThan(0);
    await take(2);
    await copy.adopt(server.nodeId);
    expect(await pull(server, copy)).toBe('adopted');
    expect(await pull(copy, server)).toBe('adopted');
    await expectWhole();
    expect(await contents(server)).toEqual(await contents(copy));
  });
});

describe('who needs the dot index in the middle of a first copy', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['a compaction', () => copy.compact()],
    ['a clock repair', () => copy.repairClock(false)],
    [
      'a comparison',
      async () => {
        const [chunk] = chunks;
        await (await copy.beginComparison(chunk?.session as NonNullable<ArrivedChunk['session']>)).close();
        copy.endComparison();
      },
    ],
    [
      'a read that waits for a write',
      async () => {
        const [entry] = chunks[0]?.entries ?? [];
        expect(await copy.isSeen(entry as NonNullable<typeof entry>)).toBe(true);
      },
    ],
    [
      'a watch that goes on from a token',
      async () => {
        const { token, told } = await watched();
        expect(told).toEqual([]);
        expect(await isMarked()).toBe(true);
        expect((await watched(token)).told).toHaveLength(1000);
      },
    ],
    [
      'a watch that missed more than is noted',
      async () => {
        const watcher = copy.watch(ALL, undefined);
        await watcher.step();
        const far = Array.from({ length: 9000 }, (_, at) => put(`~${at}`, 'v'));
        await copy.write(far);
        expect(await isMarked()).toBe(true);
        const told = await watcher.step();
        expect(told.length).toBeGreaterThan(0);
        await watcher.close();
      },
    ],
  ])('%s has it made, and what comes is listed at once', async (_, need) => {
    await take(0, 2);
    await need();
    expect(await isMarked()).toBe(false);
    expect((await indexRecords()).length).toBeLessThan(20);
    await take(2);
    expect(await isMarked()).toBe(false);
    expect((await indexRecords()).length).toBeGreaterThan(500);
    expect(await copy.adopt(server.nodeId)).toBe('adopted');
    await pull(server, copy);
    await expectWhole();
  });

  test('is not a watch that is told all that comes', async () => {
    const watcher = copy.watch(ALL, undefined);
    await watcher.step();
    const told: string[] = [];
    for (const chunk of chunks) {
      await copy.storeChunk(chunk);
      do told.push(...(await watcher.step()).map(({ key }) => text(key)));
      while (!watcher.isThrough);
      expect(await isMarked()).toBe(true);
    }
    expect(told).toEqual((await presentEntries(copy)).map(({ key }) => text(key)));
    await watcher.close();
    await copy.adopt(server.nodeId);
    await expectWhole();
  });

  test('is whoever adopts, if there is more than what is joined', async () => {
    const third = await openTestReplica({ nodeId: 'c' });
    await pull(third, server);
    // What the server wrote since comes from a third node that adopts none of it.
    await server.write([put('~late', '1')]);
    await server.write([put('~later', '2')]);
    const later = (await readSession(third, server)).chunks;
    for (const chunk of later) await third.storeChunk(chunk);
    const ofThird = (await readSession(copy, third, 'key', 500)).chunks;
    for (const chunk of ofThird) await copy.storeChunk(chunk);
    expect(await indexRecords()).toEqual([]);

    expect(await copy.adopt(third.nodeId)).toBe('adopted');

    expect(await isMarked()).toBe(false);
    expect(copy.contextHash()).toBe(third.contextHash());
    expect(copy.counts.looseDots).toBe(2);
    expect(await indexedNames(copy)).toEqual(await presentNames(copy));
  });
});

describe('a first copy that is not adopted', () => {
  test('has its index when it is dropped', async () => {
    await take(0, 3);
    await copy.dropSession(server.nodeId);
    await background();
    expect(await isMarked()).toBe(false);
    await expectCountedPairs(store);
    const present = await contents(copy);
    expect(Object.keys(present)).toHaveLength(1500);
    await copy.endHealing();
    expect(await indexedNames(copy)).toEqual(await presentNames(copy));
  });

  test('has it when the context was given up', async () => {
    await take(0, 3);
    await copy.giveUp('a test says so');
    expect(await isMarked()).toBe(false);
    expect(copy.state.healing).toBe(true);
    await expectCountedPairs(store);
    await copy.endHealing();
    expect(await indexedNames(copy)).toEqual(await presentNames(copy));
  });
});

test.each([
  ['that cannot be read', (record: Uint8Array) => record.map((byte, at) => (at === 3 ? byte ^ 1 : byte))],
  [
    'of an actor that has no row',
    (_: Uint8Array, entry: Entry) => seal(entryKey(entry.key), encodeEntry(99, entry)),
  ],
])('an entry %s ends the making of the index: the node is damaged', async (_, changed) => {
  await take(0);
  await copy.close();
  store = await disk.open();
  const entry = chunks.flatMap(({ entries }) => entries)[700] as Entry;
  const key = entryKey(entry.key);
  const value = changed((await store.get(key)) as Uint8Array, entry);
  await store.write([{ type: 'put', key, value }], { sync: true });
  await store.close();
  await open();
  await copy.adopt(server.nodeId);
  await expect(copy.pin([], copy.contextHash())).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
  await copy.probe();
  expect(copy.notServing()).toBe('a record on its disk is damaged');
  expect(await copy.check()).toMatch(/^1 records cannot be read/u);
  expect(await isMarked()).toBe(false);
  expect(copy.notServing()).toBeUndefined();
  await copy.endHealing();
  expect(await indexedNames(copy)).toEqual(await presentNames(copy));
});
