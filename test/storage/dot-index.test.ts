import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { type Actor, birthOf } from '../../src/core/actor.ts';
import { readUint32 } from '../../src/core/bytes.ts';
import { payloadBytes } from '../../src/core/entry.ts';
import type { OrderedStore, StoredRecord } from '../../src/ports/ordered-store.ts';
import { readRecord } from '../../src/storage/checksum.ts';
import { segmentKey } from '../../src/storage/keyspace.ts';
import { decodeRow } from '../../src/storage/row-record.ts';
import { countPairs, decodeSegment } from '../../src/storage/segment-record.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { expectCountedPairs, indexedNames, presentNames } from '../support/dot-names.ts';
import type { ArrivedChunk } from '../../src/ports/replica.ts';
import { pull, readSession } from '../support/pull.ts';
import { openTestReplica, presentEntries, put, text, utf8 } from '../support/replica-fixture.ts';

const SEGMENT = 0x20;
const SINGLE_DOT = 0x21;
const ROW = 0x02;

/** A page of a scan by version: what a server reads, and holds, at once. */
const PAGE_KEYS_MAX = 1024;
const DOT_CACHE_BYTES = 2 ** 20;

async function recordsOf(store: OrderedStore, prefix: number): Promise<readonly StoredRecord[]> {
  const scan = store.scan({ gte: Uint8Array.of(prefix), lt: Uint8Array.of(prefix + 1) });
  const records = await scan.next(100_000);
  await scan.close();
  return records;
}

/** Writes `count` keys, a hundred at a time. */
async function fill(replica: StoredReplica, count: number, name: (at: number) => string): Promise<void> {
  for (let at = 0; at < count; at += 100) {
    await replica.write(
      Array.from({ length: Math.min(100, count - at) }, (_, index) => put(name(at + index), 'v')),
    );
  }
}

/**
 * A first copy in key order, from a server that wrote its keys in random order. Somebody needed the index when it had begun:
 * nearly every dot lies alone.
 */
async function copiedInKeyOrder(
  count: number,
): Promise<{ copy: StoredReplica; disk: OrderedStore; pages: number[] }> {
  const random = createSeededRandom(7);
  const server = await openTestReplica({ nodeId: 'a', dotCacheBytes: DOT_CACHE_BYTES });
  await fill(server, count, () => random.uint32().toString(16).padStart(8, '0'));
  const disk = await new MemoryDisk().open();
  const pages: number[] = [];
  const store: OrderedStore = {
    ...disk,
    snapshot() {
      const snapshot = disk.snapshot();
      return {
        ...snapshot,
        getMany(keys) {
          pages.push(keys.length);
          return snapshot.getMany(keys);
        },
      };
    },
  };
  const copy = await openTestReplica({ nodeId: 'b', store, dotCacheBytes: DOT_CACHE_BYTES });
  const { chunks } = await readSession(copy, server, 'key', 100);
  for (const chunk of chunks) {
    await copy.storeChunk(chunk);
    if (chunk === chunks[0]) await copy.compact();
  }
  expect(await copy.adopt(server.nodeId)).toBe('adopted');
  expect((await recordsOf(disk, SINGLE_DOT)).length).toBeGreaterThan(0.7 * count);
  return { copy, disk, pages };
}

describe('the dot index after a first copy in key order', () => {
  test('is read in pages of at most 1,024 keys', async () => {
    const { copy, pages } = await copiedInKeyOrder(4000);
    expect(await indexedNames(copy)).toEqual(await presentNames(copy));
    expect(Math.max(...pages)).toBe(PAGE_KEYS_MAX);
    expect(pages.length).toBe(Math.ceil(4000 / PAGE_KEYS_MAX));
  });

  test('is folded whole by one compaction, and keeps every pair', async () => {
    const { copy, disk } = await copiedInKeyOrder(7000);
    const before = await indexedNames(copy);
    expect(before).toHaveLength(7000);

    const folding = copy.compact();
    for (let slice = 0; slice < 4; slice++) {
      // Has its turn between two slices.
      await copy.pullerState([]);
      expect((await recordsOf(disk, SEGMENT)).filter(isMisplaced)).toEqual([]);
    }
    await folding;

    expect(await recordsOf(disk, SINGLE_DOT)).toEqual([]);
    const segments = await recordsOf(disk, SEGMENT);
    expect(segments.length).toBeLessThanOrEqual(2 * Math.ceil(7000 / PAGE_KEYS_MAX));
    const sizes = segments.map(([key, record]) => readRecord(key, record, decodeSegment).length);
    expect(Math.max(...sizes)).toBe(PAGE_KEYS_MAX);
    expect(await indexedNames(copy)).toEqual(before);
  });
});

/** Whether a segment is not found by the highest version that it lists. */
function isMisplaced([key, record]: StoredRecord): boolean {
  const highest = readRecord(key, record, decodeSegment).at(-1)?.version ?? 0;
  return Buffer.compare(key, segmentKey(readUint32(key, 1), highest)) !== 0;
}

/** Pairs and live pairs that the row of the actor numbered 0 counts, and the pairs that are in its index. */
async function indexFacts(store: OrderedStore): Promise<{ pairs: number; live: number; stored: number }> {
  const [row] = await recordsOf(store, ROW);
  if (row === undefined) throw new Error('the first actor has a row');
  const { pairs, live } = readRecord(row[0], row[1], decodeRow);
  let stored = 0;
  for (const prefix of [SEGMENT, SINGLE_DOT]) {
    for (const [key, record] of await recordsOf(store, prefix)) {
      const isOfFirst = key.subarray(1, 5).every((byte) => byte === 0);
      if (isOfFirst) stored += readRecord(key, record, decodeSegment).length;
    }
  }
  return { pairs, live, stored };
}

/** What runs in the background between commits has its turn, as often as it may need. */
async function letFoldingEnd(replica: StoredReplica): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await replica.pullerState([]);
}

describe('the dot index of an actor that writes no more', () => {
  const count = 3000;
  const name = (at: number): string => `k${at}`;

  async function reopened(disk: MemoryDisk): Promise<{ replica: StoredReplica; store: OrderedStore }> {
    const store = await disk.open();
    return { store, replica: await openTestReplica({ store, dotCacheBytes: DOT_CACHE_BYTES }) };
  }

  test('counts its live pairs across restarts', async () => {
    const disk = new MemoryDisk();
    const first = await reopened(disk);
    await fill(first.replica, count, name);
    await first.replica.close();
    const second = await reopened(disk);
    await fill(second.replica, 600, name);
    await second.replica.close();
    const third = await reopened(disk);
    expect(await indexFacts(third.store)).toEqual({ pairs: count, live: count - 600, stored: count });
  });

  test('is folded once most of what it wrote was replaced by later runs', async () => {
    const disk = new MemoryDisk();
    const first = await reopened(disk);
    await fill(first.replica, count, name);
    await first.replica.close();
    for (const from of [0, 1000]) {
      const { replica } = await reopened(disk);
      await fill(replica, 1000, (at) => name(from + at));
      await letFoldingEnd(replica);
      await replica.close();
    }
    const { replica, store } = await reopened(disk);
    await fill(replica, 1000, (at) => name(2000 + at));
    await letFoldingEnd(replica);
    const { pairs, live, stored } = await indexFacts(store);
    expect(live).toBe(0);
    expect(stored).toBe(pairs);
    expect(pairs).toBeLessThanOrEqual(PAGE_KEYS_MAX);
    expect(await indexedNames(replica)).toEqual(await presentNames(replica));
  });
});

describe('the dot index of an actor', () => {
  test('is folded when it holds over twice its live pairs and 1,024 more, not before', async () => {
    const store = await new MemoryDisk().open();
    const replica = await openTestReplica({ store, dotCacheBytes: DOT_CACHE_BYTES });
    const live = 10;
    await fill(replica, live, (at) => `k${at}`);
    // And so again.
    for (let folding = 0; folding < 2; folding++) {
      let pairs = live;
      for (; pairs < 2 * live + 1024; pairs++) await replica.write([put('k0', `${pairs}`)]);
      await letFoldingEnd(replica);
      expect(await indexFacts(store)).toEqual({ pairs, live, stored: pairs });

      await replica.write([put('k0', 'one more')]);
      await letFoldingEnd(replica);

      expect(await indexFacts(store)).toEqual({ pairs: live, live, stored: live });
      expect(await indexedNames(replica)).toEqual(await presentNames(replica));
    }
  });

  test('is folded no further than the slice under way when the store is closed', async () => {
    const disk = new MemoryDisk();
    const replica = await openTestReplica({ disk, dotCacheBytes: DOT_CACHE_BYTES });
    const live = 1000;
    const rounds = 6;
    const all = Array.from({ length: live }, (_, at) => `k${at}`);
    const writes = Array.from({ length: rounds }, (_, round) =>
      replica.write(all.map((key) => put(key, `${round}`))),
    );
    await Promise.all(writes);
    await replica.close();
    const store = await disk.open();
    const { pairs, stored, ...facts } = await indexFacts(store);
    expect(facts).toEqual({ live });
    expect(stored).toBe(pairs);
    expect(pairs).toBeLessThan(rounds * live);
    expect(pairs).toBeGreaterThan(live);
  });
});

describe('a stale pair', () => {
  test('is not taken for that of what was written under its key later', async () => {
    const replica = await openTestReplica();
    for (const value of ['1', '2']) await replica.write([put('k', value), put('l', value)]);
    await replica.write([put('k', '3')]);
    expect(await indexedNames(replica)).toHaveLength(2);
    expect(await indexedNames(replica)).toEqual(await presentNames(replica));
  });

  test("is not taken for that of another actor's entry, though both have the same key and version", async () => {
    const [a, b] = [await openTestReplica({ nodeId: 'a' }), await openTestReplica({ nodeId: 'b' })];
    for (const twin of [a, b]) await twin.write([put('k', twin.nodeId)]);
    const store = await new MemoryDisk().open();
    const replica = await openTestReplica({ nodeId: 'c', store });
    for (const twin of [a, b]) await pull(replica, twin);
    const [entry] = await presentEntries(replica);
    expect(entry).toMatchObject({ actor: b.runActor, version: a.state.last });
    expect(await indexedNames(replica)).toEqual(await presentNames(replica));

    await replica.compact();

    const pairs = (await recordsOf(store, SEGMENT)).map(([key, record]) =>
      readRecord(key, record, countPairs),
    );
    expect(pairs).toEqual([1]);
    expect(await indexedNames(replica)).toEqual(await presentNames(replica));
    await expectCountedPairs(store);
  });
});

describe('a single dot', () => {
  test('is listed though it lies above all segments, where the one above it was stale and is folded', async () => {
    const a = await openTestReplica({ nodeId: 'a' });
    const store = await new MemoryDisk().open();
    const b = await openTestReplica({ nodeId: 'b', store });
    for (const key of ['x', 'y', 'z']) await a.write([put(key, '1')]);
    const { chunks } = await readSession(b, a, 'version', 1);
    const take = async (at: number): Promise<void> => {
      const { after: _, ...chunk } = chunks[at] as ArrivedChunk;
      await b.storeChunk({ ...chunk, session: chunks[0]?.session });
    };
    for (const at of [0, 2]) await take(at);
    await b.write([put('z', '2')]);
    await b.compact();
    await take(1);
    expect(await recordsOf(store, SINGLE_DOT)).toHaveLength(1);
    expect(await indexedNames(b)).toEqual(await presentNames(b));
    await expectCountedPairs(store);
  });
});

describe('a segment of several batches', () => {
  test('gives what lies above a version, and of one batch nothing else', async () => {
    const replica = await openTestReplica();
    const batches = [['a'], ['b', 'c', 'd'], ['e']];
    for (const keys of batches) await replica.write(keys.map((key) => put(key, '1')));
    await replica.compact();
    const entries = await presentEntries(replica);
    const actor = replica.runActor as Actor;
    const pinned = await replica.pin([actor], 0n);
    if (pinned === undefined) throw new Error('the rest of the contexts is empty');
    for (const [at, { version }] of entries.entries()) {
      const scan = pinned.byVersion(actor, version);
      expect((await scan.next()) ?? []).toEqual(entries.slice(at + 1));
      await scan.close();
    }
    const found = await Promise.all(entries.map((entry) => pinned.batchOf(entry)));
    expect(found.map((batch) => batch.map(({ key }) => text(key)))).toEqual(
      batches.flatMap((keys) => keys.map(() => keys)),
    );
    await pinned.close();
  });
});

describe('the dot index of one large batch', () => {
  test('is in segments of at most 1,024 pairs', async () => {
    for (const [written, pairs] of [
      [1024, [1024]],
      [2049, [1024, 1024, 1]],
    ] as const) {
      const store = await new MemoryDisk().open();
      const replica = await openTestReplica({ store, dotCacheBytes: DOT_CACHE_BYTES });
      await replica.write(Array.from({ length: written }, (_, at) => put(`k${at}`, 'v')));
      const segments = await recordsOf(store, SEGMENT);
      const found = segments.map(([key, record]) => readRecord(key, record, decodeSegment).length);
      expect(found).toEqual(pairs);
      expect(await indexedNames(replica)).toEqual(await presentNames(replica));
    }
  });
});

describe('a damaged segment', () => {
  test('is folded once, not again at every commit', async () => {
    const inner = await new MemoryDisk().open();
    let attempts = 0;
    const store: OrderedStore = {
      ...inner,
      scan(range) {
        const scan = inner.scan(range);
        if (range.gt?.[0] !== SEGMENT) return scan;
        attempts++;
        return {
          next: async (count) => (await scan.next(count)).map(withFlippedBit),
          close: () => scan.close(),
        };
      },
    };
    const replica = await openTestReplica({ store, dotCacheBytes: DOT_CACHE_BYTES });
    for (let at = 0; at < 1300; at++) await replica.write([put('k', `${at}`)]);
    await letFoldingEnd(replica);
    expect(attempts).toBe(1);
    expect(replica.notServing()).toBe('a record on its disk is damaged');
    expect(replica.fenced).toBeUndefined();
  });
});

function withFlippedBit([key, record]: StoredRecord): StoredRecord {
  const value = record.slice();
  value[3] = (value[3] ?? 0) ^ 1;
  return [key, value];
}

describe('a batch of more bytes than a page', () => {
  test('is found whole, and a scan tells no more than it has handed out', async () => {
    const replica = await openTestReplica();
    await replica.write([put('before', 'v')]);
    await replica.write(Array.from({ length: 40 }, (_, at) => put(`key-${at}`, 'v'.repeat(100_000))));
    await replica.write([put('after', 'v')]);
    const [row] = replica.rows();
    if (row === undefined) throw new Error('the replica wrote');
    const pinned = await replica.pin([row.actor], 0n);
    if (pinned === undefined) throw new Error('the rest of the contexts differs');
    const scan = pinned.byVersion(row.actor, birthOf(row.actor));
    let handedOut = 0;
    for (let page = await scan.next(); page !== undefined; page = await scan.next()) {
      handedOut += page.length;
      // A mebibyte, and one entry more.
      expect(payloadBytes(page)).toBeLessThan(2 ** 20 + 100_100);
      expect(scan.lookedAt).toBe(page.at(-1)?.version);
    }
    await scan.close();
    expect(handedOut).toBe(42);
    for (const [key, entries] of [
      ['before', 1],
      ['key-7', 40],
      ['after', 1],
    ] as const) {
      const [entry] = await pinned.getMany([utf8(key)]);
      if (entry === undefined) throw new Error('it is there');
      expect(await pinned.batchOf(entry)).toHaveLength(entries);
    }
    await pinned.close();
  });
});
