import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import type { ArrivedChunk, NewSession } from '../../src/ports/replica.ts';
import { seal } from '../../src/storage/checksum.ts';
import { IDENTITY_KEY, STATE_KEY } from '../../src/storage/keyspace.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import {
  contents,
  del,
  openTestReplica,
  presentEntries,
  put,
  text,
  utf8,
} from '../support/replica-fixture.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { pull, readSession } from '../support/pull.ts';
import {
  type Choice,
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
  isState,
  vanished,
} from './damage-fixture.ts';

/** A disk with some keys, one of them with a large value, one deleted, of which a record is damaged. */
async function damagedDisk(choose: Choice, damage: Damage = flipped): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const replica = await openTestReplica({ disk });
  await replica.write([put('good', '1')]);
  await replica.write([put('large', 'v'.repeat(10_000))]);
  await replica.write([put('bad', '1')]);
  await replica.write([del('gone')]);
  await replica.close();
  await damageRecord(disk, choose, damage);
  return disk;
}

describe('a damaged record', () => {
  test('fails its read with a code of its own, and no other', async () => {
    const replica = await openTestReplica({ disk: await damagedDisk(isEntry('bad')) });
    await expect(replica.getMany([utf8('bad')])).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    expect((await replica.getMany([utf8('good')]))[0]).toMatchObject({ tombstone: false });
    await expect(contents(replica)).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
  });

  test('ends serving, also after a restart', async () => {
    const disk = await damagedDisk(isEntry('bad'));
    const replica = await openTestReplica({ disk });
    expect(replica.notServing()).toBeUndefined();
    await expect(replica.getMany([utf8('bad')])).rejects.toThrow('serves no peer');
    expect(replica.notServing()).toBe('a record on its disk is damaged');
    await replica.close();
    const again = await openTestReplica({ disk });
    expect(again.notServing()).toBe('a record on its disk is damaged');
  });

  test('is told to the log once, however often it is met', async () => {
    const log = new RecordingLog();
    const replica = await openTestReplica({ disk: await damagedDisk(isEntry('bad')), log });
    for (let read = 0; read < 2; read++)
      await expect(replica.get(utf8('bad'))).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    expect(log.lines).toEqual([
      expect.stringMatching(/^error A record on disk does not match its checksum/u),
    ]);
  });

  test('is not written over, because what it held is not known; other keys are', async () => {
    const replica = await openTestReplica({ disk: await damagedDisk(isEntry('bad')) });
    const outcomes = await Promise.allSettled([
      replica.write([put('bad', '2')]),
      replica.write([put('good', '2')]),
      replica.write([put('new', '1'), put('bad', '3')]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected']);
    expect(await replica.getMany([utf8('new')])).toEqual([undefined]);
    expect(replica.notServing()).toBe('a record on its disk is damaged');
  });

  test('lets nothing of a chunk, or of a comparison, be taken that has its key', async () => {
    const server = await openTestReplica({ nodeId: 's' });
    await server.write([put('before', '2'), put('bad', '2')]);
    const entries = await presentEntries(server);
    const disk = await damagedDisk(isEntry('bad'));
    const takes: ((replica: StoredReplica, chunk: ArrivedChunk) => Promise<unknown>)[] = [
      (replica, chunk) => replica.storeChunk(chunk),
      (replica, { session }) => {
        const differences = entries.map(({ key, actor, version }) => ({ key, theirs: { actor, version } }));
        return replica.settle({ session: session as NewSession, differences, entries });
      },
    ];
    for (const take of takes) {
      const replica = await openTestReplica({ disk: await disk.copy() });
      const [chunk] = (await readSession(replica, server)).chunks;
      const hash = replica.contextHash();
      await expect(take(replica, chunk as ArrivedChunk)).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
      expect(await replica.getMany([utf8('before')])).toEqual([undefined]);
      expect(replica.contextHash()).toBe(hash);
      expect(await replica.storedSessions()).toEqual([]);
    }
  });

  test('is found by a collection that meets it', async () => {
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ disk: await damagedDisk(isDue), clock });
    await clock.advance(30_000);
    await expect(replica.collect()).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    expect(replica.notServing()).toBe('a record on its disk is damaged');
  });

  test('is found by a compaction that meets it', async () => {
    const replica = await openTestReplica({ disk: await damagedDisk(isSegment) });
    await expect(replica.compact()).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    expect(replica.notServing()).toBe('a record on its disk is damaged');
  });

  test.each<[string, Damage]>([
    ['of which a bit is flipped', flipped],
    ['that vanished', vanished],
    ['that is longer than its entry says', (_, key) => seal(key, new Uint8Array(10_001))],
  ])('is found in a large value %s', async (_, damage) => {
    const disk = await damagedDisk(isLargeValue, damage);
    const reads: ((replica: StoredReplica) => Promise<unknown>)[] = [
      (replica) => replica.get(utf8('large')),
      (replica) => replica.getMany([utf8('good'), utf8('large')]),
      (replica) => presentEntries(replica),
    ];
    for (const read of reads) {
      const replica = await openTestReplica({ disk: await disk.copy() });
      expect(await replica.get(utf8('good'))).toBeDefined();
      await expect(read(replica)).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
      expect(replica.notServing()).toBe('a record on its disk is damaged');
    }
  });

  test('is found in the dot index, by whoever is served from it', async () => {
    const replica = await openTestReplica({ disk: await damagedDisk(isSegment) });
    const puller = await openTestReplica({ nodeId: 'b' });
    await expect(pull(puller, replica)).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    expect(replica.notServing()).toBe('a record on its disk is damaged');
  });
});

/** A disk in the middle of a session: entries of two actors, a dot in the cloud, and how far the session came. */
async function diskWithinSession(): Promise<MemoryDisk> {
  const clock = new SimulatedClock();
  const server = await openTestReplica({ nodeId: 's', clock });
  for (const name of ['x', 'y', 'z']) await server.write([put(name, '1')]);
  const disk = new MemoryDisk();
  const replica = await openTestReplica({ disk, clock });
  await replica.write([put('own', 'acknowledged')]);
  const { chunks } = await readSession(replica, server, 'version', 1);
  for (const chunk of chunks.slice(0, 2)) await replica.storeChunk(chunk);
  await replica.write([put('x', '2')]);
  await replica.close();
  return disk;
}

describe('a damaged record outside of entries', () => {
  test.each([
    ['session', isSession, '1'],
    ['progress of a session', isProgress, '1'],
    ['row of another actor', isRow, 'damaged'],
    ['dot of a cloud', isCloudDot, '1'],
    ['state', isState, '1'],
  ])('leaves the folder open to reads: the %s', async (_, choose, other) => {
    const disk = await diskWithinSession();
    await damageRecord(disk, choose, flipped);

    const replica = await openTestReplica({ disk });

    expect(replica.notServing()).toBe('a record on its disk is damaged');
    const own = await replica.getMany([utf8('own'), utf8('x')]);
    expect(own.map((entry) => text(entry?.value ?? utf8('')))).toEqual(['acknowledged', '2']);
    const [read] = await Promise.allSettled([replica.getMany([utf8('y')])]);
    const shown = read.status === 'fulfilled' ? text(read.value[0]?.value ?? utf8('')) : 'damaged';
    expect(shown).toBe(other);
    expect(await replica.write([put('new', '1')])).toMatchObject({ wereLive: [false] });
    expect(replica.fenced).toBeUndefined();
    await replica.close();
    const again = await openTestReplica({ disk });
    expect(again.notServing()).toBe('a record on its disk is damaged');
  });

  test('makes the sums anew where theirs are lost, of what can be read', async () => {
    const disk = await diskWithinSession();
    const more = await openTestReplica({ disk });
    await more.write([put('bad', '1'), put('brief', '1', 4e12), del('deleted')]);
    await more.close();
    const sound = await openTestReplica({ disk: await disk.copy() });
    await damageRecord(disk, isState, flipped);
    const replica = await openTestReplica({ disk: await disk.copy() });
    expect(replica.state.all).toEqual(sound.state.all);
    expect(replica.state.permanent).toEqual(sound.state.permanent);
    expect(await replica.count()).toBe(await sound.count());
    await damageRecord(disk, isEntry('bad'), flipped);
    const other = await openTestReplica({ disk });
    expect(other.state.all.count).toBe(sound.state.all.count - 1);
    expect(other.state.permanent.count).toBe(sound.state.permanent.count - 1);
  });
});

describe('a lost dot of the cloud', () => {
  test('is missed when the folder is opened, by the sum that its row keeps', async () => {
    const disk = await diskWithinSession();
    await damageRecord(disk, isCloudDot, vanished);
    const replica = await openTestReplica({ disk });
    expect(replica.notServing()).toBe('a record on its disk is damaged');
    expect(await replica.check()).toBeDefined();
    expect(replica.isHealing()).toBe(true);
  });
});

describe('a lost state', () => {
  test('is missed when the folder is opened, by the rows that are there, and its sums are made anew', async () => {
    const disk = await diskWithinSession();
    const sound = await openTestReplica({ disk: await disk.copy() });
    await damageRecord(disk, isState, vanished);
    const replica = await openTestReplica({ disk });
    expect(replica.notServing()).toBe('a record on its disk is damaged');
    expect(replica.state).toMatchObject({ all: sound.state.all, permanent: sound.state.permanent });
    // What is there is not taken for new.
    expect(await replica.write([put('own', '2')])).toMatchObject({ wereLive: [true] });
    expect(replica.state.all.count).toBe(sound.state.all.count);
    expect(await replica.check()).toBeDefined();
    expect(replica.isHealing()).toBe(true);
    expect((await replica.verify(false)).findings.problems).toEqual([]);
  });

  test.each([
    ['state', STATE_KEY],
    ['name', IDENTITY_KEY],
  ])('is missed by a check while the store is open, and so is a lost %s', async (_name, key) => {
    const store = await new MemoryDisk().open();
    const replica = await openTestReplica({ store });
    expect(await replica.check()).toBeUndefined();
    await replica.write([put('own', '1')]);
    await store.write([{ type: 'del', key }], { sync: true });
    expect(await replica.check()).toMatch(/beside the entries .* are missing/);
    expect(replica.isHealing()).toBe(true);
    expect(await replica.check()).toBeUndefined();
  });

  test('is none before the first commit', async () => {
    const disk = new MemoryDisk();
    await (await openTestReplica({ disk })).close();
    const replica = await openTestReplica({ disk });
    expect(replica.notServing()).toBeUndefined();
    expect(replica.wasClean).toBe(true);
  });
});

describe('a lost row', () => {
  test('leaves the folder open to reads though the sums are lost, too', async () => {
    const disk = await diskWithinSession();
    for (const choose of [isRow, isState]) await damageRecord(disk, choose, flipped);
    const replica = await openTestReplica({ disk });
    expect(replica.notServing()).toBe('a record on its disk is damaged');
    expect(text((await replica.get(utf8('own')))?.value ?? utf8(''))).toBe('acknowledged');
    // Its number is not given to another actor.
    await replica.write([put('new', '1')]);
    await expect(replica.getMany([utf8('y')])).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    await replica.check();
    expect((await replica.verify(false)).findings.problems).toEqual([]);
  });

  test('fails writes to its keys as damaged, and fences nothing', async () => {
    const disk = await diskWithinSession();
    await damageRecord(disk, isRow, vanished);
    const replica = await openTestReplica({ disk });

    await expect(replica.write([put('y', '2')])).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });

    expect(replica.notServing()).toBe('a record on its disk is damaged');
    expect(replica.fenced).toBeUndefined();
    expect(await replica.write([put('own', '2')])).toMatchObject({ wereLive: [true] });
  });

  test('does not pass for that of an actor that comes later', async () => {
    const disk = await diskWithinSession();
    await damageRecord(disk, isRow, vanished);
    const replica = await openTestReplica({ disk });
    await replica.write([put('new', '1')]);

    await expect(replica.getMany([utf8('y')])).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    await expect(replica.write([put('y', '2')])).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    expect(replica.fenced).toBeUndefined();
  });
});
