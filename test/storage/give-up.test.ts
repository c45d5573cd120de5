import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { type Actor, birthOf } from '../../src/core/actor.ts';
import { assert } from '../../src/core/assert.ts';
import { SUM_ZERO } from '../../src/core/context.ts';
import type { OrderedStore } from '../../src/ports/ordered-store.ts';
import { readRecord, seal, unseal } from '../../src/storage/checksum.ts';
import { damaged } from '../../src/storage/damage.ts';
import { segmentKey, singleDotKey } from '../../src/storage/keyspace.ts';
import { decodeState, encodeState } from '../../src/storage/meta-record.ts';
import { countPairs } from '../../src/storage/segment-record.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import type { Write } from '../../src/storage/write.ts';
import { expectCountedPairs, indexedNames, presentNames } from '../support/dot-names.ts';
import { forgetfulStore } from '../support/forgetful-store.ts';
import { expectInvariants } from '../support/invariants.ts';
import { pull, readSession } from '../support/pull.ts';
import { contents, del, openTestReplica, presentEntries, put } from '../support/replica-fixture.ts';
import {
  type Choice,
  countRecords,
  type Damage,
  damageRecord,
  flipped,
  isCloudDot,
  isDue,
  isEntry,
  isLargeValue,
  isProgress,
  isRow,
  isSegment,
  isSession,
  isSingleDot,
  isState,
  vanished,
} from './damage-fixture.ts';

const TTL_MS = 20_000;
const LARGE = 'v'.repeat(10_000);

let clock: SimulatedClock;
let seed: number;

beforeEach(() => {
  clock = new SimulatedClock();
  seed = 0;
});

function open(disk: MemoryDisk, nodeId: string = 'n'): Promise<StoredReplica> {
  return openTestReplica({ nodeId, disk, clock, tombstoneTtlMs: TTL_MS, random: createSeededRandom(++seed) });
}

/** A node with entries of every kind of its own, within a session with another one, and with a dot in its cloud. */
async function fullNode(disk: MemoryDisk): Promise<StoredReplica> {
  const server = await open(new MemoryDisk(), 's');
  for (const name of ['x', 'y', 'z']) await server.write([put(name, 'theirs')]);
  const node = await open(disk);
  await node.write([put('good', '1'), put('bad', '1')]);
  await node.write([put('large', LARGE)]);
  await node.write([put('brief', '1', clock.wallMs() + 60_000)]);
  await node.write([put('deleted', '1')]);
  await node.write([del('deleted')]);
  const { chunks } = await readSession(node, server, 'version', 1);
  for (const chunk of chunks.slice(0, 2)) await node.storeChunk(chunk);
  await clock.advance(10);
  await node.write([put('x', 'mine')]);
  return node;
}

async function fullDisk(stop: 'clean' | 'unclean'): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const node = await fullNode(disk);
  if (stop === 'unclean') return disk.copy();
  await node.close();
  return disk;
}

/** All that `fullNode` holds. */
const CONTENTS = {
  good: '1',
  bad: '1',
  large: LARGE,
  brief: '1',
  deleted: 'x',
  x: 'mine',
  y: 'theirs',
};

function without(...names: string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(CONTENTS).filter(([name]) => !names.includes(name)));
}

/** Of as many entries. */
function withSum(which: 'all' | 'permanent'): Damage {
  return (record, key) => {
    const state = decodeState(unseal(key, record));
    return seal(key, encodeState({ ...state, [which]: { ...state[which], sum: state[which].sum + 1n } }));
  };
}

describe.each(['clean', 'unclean'] as const)('after a stop that was %s, a check', (stop) => {
  test('of what is sound finds nothing, and the node serves', async () => {
    const replica = await open(await fullDisk(stop));
    expect(replica.notServing()).toBe(
      stop === 'clean' ? undefined : 'it checks its entries after an unclean stop',
    );
    const hash = replica.contextHash();
    expect(await replica.check()).toBeUndefined();
    expect(replica.checking).toBeUndefined();
    expect(replica.notServing()).toBeUndefined();
    expect(replica.contextHash()).toBe(hash);
    expect(replica.isHealing()).toBe(false);
  });

  test.each<[string, Choice, Damage, string, string[]]>([
    ['an entry that vanished', isEntry('bad'), vanished, '1 entries are missing', ['bad']],
    ['an expiring entry that vanished', isEntry('brief'), vanished, '1 entries are missing', ['brief']],
    ['a tombstone that vanished', isEntry('deleted'), vanished, '1 entries are missing', ['deleted']],
    ['a flipped bit', isEntry('bad'), flipped, '1 records cannot be read', ['bad']],
    ['a damaged large value', isLargeValue, flipped, '1 records cannot be read', ['large']],
    ['a large value that vanished', isLargeValue, vanished, '1 records cannot be read', ['large']],
    [
      'an entry of a large value that vanished',
      isEntry('large'),
      vanished,
      '1 entries are missing',
      ['large'],
    ],
    [
      'a damaged segment of the dot index',
      isSegment,
      flipped,
      'records beside the entries cannot be read',
      [],
    ],
    ['a segment of the dot index that vanished', isSegment, vanished, 'are missing', []],
    ['a damaged due record', isDue, flipped, 'records beside the entries cannot be read', []],
    ['a due record that vanished', isDue, vanished, 'are missing', []],
    ['a damaged row', isRow, flipped, '1 records cannot be read', ['y']],
    ['a damaged dot of the cloud', isCloudDot, flipped, 'records beside the entries cannot be read', []],
    ['a damaged state', isState, flipped, 'records beside the entries cannot be read', []],
    ['a state that vanished', isState, vanished, 'records beside the entries cannot be read', []],
    ['a sum over all entries that is another one', isState, withSum('all'), 'do not add up', []],
    ['a sum over permanent entries that is another one', isState, withSum('permanent'), 'do not add up', []],
    ['a damaged session', isSession, flipped, 'records beside the entries cannot be read', []],
    ['damaged progress of a session', isProgress, flipped, 'records beside the entries cannot be read', []],
  ])('finds %s, and gives up', async (_, choose, damage, sentence, lost) => {
    const disk = await fullDisk(stop);
    await damageRecord(disk, choose, damage);
    const replica = await open(disk);
    expect(await replica.check()).toContain(sentence);
    expect(replica.notServing()).toBeUndefined();
    expect(replica.isHealing()).toBe(true);
    expect(await contents(replica)).toEqual(without(...lost));
    await expectInvariants(replica, []);
    expect(await replica.check()).toBeUndefined();
    expect((await replica.verify(false)).findings.problems).toEqual([]);
    await replica.close();

    const again = await open(disk);
    expect(again.notServing()).toBeUndefined();
    expect(again.isHealing()).toBe(true);
    expect(await again.check()).toBeUndefined();
    expect(await contents(again)).toEqual(without(...lost));
    await expectInvariants(again, []);
  });

  test('finds what a record says that was stored for another key', async () => {
    const disk = await fullDisk(stop);
    let other: Uint8Array | undefined;
    await damageRecord(disk, isEntry('good'), (record) => {
      other = record;
      return record;
    });
    await damageRecord(disk, isEntry('bad'), () => other);
    const replica = await open(disk);
    expect(await replica.check()).toBe('1 records cannot be read');
    expect(await contents(replica)).toEqual(without('bad'));
  });
});

describe('while a check after an unclean stop is not done', () => {
  test('reads and writes go on, nothing is served, and how far it came is told', async () => {
    const replica = await open(await fullDisk('unclean'));
    expect(replica.checking).toEqual({ done: 0, total: 7 });
    await replica.write([put('new', '1')]);
    expect(await contents(replica)).toEqual({ ...CONTENTS, new: '1' });
    expect(replica.notServing()).toBe('it checks its entries after an unclean stop');
    expect(await replica.check()).toBeUndefined();
    expect(replica.notServing()).toBeUndefined();
  });

  test('what is written while it reads is no damage', async () => {
    const replica = await open(await fullDisk('unclean'));
    const checking = replica.check();
    await Promise.all([replica.write([put('new', '1')]), replica.write([del('good')])]);
    expect(await checking).toBeUndefined();
    expect(await replica.check()).toBeUndefined();
  });

  test('it tells how many entries it has looked at', async () => {
    const replica = await open(await fullDisk('unclean'));
    const done: (number | undefined)[] = [];
    const looking = replica.check(() => {
      done.push(replica.checking?.done);
      return false;
    });
    expect(await looking).toBeUndefined();
    expect([done.at(0), done.at(-1)]).toEqual([0, 7]);
  });

  test('a stop leaves it to the next start', async () => {
    const disk = await fullDisk('unclean');
    const replica = await open(disk);
    await expect(replica.check(() => true)).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await replica.close();
    const again = await open(disk);
    expect(again.checking).toEqual({ done: 0, total: 7 });
  });
});

describe('giving up the context', () => {
  test('keeps every entry, all of them loose, and forgets what was seen and what was collected', async () => {
    const replica = await fullNode(new MemoryDisk());
    await clock.advance(60_000 + TTL_MS);
    expect((await replica.collect()).collected).toBeGreaterThan(0);
    expect(replica.state.horizon).toBeGreaterThan(0);
    const before = await presentEntries(replica);
    const { last, all, permanent } = replica.state;
    await replica.giveUp('a test wants it');
    expect(await presentEntries(replica)).toEqual(before);
    expect(replica.state).toMatchObject({
      last,
      all,
      permanent,
      horizon: 0,
      healing: true,
      bootstrapping: false,
    });
    for (const row of replica.rows()) {
      const birth = birthOf(row.actor);
      expect(row).toMatchObject({ received: birth, closed: birth, cloud: SUM_ZERO });
    }
    expect(replica.counts).toMatchObject({ cloudDots: 0, looseDots: before.length });
    await expectInvariants(replica, before);
  });

  test('rebuilds the dot index, so that every entry is served, and the due index', async () => {
    const disk = new MemoryDisk();
    const replica = await fullNode(disk);
    expect(await countRecords(disk, isSegment)).toBeGreaterThan(2);
    await replica.giveUp('a test wants it');
    expect(await countRecords(disk, isSingleDot)).toBe(0);
    expect(await countRecords(disk, isSegment)).toBeGreaterThan(0);
    expect(await countRecords(disk, isDue)).toBe(2);
    for (const choose of [isCloudDot, isSession, isProgress])
      expect(await countRecords(disk, choose)).toBe(0);
    const puller = await open(new MemoryDisk(), 'p');
    expect(await pull(puller, replica)).toBe('adopted');
    expect(await contents(puller)).toEqual(CONTENTS);
    // Not the whole past travelled: nothing is claimed but what came.
    for (const row of puller.rows()) expect(row.received).toBe(birthOf(row.actor));
  });

  test('rebuilds the dot index of several actors in segments of at most 1,024 pairs', async () => {
    const store = await new MemoryDisk().open();
    const replica = await openTestReplica({ nodeId: 'n', store, clock });
    const other = await open(new MemoryDisk(), 'o');
    const names = (count: number, of: string): Write[] =>
      Array.from({ length: count }, (_, at) => put(`${of}/${at}`, ''));
    await replica.write(names(1100, 'n'));
    await other.write(names(1000, 'o'));
    await pull(replica, other);
    await replica.giveUp('a test wants it');
    const scan = store.scan({ gte: segmentKey(0, 0), lt: singleDotKey(0, 0) });
    const segments = await scan.next(100);
    await scan.close();
    // 2,048 pairs are sorted at once, so those of the second actor come in two parts.
    expect(segments.map(([key, record]) => readRecord(key, record, countPairs))).toEqual([1024, 76, 948, 52]);
    expect(await indexedNames(replica)).toEqual(await presentNames(replica));
    await expectCountedPairs(store);
  });

  test('indexes again what the dot index had lost', async () => {
    const disk = await fullDisk('clean');
    await damageRecord(disk, isSegment, vanished);
    const replica = await open(disk);
    await replica.giveUp('a test wants it');
    const puller = await open(new MemoryDisk(), 'p');
    await pull(puller, replica);
    expect(await contents(puller)).toEqual(CONTENTS);
  });

  test('begins a new actor, which has no predecessor, above all that was seen', async () => {
    const replica = await fullNode(new MemoryDisk());
    const before = replica.runActor;
    const { last } = replica.state;
    await replica.giveUp('a test wants it');
    expect(replica.runActor).toBeUndefined();
    await replica.write([put('after', '1')]);
    const actor = replica.runActor as Actor;
    expect(actor).not.toBe(before);
    expect(birthOf(actor)).toBeGreaterThan(last);
    expect(replica.row(actor)?.predecessor).toBeUndefined();
  });

  test('keeps the highest version even if its entry is lost, also over a restart', async () => {
    const disk = new MemoryDisk();
    const replica = await fullNode(disk);
    const { last } = replica.state;
    // The entry of the highest version.
    await replica.close();
    await damageRecord(disk, isEntry('x'), flipped);
    const damagedOne = await open(disk);
    expect(await damagedOne.check()).toBe('1 records cannot be read');
    expect(damagedOne.state.last).toBe(last);
    await damagedOne.close();
    const again = await open(disk);
    expect(again.state.last).toBe(last);
    await again.write([put('x', 'new')]);
    expect(birthOf(again.runActor as Actor)).toBeGreaterThan(last);
  });

  test('lets writes of that moment wait, and loses none of them', async () => {
    const disk = new MemoryDisk();
    const replica = await fullNode(disk);
    const writes = ['before', 'meanwhile'].map((name) => () => replica.write([put(name, '1')]));
    const first = writes[0]?.();
    const given = replica.giveUp('a test wants it');
    const second = writes[1]?.();
    await Promise.all([first, given, second]);
    expect(await contents(replica)).toEqual({ ...CONTENTS, before: '1', meanwhile: '1' });
    await expectInvariants(replica, await presentEntries(replica));
    expect(await replica.check()).toBeUndefined();
    await replica.close();
    const again = await open(disk);
    expect(await again.check()).toBeUndefined();
    expect(await contents(again)).toEqual({ ...CONTENTS, before: '1', meanwhile: '1' });
  });

  test('voids sessions, those that are stored and those that were just opened', async () => {
    const replica = await fullNode(new MemoryDisk());
    const server = await open(new MemoryDisk(), 'q');
    await server.write([put('q', '1')]);
    const { chunks } = await readSession(replica, server);
    expect(await replica.storedSessions()).toHaveLength(1);
    const { epoch } = replica;
    await replica.giveUp('a test wants it');
    expect(replica.epoch).not.toBe(epoch);
    expect(await replica.storedSessions()).toEqual([]);
    const [chunk] = chunks;
    assert(chunk !== undefined, 'a session has a chunk');
    await expect(replica.storeChunk(chunk)).rejects.toMatchObject({ code: 'SESSION_VOID' });
    await expect(replica.adopt(server.nodeId)).rejects.toMatchObject({ code: 'SESSION_VOID' });
    expect(await contents(replica)).toEqual(CONTENTS);
  });

  test('ends collection until it is healed, which a restart does not forget', async () => {
    const disk = new MemoryDisk();
    const replica = await fullNode(disk);
    await replica.giveUp('a test wants it');
    await clock.advance(60_000 + TTL_MS);
    expect(await replica.collect()).toEqual({ collected: 0, kept: 0 });
    await replica.close();
    const again = await open(disk);
    expect(again.isHealing()).toBe(true);
    expect(await again.collect()).toEqual({ collected: 0, kept: 0 });
    await again.endHealing();
    expect(again.isHealing()).toBe(false);
    await again.close();
    expect((await open(disk)).isHealing()).toBe(false);
  });

  test('is on disk before anything that counts on it, as is damage that was noted', async () => {
    const store = await forgetfulStore();
    const replica = await openTestReplica({ store, clock });
    const afterPowerLoss = async (): Promise<StoredReplica> =>
      openTestReplica({ disk: await store.afterPowerLoss(store.batches, () => false), clock });
    await replica.write([put('a', '1')]);
    await replica.noteDamage(damaged('is damaged'));
    expect((await afterPowerLoss()).notServing()).toBe('a record on its disk is damaged');
    await replica.giveUp('a test wants it');
    const again = await afterPowerLoss();
    expect(again.isHealing()).toBe(true);
    expect(again.state.damaged).toBe(false);
    await replica.endHealing();
    expect((await afterPowerLoss()).isHealing()).toBe(false);
  });

  test('twice is once', async () => {
    const disk = new MemoryDisk();
    const replica = await fullNode(disk);
    await Promise.all([replica.giveUp('a test wants it'), replica.giveUp('and another')]);
    expect(await contents(replica)).toEqual(CONTENTS);
    await expectInvariants(replica, await presentEntries(replica));
    expect(await replica.check()).toBeUndefined();
  });

  test('that a crash ends at any write is begun again, and finds the same', async () => {
    let outcome = '';
    let writes = -1;
    while (outcome !== 'done') {
      writes++;
      const disk = new MemoryDisk();
      const node = await fullNode(disk);
      await node.close();
      await damageRecord(disk, isEntry('bad'), flipped);
      const { store, reset } = await failingAfter(disk);
      const replica = await openTestReplica({
        nodeId: 'n',
        store,
        clock,
        random: createSeededRandom(++seed),
      });
      reset(writes);
      outcome = await replica.check().then(
        () => 'done',
        (error: { code: string }) => error.code,
      );
      const left = await disk.copy();
      const again = await open(left);
      await again.check();
      expect(again.notServing()).toBeUndefined();
      expect(again.isHealing()).toBe(true);
      expect(await contents(again)).toEqual(without('bad'));
      await expectInvariants(again, []);
      expect(await again.check()).toBeUndefined();
      expect(['done', 'STORE_FENCED']).toContain(outcome);
    }
    expect(writes).toBeGreaterThan(5);
  });
});

/** The disk's store, whose writes fail after so many more. */
async function failingAfter(
  disk: MemoryDisk,
): Promise<{ readonly store: OrderedStore; reset: (writes: number) => void }> {
  const store = await disk.open();
  let left = Number.POSITIVE_INFINITY;
  return {
    store: {
      ...store,
      write: (operations, options) => {
        if (left-- <= 0) return Promise.reject(new Error('the machine is off'));
        return store.write(operations, options);
      },
    },
    reset: (writes) => {
      left = writes;
    },
  };
}

describe('two checks that find the same damage', () => {
  test('give up the context once', async () => {
    const disk = await fullDisk('clean');
    await damageRecord(disk, isEntry('bad'), flipped);
    const replica = await open(disk);
    const { epoch } = replica;
    const found = await Promise.all([replica.check(), replica.check()]);
    expect(found).toEqual(['1 records cannot be read', undefined]);
    expect(replica.epoch).toBe(epoch + 1);
  });
});
