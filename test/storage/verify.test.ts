import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { birthOf, makeActor, type NodeId } from '../../src/core/actor.ts';
import { readUint32, readUint64 } from '../../src/core/bytes.ts';
import { BoatoError } from '../../src/core/errors.ts';
import type { Version } from '../../src/core/version.ts';
import type {
  KeyRange,
  OrderedStore,
  Reader,
  Scan,
  StoredRecord,
  WriteOperation,
} from '../../src/ports/ordered-store.ts';
import { seal, unseal } from '../../src/storage/checksum.ts';
import { decodeDue, type DueDot, encodeDue } from '../../src/storage/due-record.ts';
import { encodeEntry, decodeEntry } from '../../src/storage/entry-record.ts';
import {
  ALL_BESIDE_ENTRIES,
  cloudKey,
  largeValueKey,
  IDENTITY_KEY,
  STATE_KEY,
  rowKey,
  segmentKey,
  spaceOf,
} from '../../src/storage/keyspace.ts';
import { FORMAT_VERSION, decodeState, encodeState } from '../../src/storage/meta-record.ts';
import { decodeRow, encodeRow } from '../../src/storage/row-record.ts';
import { decodeSegment, encodeSegment } from '../../src/storage/segment-record.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { contents, del, openTestReplica, put, utf8 } from '../support/replica-fixture.ts';
import { expectCountedPairs } from '../support/dot-names.ts';
import type { ArrivedChunk } from '../../src/ports/replica.ts';
import { forgetfulStore } from '../support/forgetful-store.ts';
import { pull, readSession } from '../support/pull.ts';

type FullRecord = ReturnType<typeof decodeRow>;
type Plant = (records: readonly StoredRecord[], store: OrderedStore) => Promise<void>;

const LIVE = 'v'.repeat(10_000);

/** A store with entries of every kind, among them loose and cloud dots, and some room in which damage can be planted. */
async function sample(): Promise<{ replica: StoredReplica; store: OrderedStore; peer: StoredReplica }> {
  const store = await new MemoryDisk().open();
  const replica = await openTestReplica({ store });
  const peer = await openTestReplica({ nodeId: 'b', random: createSeededRandom(2) });
  await peer.write([put('theirs', '1'), put('both', '1')]);
  await peer.write([put('their large', LIVE)]);
  await pull(replica, peer);
  await replica.write([put('one', '1'), put('two', '2')]);
  await replica.write([put('large', LIVE)]);
  await replica.write([put('large too', LIVE)]);
  await replica.write([put('soon', '1', 2_000_000_000_000)]);
  await replica.write([del('gone')]);
  await replica.write([put('one', '3')]);
  return { replica, store, peer };
}

async function recordsOf(store: OrderedStore): Promise<readonly StoredRecord[]> {
  const scan = store.scan({ gte: new Uint8Array(0) });
  const records = await scan.next(10_000);
  await scan.close();
  return records;
}

function inSpace(records: readonly StoredRecord[], space: string, at: number = 0): StoredRecord {
  const record = records.filter(([key]) => spaceOf(key) === space).at(at);
  if (record === undefined) throw new Error(`there is no record in ${space}`);
  return record;
}

async function write(store: OrderedStore, ...operations: WriteOperation[]): Promise<void> {
  await store.write(operations, { sync: true });
}

function putContent(key: Uint8Array, content: Uint8Array): WriteOperation {
  return { type: 'put', key, value: seal(key, content) };
}

function flip(space: string): Plant {
  return async (records, store) => {
    const [key, record] = inSpace(records, space);
    const value = record.slice();
    value[0] = (value[0] ?? 0) ^ 1;
    await write(store, { type: 'put', key, value });
  };
}

function remove(space: string): Plant {
  return (records, store) => write(store, { type: 'del', key: inSpace(records, space)[0] });
}

function removeAll(space: string): Plant {
  return (records, store) =>
    write(
      store,
      ...records.filter(([key]) => spaceOf(key) === space).map(([key]) => ({ type: 'del' as const, key })),
    );
}

/** Kinds and spaces that must be found, the example of the first, and how the damage is planted. */
const damages: readonly (readonly [
  name: string,
  found: readonly string[],
  example: string | RegExp,
  plant: Plant,
])[] = [
  ['a flipped entry', ['unreadable entry', 'sums-differ entry', 'row-differs row'], 'both', flip('entry')],
  ['a lost entry', ['sums-differ entry', 'row-differs row'], 'all entries', remove('entry')],
  ['a flipped large value', ['unreadable largeValue'], /^[ab]\+.* at \d+$/, flip('largeValue')],
  ['a lost large value', ['value-missing entry'], /large/, remove('largeValue')],
  [
    'a large value of another length',
    ['value-length entry'],
    /large/,
    async (records, store) => {
      const [key] = inSpace(records, 'largeValue');
      await write(store, putContent(key, new Uint8Array(5000)));
    },
  ],
  [
    'a large value that belongs to no entry',
    ['value-orphaned largeValue'],
    /^[ab]\+.* at 7$/,
    (_records, store) => write(store, putContent(largeValueKey(0, 7), new Uint8Array(5000))),
  ],
  [
    'a lost entry, whose large value is left',
    ['value-orphaned largeValue', 'sums-differ entry', 'row-differs row'],
    /^[ab]\+.* at \d+$/,
    async (records, store) => {
      const key = records
        .map(([stored]) => stored)
        .find((stored) => Buffer.from(stored).includes('large too'));
      await write(store, { type: 'del', key: key as Uint8Array });
    },
  ],
  ['a lost segment', ['not-indexed entry'], /./, remove('segment')],
  ['a flipped segment', ['unreadable segment', 'not-indexed entry'], /^[ab]\+.* at \d+$/, flip('segment')],
  [
    'a segment that lacks a pair',
    ['not-indexed entry'],
    /./,
    async (records, store) => {
      const [key, record] = inSpace(records, 'segment');
      const pairs = decodeSegment(unseal(key, record));
      const other = pairs.map((pair) => ({ ...pair, key: utf8('elsewhere') }));
      await write(store, putContent(key, encodeSegment(other)));
    },
  ],
  [
    'a segment that lists a key at another version only',
    ['not-indexed entry'],
    'theirs',
    async (records, store) => {
      const [key, record] = inSpace(records, 'segment');
      const [first, ...others] = decodeSegment(unseal(key, record));
      const other = { key: utf8('theirs'), version: ((first?.version ?? 0) - 1) as Version };
      await write(store, putContent(key, encodeSegment([other, ...others])));
    },
  ],
  [
    'a segment that lists other versions than its key says',
    ['unreadable segment'],
    /^[ab]\+.* at \d+$/,
    async (records, store) => {
      const [key, record] = inSpace(records, 'segment');
      const other = segmentKey(readUint32(key, 1), readUint64(key, 5) + 1);
      await write(store, { type: 'del', key }, putContent(other, unseal(key, record)));
    },
  ],
  ['a lost due record', ['not-due entry'], /gone|soon/, remove('due')],
  ['a flipped due record', ['unreadable due', 'not-due entry'], /gone|soon/, flip('due')],
  ['no due record at all', ['not-due entry'], /gone|soon/, removeAll('due')],
  ...(
    [
      ['version', (dot) => ({ ...dot, version: (dot.version + 1) as Version })],
      ['actor', (dot) => ({ ...dot, actorNo: 1 - dot.actorNo })],
    ] as const satisfies readonly (readonly [string, (dot: DueDot) => DueDot])[]
  ).map(
    ([what, change]) =>
      [
        `a due record of another ${what}`,
        ['not-due entry'],
        /gone|soon/,
        async (records: readonly StoredRecord[], store: OrderedStore) => {
          const [key, record] = inSpace(records, 'due');
          await write(store, putContent(key, encodeDue(change(decodeDue(unseal(key, record))))));
        },
      ] as const,
  ),
  [
    'a row of no actor that is known',
    ['row-differs row'],
    'unknown actor 99',
    async (records, store) => {
      const [key, record] = inSpace(records, 'row');
      await write(store, putContent(rowKey(99), unseal(key, record)));
    },
  ],
  [
    'a cloud dot under a key of another length',
    ['unreadable cloud'],
    '0300',
    (_records, store) => write(store, putContent(Uint8Array.of(0x03, 0), new Uint8Array(0))),
  ],
  ['a lost row', ['row-differs row'], /^[ab]\+/, remove('row')],
  ['a flipped row', ['unreadable row', 'row-differs row'], /^[ab]\+/, flip('row')],
  [
    'a row that claims more',
    ['row-differs row'],
    /^[ab]\+/,
    async (records, store) => {
      const [key, record] = inSpace(records, 'row');
      const row = decodeRow(unseal(key, record));
      await write(store, putContent(key, encodeRow({ ...row, received: (row.received + 1) as never }, row)));
    },
  ],
  ...(
    [
      ['is closed less far', (row) => ({ ...row, closed: (row.closed - 1) as never })],
      ['has more entries', (row) => ({ ...row, live: row.live + 1 })],
      ['has a cloud of another sum', (row) => ({ ...row, cloud: { ...row.cloud, sum: row.cloud.sum + 1n } })],
      [
        'has loose dots of another sum',
        (row) => ({ ...row, loose: { ...row.loose, sum: row.loose.sum + 1n } }),
      ],
      ['is of another actor', (row) => ({ ...row, actor: makeActor('z' as NodeId, birthOf(row.actor), 1) })],
    ] as const satisfies readonly (readonly [string, (row: FullRecord) => FullRecord])[]
  ).map(
    ([what, change]) =>
      [
        `a row that says it ${what}`,
        ['row-differs row'],
        /^[ab]\+/,
        async (records: readonly StoredRecord[], store: OrderedStore) => {
          const [key, record] = inSpace(records, 'row');
          const row = change(decodeRow(unseal(key, record)));
          await write(store, putContent(key, encodeRow(row, row)));
        },
      ] as const,
  ),
  [
    'a cloud dot too many',
    ['row-differs row'],
    /^[ab]\+/,
    (_records, store) => write(store, putContent(cloudKey(0, 2 ** 52), new Uint8Array(0))),
  ],
  ...(['all', 'permanent'] as const).map(
    (which) =>
      [
        `a sum of ${which} entries that was kept wrong`,
        ['sums-differ meta'],
        'state',
        async (records: readonly StoredRecord[], store: OrderedStore) => {
          const [key, record] = records.find(([stored]) => Buffer.compare(stored, STATE_KEY) === 0) ?? [];
          const state = decodeState(unseal(key as Uint8Array, record as Uint8Array));
          const wrong = { ...state, [which]: { count: 1, sum: 1n } };
          await write(store, putContent(key as Uint8Array, encodeState(wrong)));
        },
      ] as const,
  ),
  [
    'a lost name',
    ['missing meta'],
    'identity',
    (_records, store) => write(store, { type: 'del', key: IDENTITY_KEY }),
  ],
  [
    'a lost state',
    ['missing meta'],
    'state',
    (_records, store) => write(store, { type: 'del', key: STATE_KEY }),
  ],
  ['a flipped name', ['unreadable meta'], 'identity', flip('meta')],
  [
    'a name that is none',
    ['unreadable meta'],
    'identity',
    (_records, store) =>
      write(store, putContent(IDENTITY_KEY, Uint8Array.of(FORMAT_VERSION, 1, 0x20, 1, 0x20))),
  ],
  [
    'an entry that was put in the place of another',
    ['sums-differ entry', 'not-indexed entry'],
    'all entries',
    async (records, store) => {
      const [key, record] = inSpace(records, 'entry');
      const entry = decodeEntry(unseal(key, record));
      const version = (entry.version + 100) as typeof entry.version;
      const older = { ...entry, tombstone: false, version, first: version, last: version };
      await write(store, putContent(key, encodeEntry(entry.actorNo, older)));
    },
  ],
  [
    'a record of no key space',
    ['unknown unknown'],
    '77aa',
    (_records, store) =>
      write(store, { type: 'put', key: Uint8Array.of(0x77, 0xaa), value: new Uint8Array(1) }),
  ],
];

describe('a verification', () => {
  test('finds a store sound, whatever was written, merged, collected or compacted', async () => {
    const step = fc.tuple(
      fc.constantFrom('a', 'b'),
      fc.constantFrom('put', 'del', 'expiring', 'large', 'pull', 'compact', 'give up'),
      fc.constantFrom('x', 'y', 'z'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const stores = { a: await new MemoryDisk().open(), b: await new MemoryDisk().open() };
        const nodes = {
          a: await openTestReplica({ store: stores.a }),
          b: await openTestReplica({ store: stores.b, nodeId: 'b', random: createSeededRandom(2) }),
        };
        for (const [node, what, key] of steps) {
          const [own, other] = node === 'a' ? [nodes.a, nodes.b] : [nodes.b, nodes.a];
          if (what === 'put') await own.write([put(key, '1'), put(`${key}${key}`, '2')]);
          if (what === 'large') await own.write([put(key, LIVE)]);
          if (what === 'expiring') await own.write([put(key, '1', 2_000_000_000_000)]);
          if (what === 'del') await own.write([del(key)]);
          if (what === 'pull') await pull(own, other);
          if (what === 'compact') await own.compact();
          if (what === 'give up') await own.giveUp('a test wants it');
        }
        for (const name of ['a', 'b'] as const) {
          const replica = nodes[name];
          await expectCountedPairs(stores[name]);
          expect(await replica.check()).toBeUndefined();
          const { findings } = await replica.verify(false);
          expect(findings.problems).toEqual([]);
          expect(findings.records.entry ?? 0).toBe(replica.state.all.count);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('tells how far it came, while it runs, each time from the beginning', async () => {
    const { replica, store } = await sample();
    const { length } = await recordsOf(store);
    expect(replica.verifying).toBeUndefined();
    for (let time = 0; time < 2; time++) {
      const looked: (number | undefined)[] = [];
      await replica.verify(false, () => {
        looked.push(replica.verifying);
        return false;
      });
      expect(looked.at(0)).toBe(length);
      expect(replica.verifying).toBeUndefined();
    }
  });

  test('finds a store sound while writes go on', async () => {
    const { replica } = await sample();
    const through = new AbortController();
    const writing = (async () => {
      for (let index = 0; !through.signal.aborted; index++) {
        await replica.write([
          put(`key-${index % 50}`, index % 3 === 0 ? LIVE : '1'),
          del(`key-${(index * 7) % 50}x`),
        ]);
        if (index % 20 === 0) await replica.compact();
      }
    })();
    for (let round = 0; round < 20; round++)
      expect((await replica.verify(false)).findings.problems).toEqual([]);
    through.abort();
    await writing;
    expect(replica.notServing()).toBeUndefined();
  });

  test.each(damages)('finds %s, and repairs it', async (_name, found, example, plant) => {
    const { replica, store, peer } = await sample();
    const before = await contents(replica);
    await plant(await recordsOf(store), store);
    const { findings } = await replica.verify(false);
    const kinds = findings.problems.map(({ kind, space }) => `${kind} ${space}`);
    expect(kinds).toEqual(expect.arrayContaining([...found]));
    const isHarmless = found.every((kind) => /^(?:value-orphaned|unknown) /.test(kind));
    // Damage that is planted alone is found alone.
    expect(isHarmless ? kinds : found).toEqual(found);
    const first = findings.problems.find(({ kind, space }) => `${kind} ${space}` === found[0]);
    expect(first?.count).toBeGreaterThan(0);
    expect(first?.example).toMatch(example);
    // Damage that was found counts as damage that was met.
    expect(replica.notServing() === undefined).toBe(isHarmless);

    const repaired = await replica.verify(true);
    expect(repaired.repair).toMatchObject({ gaveUp: !isHarmless, sound: true });
    expect((await replica.verify(false)).findings.problems).toEqual([]);
    expect(replica.notServing()).toBeUndefined();
    expect(replica.isHealing()).toBe(!isHarmless);
    // What only this node held and was not damaged is still here.
    const after = await contents(replica);
    expect(Object.keys(before).filter((key) => !(key in after)).length).toBeLessThanOrEqual(1);
    await pull(replica, peer);
    expect(await contents(replica)).toMatchObject({ theirs: '1' });
  });

  test('reads each record once where all is sound, and so does a check', async () => {
    const disk = await new MemoryDisk().open();
    let scans = 0;
    const store: OrderedStore = {
      ...disk,
      snapshot() {
        const snapshot = disk.snapshot();
        const scan = (range: KeyRange): Scan => {
          scans++;
          return snapshot.scan(range);
        };
        return { ...snapshot, scan };
      },
    };
    const replica = await openTestReplica({ store });
    const peer = await openTestReplica({ nodeId: 'b', random: createSeededRandom(2) });
    for (const key of ['x', 'y', 'z', 'later']) await peer.write([put(key, LIVE)]);
    await replica.write([put('one', LIVE), put('soon', '1', 2_000_000_000_000), del('gone')]);
    const { chunks } = await readSession(replica, peer, 'version', 1);
    for (const at of [2, 1, 0]) {
      const { after: _, ...chunk } = chunks[at] as ArrivedChunk;
      await replica.storeChunk({ ...chunk, session: at === 2 ? chunks[0]?.session : undefined });
    }
    // Stale pairs, and one in the cloud.
    await replica.write([put('x', '1'), put('one', LIVE), put('soon', '2', 2_000_000_000_001)]);
    const spaces = new Set((await recordsOf(store)).map(([key]) => spaceOf(key)));
    expect([...spaces]).toEqual(
      expect.arrayContaining(['largeValue', 'segment', 'singleDot', 'due', 'cloud', 'session']),
    );

    expect((await replica.verify(false)).findings.problems).toEqual([]);
    expect(scans).toBe(1);
    expect(await replica.check()).toBeUndefined();
    expect(scans).toBe(2 + 1 + ALL_BESIDE_ENTRIES.length - 1);
  });

  test("finds the large value of a dot whose key holds another actor's entry of the same version", async () => {
    const twins = [
      await openTestReplica({ nodeId: 'a' }),
      await openTestReplica({ nodeId: 'b', random: createSeededRandom(2) }),
    ];
    const store = await new MemoryDisk().open();
    const replica = await openTestReplica({ nodeId: 'c', store });
    const values: StoredRecord[] = [];
    for (const twin of twins) {
      await twin.write([put('k', `${twin.nodeId}${LIVE}`)]);
      await pull(replica, twin);
      values.push(inSpace(await recordsOf(store), 'largeValue'));
    }
    const [[key, value] = []] = values;
    expect(twins[0]?.state.last).toBe(twins[1]?.state.last);
    await write(store, { type: 'put', key: key as Uint8Array, value: value as Uint8Array });
    expect(await replica.verify(true)).toMatchObject({
      findings: { problems: [{ kind: 'value-orphaned', count: 1 }] },
      repair: { removed: 1, sound: true },
    });
  });

  test('that repairs has on disk what it removes, and the names that it writes anew', async () => {
    const store = await forgetfulStore();
    const replica = await openTestReplica({ store });
    await replica.write([put('k', LIVE)]);
    for (const [plant, removed] of [
      [(): Promise<void> => write(store, putContent(largeValueKey(0, 7), new Uint8Array(5000))), 1],
      [async (): Promise<void> => flip('meta')(await recordsOf(store), store), 0],
    ] as const) {
      await plant();
      expect((await replica.verify(true)).repair).toMatchObject({ removed, sound: true });
      const disk = await store.afterPowerLoss(store.batches, () => false);
      const again = await openTestReplica({ disk });
      // After an unclean stop: pairs that were made anew may be lost.
      await again.check();
      expect((await again.verify(false)).findings.problems).toEqual([]);
    }
  });

  test('finds damage that was met when the store was opened', async () => {
    const disk = new MemoryDisk();
    const first = await openTestReplica({ disk });
    await first.write([put('a', '1')]);
    await first.close();
    const store = await disk.open();
    await flip('row')(await recordsOf(store), store);
    const replica = await openTestReplica({ store });
    const { findings } = await replica.verify(false);
    expect(findings.problems.map(({ kind }) => kind)).toContain('marked');
    expect((await replica.verify(true)).repair?.sound).toBe(true);
  });

  test('can be called off', async () => {
    const { replica } = await sample();
    await expect(replica.verify(true, () => true)).rejects.toMatchObject({ code: 'ABORTED' });
    expect(replica.isHealing()).toBe(false);
  });

  test('counts what it looks at', async () => {
    const { replica } = await sample();
    const { findings } = await replica.verify(false);
    expect(findings.records).toMatchObject({ entry: 9, largeValue: 3, due: 2, row: 2 });
  });
});

describe('a part of the database that cannot be read', () => {
  /** Scans end with `error` before their end, as those of LevelDB do where a block is damaged. */
  async function unreadable(
    error: Error,
    isRead: (range: KeyRange) => boolean = () => true,
  ): Promise<StoredReplica> {
    const inner = await new MemoryDisk().open();
    let isBad = false;
    const failing = <T extends Reader>(reader: T): T => ({
      ...reader,
      scan(range) {
        const scan = reader.scan(range);
        if (!isBad || !isRead(range)) return scan;
        return {
          next: async (count) => {
            const page = await scan.next(count);
            if (page.length === 0) throw error;
            return page;
          },
          close: () => scan.close(),
        };
      },
    });
    const store = { ...failing(inner), snapshot: () => failing(inner.snapshot()) };
    const replica = await openTestReplica({ store });
    await replica.write([put('a', '1')]);
    isBad = true;
    return replica;
  }

  const damage = new BoatoError('RECORD_DAMAGED', 'A block cannot be read.');

  test('is found by a verification, which tells nothing else, and counts as damage', async () => {
    const replica = await unreadable(damage);
    const { findings, repair } = await replica.verify(false);
    expect(findings.problems).toEqual([
      { kind: 'file-unreadable', space: 'unknown', count: 1, example: 'the database' },
    ]);
    expect(repair).toBeUndefined();
    expect(replica.notServing()).toBe('a record on its disk is damaged');
    expect(replica.isUnreadable).toBe(false);
    expect(replica.fenced).toBeUndefined();
  });

  test('is left to be copied by a repair, which does nothing else', async () => {
    const replica = await unreadable(damage);
    const { repair } = await replica.verify(true);
    expect(repair).toEqual({ gaveUp: false, copies: true, removed: 0, sound: false });
    expect(replica.isUnreadable).toBe(true);
    expect(replica.fenced?.message).toContain('must be copied');
  });

  test.each<[string, (replica: StoredReplica) => Promise<unknown>]>([
    ['a check', (replica) => replica.check()],
    ['giving up', (replica) => replica.giveUp('a test wants it')],
  ])('fences the store where %s meets it, to be copied', async (_, meet) => {
    const replica = await unreadable(damage);
    await expect(meet(replica)).rejects.toMatchObject({
      code: 'STORE_FENCED',
      message: expect.stringContaining('must be copied'),
    });
    expect(replica.isUnreadable).toBe(true);
    expect(replica.state.damaged).toBe(true);
    expect(replica.fenced).toMatchObject({
      code: 'STORE_FENCED',
      cause: expect.objectContaining({ code: 'RECORD_DAMAGED' }),
    });
    expect(replica.isHealing()).toBe(false);
  });

  test('for a while only, beside the entries, makes no check give up', async () => {
    const error = new BoatoError('STORE_UNREADABLE', 'Too many files are open.');
    const replica = await unreadable(error, ({ gte }) => gte?.[0] === 0x30);
    await expect(replica.check()).rejects.toBe(error);
    expect(replica.notServing()).toBeUndefined();
    expect(replica.isHealing()).toBe(false);
  });

  test.each<[string, (replica: StoredReplica) => Promise<unknown>]>([
    ['a verification', (replica) => replica.verify(false)],
    ['a repair', (replica) => replica.verify(true)],
    ['a check', (replica) => replica.check()],
    ['giving up', (replica) => replica.giveUp('a test wants it')],
  ])('for a while only fails %s, and is no damage', async (_, meet) => {
    const error = new BoatoError('STORE_UNREADABLE', 'Too many files are open.');
    const replica = await unreadable(error);
    await expect(meet(replica)).rejects.toBe(error);
    expect(replica.notServing()).toBeUndefined();
    expect(replica.isUnreadable).toBe(false);
    expect(replica.fenced).toBeUndefined();
  });
});
