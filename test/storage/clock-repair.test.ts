import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { type Actor, birthOf, nodeIdOf } from '../../src/core/actor.ts';
import { receivedVersionMax } from '../../src/core/drift.ts';
import { compareDots, type Entry } from '../../src/core/entry.ts';
import { BoatoError } from '../../src/core/errors.ts';
import type { Version } from '../../src/core/version.ts';
import type { ArrivedChunk, PinnedState } from '../../src/ports/replica.ts';
import { Fingerprints } from '../../src/core/fingerprint.ts';
import { type Beside, readBeside } from '../../src/storage/beside.ts';
import { ALL_CLOUD_DOTS, entryKey } from '../../src/storage/keyspace.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { Cluster } from '../support/cluster.ts';
import { expectCountedPairs, indexedNames, presentNames } from '../support/dot-names.ts';
import { forgetfulStore } from '../support/forgetful-store.ts';
import { faultyStore } from '../support/faulty-store.ts';
import { expectInvariants } from '../support/invariants.ts';
import { liveValues } from '../support/naive-replica.ts';
import { pull, readSession } from '../support/pull.ts';
import {
  contents,
  del,
  hash64,
  openTestReplica,
  presentEntries,
  put,
  text,
  utf8,
} from '../support/replica-fixture.ts';

/** Of replicas of the fixture. */
const MAX_DRIFT_MS = 30_000;
/** So long that no node begins a new actor because of a leap of its clock. */
const ONE_ACTOR_TTL_MS = 1e9;

const limitAt = (clock: { wallMs(): number }): Version => receivedVersionMax(clock.wallMs(), MAX_DRIFT_MS);
const LARGE = 'x'.repeat(10_000);

function highestKnown(replica: StoredReplica): number {
  return Math.max(
    replica.state.last,
    replica.state.horizon,
    ...replica.rows().map(({ received }) => received),
  );
}

/** What an entry is, but for its dot. */
function shapeOf({ key, value, tombstone, expiresAt }: Entry): unknown {
  return { key: text(key), value: text(value), tombstone, expiresAt };
}

describe('a repair', () => {
  test('with nothing to do changes nothing, not even on disk', async () => {
    const disk = new MemoryDisk();
    const store = faultyStore(await disk.open(), Number.POSITIVE_INFINITY, new Error('never'));
    const replica = await openTestReplica({ store });
    await replica.write([put('a', '1')]);
    const before = { writes: store.writes, hash: replica.contextHash(), epoch: replica.epoch };
    expect(await replica.repairClock(true)).toEqual({ removed: 0, rewritten: 0, others: 0, gaveUp: false });
    expect({ writes: store.writes, hash: replica.contextHash(), epoch: replica.epoch }).toEqual(before);
    expect(replica.holdsFuture()).toBe(false);
  });

  test('leaves what lies exactly at the limit, and takes out what lies one version over it', async () => {
    for (const over of [0, 1]) {
      const clock = new SimulatedClock();
      const replica = await openTestReplica({ clock, tombstoneTtlMs: ONE_ACTOR_TTL_MS });
      await replica.write([put('old', '1')]);
      clock.leap(2 * MAX_DRIFT_MS);
      // In this millisecond the first write has the version at which it begins, and the second one more.
      for (let at = 0; at <= over; at++) await replica.write([put(`k${at}`, '1')]);
      clock.leap(-2 * MAX_DRIFT_MS);
      expect(replica.state.last).toBe(limitAt(clock) + over);
      expect(replica.holdsFuture()).toBe(over === 1);
      expect(await replica.repairClock(false)).toMatchObject({ removed: over, rewritten: over, others: 0 });
      // The actor that ends at the limit is not the predecessor of the new one.
      expect(replica.rows().filter(({ predecessor }) => predecessor !== undefined)).toEqual([]);
      await expectInvariants(replica, await presentEntries(replica));
    }
  });

  test('lets own writes be accepted again, also after reopening, and keeps all that the node wrote', async () => {
    const disk = new MemoryDisk();
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ disk, clock });
    await replica.write([put('before', '1'), put('replaced', '1')]);
    clock.leap(3_600_000);
    const farMs = clock.wallMs();
    await replica.write([put('replaced', '2'), put('large', LARGE), del('deleted')]);
    await replica.write([put('expiring', '3', farMs + 5000)]);
    await replica.write([put('last', '4')]);
    clock.leap(-3_600_000);
    await expect(replica.write([put('refused', '5')])).rejects.toMatchObject({
      code: 'CLOCK_AHEAD',
      message: expect.stringContaining('store clock repair'),
    });
    const before = await presentEntries(replica);

    expect(await replica.repairClock(false)).toMatchObject({ removed: 5, rewritten: 5, others: 0 });

    const after = await presentEntries(replica);
    expect(after.map(shapeOf)).toEqual(before.map(shapeOf));
    await expectInvariants(replica, after);
    // One after another, from the limit on; the batch is one still.
    const rewritten = after.filter(({ key }) => text(key) !== 'before').toSorted(compareDots);
    expect(rewritten.map(({ key }) => text(key))).toEqual([
      'replaced',
      'large',
      'deleted',
      'expiring',
      'last',
    ]);
    expect(rewritten.map(({ first, last, version }) => [first - version, last - version])).toEqual([
      [0, 2],
      [-1, 1],
      [-2, 0],
      [0, 0],
      [0, 0],
    ]);
    const actor = rewritten[0]?.actor;
    expect(new Set(rewritten.map((entry) => entry.actor))).toEqual(new Set([actor]));
    expect(replica.row(actor as never)?.predecessor).toBeUndefined();
    expect(highestKnown(replica)).toBeLessThanOrEqual(limitAt(clock) + 8);
    await replica.write([put('accepted', '6')]);

    for (const stopped of ['killed', 'clean']) {
      const copy = stopped === 'clean' ? disk : await disk.copy();
      if (stopped === 'clean') await replica.close();
      const reopened = await openTestReplica({ disk: copy, clock, random: createSeededRandom(2) });
      expect(reopened.state.last).toBe(replica.state.last);
      expect(await reopened.check()).toBeUndefined();
      expect((await reopened.verify(false)).findings.problems).toEqual([]);
      await reopened.write([put('accepted', stopped)]);
      await expectInvariants(reopened, await presentEntries(reopened));
      await reopened.close();
    }
  });

  test('after damage was given up lets the floor of versions fall, too', async () => {
    const disk = new MemoryDisk();
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ disk, clock });
    clock.leap(3_600_000);
    await replica.write([put('a', '1')]);
    await replica.giveUp('a test says so');
    clock.leap(-3_600_000);
    await replica.repairClock(false);
    await replica.write([put('b', '1')]);
    await replica.close();
    const reopened = await openTestReplica({ disk, clock, random: createSeededRandom(2) });
    await reopened.write([put('c', '1')]);
    expect(await contents(reopened)).toEqual({ a: '1', b: '1', c: '1' });
    await expectInvariants(reopened, await presentEntries(reopened));
  });

  test('cuts rows born below the limit back to it, forgets those born above it, and lets the horizon fall', async () => {
    const disk = new MemoryDisk();
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ disk, clock, tombstoneTtlMs: 1e9 });
    await replica.write([put('a', '1')]);
    const [born] = replica.rows();
    clock.leap(1e8);
    await replica.write([put('b', '1'), del('a')]);
    await replica.close();
    const second = await openTestReplica({
      disk,
      clock,
      random: createSeededRandom(2),
      tombstoneTtlMs: 1000,
    });
    await second.write([put('c', '1')]);
    clock.leap(5000);
    expect(await second.collect()).toEqual({ collected: 1, kept: 0 });
    expect(second.rows()).toHaveLength(2);
    clock.leap(-1e8 - 5000);

    expect(await second.repairClock(false)).toMatchObject({ removed: 2, rewritten: 2, others: 0 });

    const limit = limitAt(clock);
    expect(second.state.horizon).toBe(limit);
    expect(second.row(born?.actor as never)).toMatchObject({ received: limit, closed: limit });
    const [, fresh] = second.rows();
    expect(second.rows()).toHaveLength(2);
    expect(birthOf(fresh?.actor as never)).toBe(limit + 1);
    expect(await contents(second)).toEqual({ b: '1', c: '1' });
    await expectInvariants(second, await presentEntries(second));
  });

  test('takes a batch that ends above the limit out as a whole', async () => {
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ clock, tombstoneTtlMs: ONE_ACTOR_TTL_MS });
    await replica.write([put('old', '1')]);
    clock.leap(2 * MAX_DRIFT_MS);
    await replica.write([put('a', '1'), put('b', '1')]);
    clock.leap(-2 * MAX_DRIFT_MS);
    expect(replica.state.last).toBe(limitAt(clock) + 1);
    const other = await openTestReplica({ nodeId: 'b', clock });
    await pull(other, replica);
    const { actor } = (await presentEntries(other))[0] as Entry;
    expect(await other.repairClock(false)).toMatchObject({ removed: 2, rewritten: 0, others: 2 });
    expect(await contents(other)).toEqual({ old: '1' });
    // Not seen any more: when its time has come it is taken whole.
    expect(other.row(actor)?.received).toBe(birthOf(actor));
    await expectInvariants(other, await presentEntries(other));
    await pull(other, replica);
    expect(await contents(other)).toEqual({ old: '1', a: '1', b: '1' });
    // Of rows that are not given up the actor's falls to what lies before the batch.
    const { actor: own } = (await presentEntries(replica))[0] as Entry;
    expect(await replica.repairClock(false)).toMatchObject({ removed: 2, rewritten: 2, others: 0 });
    expect(replica.row(own)?.received).toBe(limitAt(clock) - 1);
    await expectInvariants(replica, await presentEntries(replica));
  });

  test("counts other nodes' entries, and writes them again only with `all`", async () => {
    for (const all of [false, true]) {
      const clock = new SimulatedClock();
      const [a, b] = [await openTestReplica({ clock }), await openTestReplica({ nodeId: 'b', clock })];
      await a.write([put('shared', 'old')]);
      await b.write([put('mine', '1')]);
      await pull(b, a);
      clock.leap(3_600_000);
      await a.write([put('shared', 'far'), put('theirs', LARGE)]);
      await pull(b, a);
      await b.write([put('own', '2')]);
      clock.leap(-3_600_000);

      expect(await b.repairClock(all)).toMatchObject({ removed: 3, rewritten: all ? 3 : 1, others: 2 });

      // What was overwritten is gone here.
      expect(await contents(b)).toEqual({
        mine: '1',
        own: '2',
        ...(all ? { shared: 'far', theirs: LARGE } : {}),
      });
      const entries = await presentEntries(b);
      await expectInvariants(b, entries);
      expect(entries.every(({ actor }) => nodeIdOf(actor) === 'b')).toBe(true);
      await b.write([put('mine', '2')]);
      // Its own node writes them again.
      expect(await a.repairClock(false)).toMatchObject({ removed: 2, rewritten: 2, others: 0 });
      await pull(b, a);
      expect(await contents(b)).toMatchObject({ shared: 'far', theirs: LARGE, mine: '2' });
    }
  });

  test('writes batches of other nodes again as batches, though they were written at the same time', async () => {
    const clock = new SimulatedClock();
    const [a, b] = [await openTestReplica({ clock }), await openTestReplica({ nodeId: 'b', clock })];
    const c = await openTestReplica({ nodeId: 'c', clock });
    clock.leap(3_600_000);
    await a.write([put('a/1', '1'), put('a/2', '1')]);
    await c.write([put('c/1', '1'), put('c/2', '1')]);
    for (const other of [a, c]) await pull(b, other);
    clock.leap(-3_600_000);
    expect(await b.repairClock(true)).toMatchObject({ removed: 4, rewritten: 4, others: 4 });
    const ends = (await presentEntries(b)).map(({ version, first, last }) => [version - first, last - first]);
    expect(ends).toEqual([
      [0, 1],
      [1, 1],
      [0, 1],
      [1, 1],
    ]);
  });

  test('drops loose entries and cloud dots above the limit, stored sessions and the epoch', async () => {
    const disk = new MemoryDisk();
    const clock = new SimulatedClock();
    const [a, b] = [await openTestReplica({ clock }), await openTestReplica({ nodeId: 'b', disk, clock })];
    await b.write([put('x', '0')]);
    for (const key of ['near', 'also', 'replaced']) await a.write([put(key, '1')]);
    clock.leap(3_600_000);
    for (const key of ['far', 'x', 'farther']) await a.write([put(key, '1')]);
    const { chunks } = await readSession(b, a, 'version', 1);
    for (const chunk of chunks.slice(0, -1)) await b.storeChunk(chunk);
    // Loose dots, one of them above the limit, are replaced, and go to the cloud.
    for (const key of ['far', 'replaced']) await b.write([put(key, '2')]);
    expect(b.counts).toMatchObject({ cloudDots: 2, looseDots: 3 });
    const { epoch } = b;
    clock.leap(-3_600_000);

    expect(await b.repairClock(false)).toMatchObject({ removed: 3, rewritten: 2, others: 1 });

    expect(b.counts).toMatchObject({ cloudDots: 0, looseDots: 2 });
    expect(b.epoch).toBe(epoch + 1);
    expect(await b.storedSessions()).toEqual([]);
    await expect(b.storeChunk(chunks.at(-1) as never)).rejects.toMatchObject({ code: 'SESSION_VOID' });
    const left = { near: '1', also: '1', far: '2', replaced: '2' };
    expect(await contents(b)).toEqual(left);
    await expectInvariants(b, await presentEntries(b));
    await b.close();
    const reopened = await openTestReplica({ nodeId: 'b', disk, clock, random: createSeededRandom(2) });
    expect(reopened.notServing()).toBeUndefined();
    expect(reopened.counts).toMatchObject({ cloudDots: 0, looseDots: 2 });
    expect(await contents(reopened)).toEqual(left);
  });

  test('keeps the cloud dots up to the limit where the context is kept', async () => {
    const clock = new SimulatedClock();
    const store = await new MemoryDisk().open();
    const options = { clock, tombstoneTtlMs: ONE_ACTOR_TTL_MS };
    const [a, b] = [
      await openTestReplica(options),
      await openTestReplica({ ...options, nodeId: 'b', store }),
    ];
    for (const key of ['first', 'below']) await a.write([put(key, '1')]);
    await b.write([put('own', '1')]);
    clock.leap(2 * MAX_DRIFT_MS);
    // The first of this millisecond lies at the limit, the next ones above it.
    for (const key of ['at', 'over', 'last']) await a.write([put(key, '1')]);
    const { chunks } = await readSession(b, a, 'version', 1);
    for (const chunk of chunks.slice(0, 4)) await b.storeChunk(chunk);
    for (const key of ['below', 'at', 'over']) await b.write([put(key, '2')]);
    const { epoch } = b;
    const cloud = async (): Promise<readonly Version[]> => {
      const [row] = (await b.pullerState([a.runActor as Actor])).rows;
      return row?.cloudVersions ?? [];
    };
    const before = await cloud();
    clock.leap(-2 * MAX_DRIFT_MS);
    const limit = limitAt(clock);
    expect(before.map((version) => Math.sign(version - limit))).toEqual([-1, 0, 1]);

    expect(await b.repairClock(false)).toMatchObject({ removed: 3, rewritten: 3, gaveUp: false });

    expect(await cloud()).toEqual(before.slice(0, 2));
    expect(b.epoch).toBe(epoch + 1);
    await expect(b.storeChunk(chunks[4] as ArrivedChunk)).rejects.toMatchObject({ code: 'SESSION_VOID' });
    await expectInvariants(b, await presentEntries(b));
    expect((await b.verify(false)).findings.problems).toEqual([]);
    await expectCountedPairs(store);
  });

  test('that gives up the context lets what comes back be listed beside what was there', async () => {
    const clock = new SimulatedClock();
    const store = await new MemoryDisk().open();
    const [a, b] = [await openTestReplica({ clock }), await openTestReplica({ nodeId: 'b', clock, store })];
    const c = await openTestReplica({ nodeId: 'c', clock });
    for (const key of ['x', 'y']) await a.write([put(key, '1')]);
    await pull(b, a);
    clock.leap(3_600_000);
    await c.write([put('y', 'far')]);
    await pull(b, c);
    clock.leap(-3_600_000);
    expect(await b.repairClock(false)).toMatchObject({ removed: 1, rewritten: 0, gaveUp: true });
    await pull(b, a);
    expect(await contents(b)).toEqual({ x: '1', y: '1' });
    expect(await indexedNames(b)).toEqual(await presentNames(b));
    // A folding lists each once.
    await b.compact();
    const { pairsByNo } = (await readBeside(store, new Fingerprints(hash64), () => {})) as Beside;
    expect([...pairsByNo.values()]).toEqual([2]);
    expect(await indexedNames(b)).toEqual(await presentNames(b));
  });

  test('leaves no index record above the limit, whether of segments or of single dots, and those below', async () => {
    const disk = new MemoryDisk();
    const clock = new SimulatedClock();
    const store = await disk.open();
    const options = { clock, tombstoneTtlMs: ONE_ACTOR_TTL_MS };
    const [a, b] = [
      await openTestReplica(options),
      await openTestReplica({ ...options, nodeId: 'b', store }),
    ];
    for (const key of ['a', 'b']) await a.write([put(key, '1')]);
    clock.leap(2 * MAX_DRIFT_MS);
    // The first of this millisecond lies at the limit.
    for (const key of ['c', 'd', 'e', 'f']) await a.write([put(key, '1')]);
    const { chunks } = await readSession(b, a, 'key', 1);
    const session = chunks[0]?.session;
    const take = async (at: number): Promise<void> => {
      const { after: _, ...chunk } = chunks[at] as ArrivedChunk;
      await b.storeChunk({ ...chunk, session: at === 3 ? session : undefined });
    };
    // One segment across the limit, one above it, and a single dot.
    for (const at of [3, 0, 1, 2]) await take(at);
    await b.compact();
    for (const at of [5, 4]) await take(at);
    clock.leap(-2 * MAX_DRIFT_MS);
    expect(await b.repairClock(false)).toMatchObject({ removed: 3, others: 3 });
    expect(b.state.last).toBeLessThanOrEqual(limitAt(clock));
    await expectCountedPairs(store);
    expect((await b.verify(false)).findings.problems).toEqual([]);
    await b.write([put('own', '1')]);
    await b.close();
    const reopened = await openTestReplica({ nodeId: 'b', disk, clock, random: createSeededRandom(3) });
    await reopened.write([put('own', '2')]);
    expect(await contents(reopened)).toEqual({ a: '1', b: '1', c: '1', own: '2' });
    await reopened.endHealing();
    expect(await indexedNames(reopened)).toEqual(await presentNames(reopened));
    await expectInvariants(reopened, await presentEntries(reopened));
  });

  test('lets versions fall that only a stale pair of the index tells of', async () => {
    const disk = new MemoryDisk();
    const clock = new SimulatedClock();
    const first = await openTestReplica({ disk, clock, tombstoneTtlMs: ONE_ACTOR_TTL_MS });
    await first.write([put('near', '1')]);
    clock.leap(3_600_000);
    await first.write([put('far', '1')]);
    await first.close();
    // Another actor replaces it: nothing of the first one lies above the limit but its pair.
    const replica = await openTestReplica({ disk, clock, random: createSeededRandom(2) });
    await replica.write([put('far', '2')]);
    clock.leap(-3_600_000);
    expect(await replica.repairClock(false)).toMatchObject({ removed: 1, rewritten: 1 });
    expect(replica.state.last).toBeLessThanOrEqual(limitAt(clock) + 2);
    await replica.write([put('accepted', '1')]);
    await expectInvariants(replica, await presentEntries(replica));
  });

  test('is on disk when it is answered', async () => {
    const clock = new SimulatedClock();
    const store = await forgetfulStore();
    const replica = await openTestReplica({ store, clock });
    clock.leap(3_600_000);
    await replica.write([put('a', '1')]);
    clock.leap(-3_600_000);
    await replica.repairClock(false);
    const disk = await store.afterPowerLoss(store.batches, () => false);
    const reopened = await openTestReplica({ disk, clock, random: createSeededRandom(2) });
    expect(reopened.holdsFuture()).toBe(false);
    expect(await contents(reopened)).toEqual({ a: '1' });
  });

  test('does not disturb a scan that is open, though it reads of actors that are known no more', async () => {
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ clock });
    clock.leap(3_600_000);
    await replica.write([put('a', '1'), put('large', LARGE)]);
    const scan = replica.scan({});
    clock.leap(-3_600_000);
    await replica.repairClock(false);
    expect((await scan.next())?.map(({ key }) => text(key))).toEqual(['a', 'large']);
    await scan.close();
    expect(replica.state.damaged).toBe(false);
  });

  test('leaves those who hold an older state an entry without its batch where its actor is known no more', async () => {
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ clock, tombstoneTtlMs: 1000 });
    await replica.write([put('near', '1')]);
    clock.leap(3_600_000);
    await replica.write([put('a', '1'), put('b', '1')]);
    const pinned = (await replica.pin([], replica.contextHash())) as PinnedState;
    const [entry] = (await pinned.getMany([utf8('a')])) as [Entry];
    expect(await pinned.batchOf(entry)).toHaveLength(2);
    clock.leap(-3_600_000);
    await replica.repairClock(false);
    expect(await pinned.batchOf(entry)).toEqual([entry]);
    await pinned.close();
  });

  test('whose write fails fences the store, and leaves on disk what was there', async () => {
    const disk = new MemoryDisk();
    const clock = new SimulatedClock();
    const fault = new Error('no space left on device');
    const store = faultyStore(await disk.open(), 3, fault);
    const replica = await openTestReplica({ store, clock });
    clock.leap(3_600_000);
    await replica.write([put('a', '1')]);
    clock.leap(-3_600_000);
    await expect(replica.repairClock(false)).rejects.toMatchObject({ code: 'STORE_FENCED', cause: fault });
    await replica.close();
    const reopened = await openTestReplica({ disk, clock, random: createSeededRandom(2) });
    expect(await reopened.check()).toBeUndefined();
    expect(await contents(reopened)).toEqual({ a: '1' });
    expect(await reopened.repairClock(false)).toMatchObject({ removed: 1, rewritten: 1, others: 0 });
    await reopened.write([put('b', '1')]);
  });

  test('after an unclean stop checks the entries first, and of damage gives up the context', async () => {
    const disk = new MemoryDisk();
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ disk, clock });
    await replica.write([put('near', '1')]);
    clock.leap(3_600_000);
    await replica.write([put('a', '1')]);
    await replica.write([put('b', '1')]);
    clock.leap(-3_600_000);
    const copy = await disk.copy();
    const store = await copy.open();
    await store.write([{ type: 'del', key: entryKey(utf8('a')) }], { sync: true });
    await store.close();
    const reopened = await openTestReplica({ disk: copy, clock, random: createSeededRandom(2) });
    expect(await reopened.repairClock(false)).toMatchObject({ removed: 1, rewritten: 1, others: 0 });
    expect(reopened.fenced).toBeUndefined();
    expect(reopened.notServing()).toBeUndefined();
    expect(reopened.isHealing()).toBe(true);
    expect(await contents(reopened)).toEqual({ near: '1', b: '1' });
    await expectInvariants(reopened, []);
  });

  test('that finds an entry missing changes nothing, and leaves the damage to be seen to', async () => {
    const disk = new MemoryDisk();
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ disk, clock });
    clock.leap(3_600_000);
    await replica.write([put('a', '1')]);
    await replica.write([put('b', '1')]);
    clock.leap(-3_600_000);
    await replica.close();
    const store = await disk.open();
    await store.write([{ type: 'del', key: entryKey(utf8('a')) }], { sync: true });
    await store.close();
    const reopened = await openTestReplica({ disk, clock, random: createSeededRandom(2) });
    await expect(reopened.repairClock(false)).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    expect(reopened.fenced).toBeUndefined();
    expect(reopened.state.damaged).toBe(true);
    expect(await reopened.repairClock(false)).toMatchObject({ removed: 1, rewritten: 1 });
    expect(await contents(reopened)).toEqual({ b: '1' });
  });

  test('of a store that is known to be damaged gives up the context first', async () => {
    const disk = new MemoryDisk();
    const clock = new SimulatedClock();
    clock.leap(3_600_000);
    const [a, b] = [
      await openTestReplica({ clock }),
      await openTestReplica({ nodeId: 'b', disk, clock, random: createSeededRandom(5) }),
    ];
    for (const key of ['x', 'y', 'z']) await a.write([put(key, '1')]);
    const { chunks } = await readSession(b, a, 'version', 1);
    for (const chunk of chunks.slice(1, 2)) await b.storeChunk({ ...chunk, session: chunks[0]?.session });
    await b.write([put('y', '2')]);
    expect(b.counts.cloudDots).toBe(1);
    clock.leap(-3_600_000);
    await b.close();
    const store = await disk.open();
    const scan = store.scan({ ...ALL_CLOUD_DOTS, keysOnly: true });
    for (const [key] of await scan.next(9)) await store.write([{ type: 'del', key }], { sync: true });
    await scan.close();
    await store.close();
    const reopened = await openTestReplica({ nodeId: 'b', disk, clock, random: createSeededRandom(6) });
    expect(reopened.state.damaged).toBe(true);
    expect(await reopened.repairClock(false)).toMatchObject({ removed: 1, rewritten: 1 });
    expect(reopened.state.damaged).toBe(false);
    expect(await contents(reopened)).toEqual({ y: '2' });
    await expectInvariants(reopened, []);
  });

  test('that would not fit into memory is refused before it reads values, and changes nothing', async () => {
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ clock });
    clock.leap(3_600_000);
    await replica.write([put('k', LARGE)]);
    clock.leap(-3_600_000);
    const before = { hash: replica.contextHash(), epoch: replica.epoch };
    const needed = 2 * 256 + 2 + LARGE.length;
    const never = (): boolean => false;
    await expect(replica.repairClock(false, never, needed - 1)).rejects.toMatchObject({
      code: 'BATCH_TOO_LARGE',
    });
    expect({ hash: replica.contextHash(), epoch: replica.epoch }).toEqual(before);
    expect(await replica.repairClock(false, never, needed)).toMatchObject({ rewritten: 1 });
  });

  test('of many entries and batches writes all of them again', async () => {
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ clock });
    clock.leap(3_600_000);
    for (let batch = 0; batch < 3; batch++) {
      const writes = Array.from({ length: 500 }, (_, at) =>
        put(`${(batch * 300 + at) % 1000}`, `${batch}/${at}`),
      );
      await replica.write(writes);
    }
    const before = (await presentEntries(replica)).map(shapeOf);
    clock.leap(-3_600_000);
    expect(await replica.repairClock(false)).toMatchObject({
      removed: before.length,
      rewritten: before.length,
    });
    expect((await presentEntries(replica)).map(shapeOf)).toEqual(before);
    await expectInvariants(replica, await presentEntries(replica));
    expect((await replica.verify(false)).findings.problems).toEqual([]);
  });
});

test('what another node had replaced here comes back from a peer that still holds it', async () => {
  const cluster = await Cluster.create(3);
  const write = (index: number): Promise<void> =>
    cluster.write(index, [{ key: utf8('k'), value: cluster.nextValue(), expiresAt: undefined }]);
  await write(2);
  await cluster.converge();
  for (const wrong of [0, 1]) cluster.setClock(wrong, 9 * MAX_DRIFT_MS);
  await write(1);
  await cluster.pull(0, 1);
  for (const wrong of [0, 1]) cluster.setClock(wrong, 0);
  const { replica } = cluster.node(0);
  expect(await replica.repairClock(false)).toMatchObject({ removed: 1, rewritten: 0, others: 1 });
  expect(await contents(replica)).toEqual({});

  // It says of nothing that it was deleted, and asks for all.
  expect(replica.isHealing()).toBe(true);
  await cluster.pull(2, 0);
  expect(cluster.unexplained).toBe(0);
  await cluster.pull(0, 2);
  expect(await contents(replica)).toEqual({ k: 'v0' });
  expect(await cluster.node(1).replica.repairClock(false)).toMatchObject({ removed: 1, rewritten: 1 });
  await cluster.clock.advance(1);
  await cluster.pull(0, 1);
  expect(await contents(replica)).toEqual({ k: 'v1' });
  await expectInvariants(replica, await presentEntries(replica));
});

test('what another node had replaced here is kept by the peers that hold it, though the horizon lies above it', async () => {
  const cluster = await Cluster.create(3);
  const write = (index: number, name: string, isDelete = false): Promise<void> => {
    const value = isDelete ? undefined : cluster.nextValue();
    return cluster.write(index, [{ key: utf8(name), value, expiresAt: undefined }]);
  };
  await write(2, 'k');
  await write(2, 'gone');
  await write(2, 'gone', true);
  await cluster.converge();
  await cluster.clock.advance(21_000);
  for (const { index } of cluster.nodes) await cluster.collect(index);
  for (const wrong of [0, 1]) cluster.setClock(wrong, 9 * MAX_DRIFT_MS);
  await write(1, 'k');
  await cluster.pull(0, 1);
  for (const wrong of [0, 1]) cluster.setClock(wrong, 0);
  const { replica } = cluster.node(0);
  expect(await replica.repairClock(false)).toMatchObject({ removed: 1, rewritten: 0, others: 1 });
  for (const [puller, server] of [
    [2, 0],
    [0, 2],
  ] as const) {
    const session = await cluster.open(puller, server, true);
    if (session !== undefined) await cluster.run(session);
  }
  expect(await contents(cluster.node(2).replica)).toEqual({ k: 'v0' });
  expect(await contents(replica)).toEqual({ k: 'v0' });
  await expectInvariants(replica, await presentEntries(replica));
});

test('what a node wrote again is not dropped for a peer that saw it lose, and repairs its clock later', async () => {
  const cluster = await Cluster.create(2);
  const write = (index: number, value: Uint8Array | undefined, name: string): Promise<void> =>
    cluster.write(index, [{ key: utf8(name), value, expiresAt: undefined }]);
  for (const wrong of [0, 1]) cluster.setClock(wrong, 9 * MAX_DRIFT_MS);
  await write(0, cluster.nextValue(), 'k');
  await cluster.pull(1, 0);
  await write(1, cluster.nextValue(), 'gone');
  await write(1, undefined, 'gone');
  await cluster.clock.advance(21_000);
  // It started with this clock, so it does not doubt it.
  expect(await cluster.node(1).replica.collect()).toEqual({ collected: 1, kept: 0 });
  for (const wrong of [0, 1]) cluster.setClock(wrong, 0);
  await cluster.node(0).replica.repairClock(false);
  await cluster.clock.advance(1);
  await cluster.pull(1, 0);
  expect(await cluster.node(1).replica.repairClock(false)).toMatchObject({ removed: 1, others: 1 });
  await cluster.clock.advance(1);
  for (const puller of [0, 1]) {
    const session = await cluster.open(puller, 1 - puller, true);
    if (session !== undefined) await cluster.run(session);
  }
  expect(await contents(cluster.node(0).replica)).toEqual({ k: 'v0' });
  expect(await contents(cluster.node(1).replica)).toEqual({ k: 'v0' });
});

type Action =
  | { readonly do: 'put' | 'del' | 'ttl' | 'batch'; readonly node: number; readonly key: string }
  | { readonly do: 'leap'; readonly drifts: number }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'pull' | 'compare' | 'restart' | 'kill' | 'collect' | 'compact'; readonly node: number };

const node = fc.nat({ max: 1 });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('put' as const, 'put' as const, 'del' as const, 'ttl' as const, 'batch' as const),
      node,
      key: fc.constantFrom('a', 'b', 'c', 'd'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('leap' as const),
      drifts: fc.constantFrom(-9, -1, 0.5, 1, 2, 2.25, 9),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.nat({ max: 40 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'pull' as const,
        'pull' as const,
        'compare' as const,
        'restart' as const,
        'kill' as const,
        'collect' as const,
        'compact' as const,
      ),
      node,
    }),
  },
);

/** Node 0's clock leaps; node 1's is right. Refused writes and sessions are part of it. */
async function perform(cluster: Cluster, step: Action): Promise<void> {
  switch (step.do) {
    case 'leap':
      return cluster.setClock(0, cluster.node(0).clock.offsetMs + step.drifts * MAX_DRIFT_MS);
    case 'wait':
      return cluster.clock.advance(step.seconds * 1000);
    case 'pull':
      await cluster.pull(step.node, 1 - step.node);
      return;
    case 'compare': {
      const session = await cluster.open(step.node, 1 - step.node, true);
      if (session !== undefined) await cluster.run(session);
      return;
    }
    case 'restart':
    case 'kill':
      return cluster.restart(step.node, step.do === 'restart');
    case 'collect':
      return cluster.collect(step.node);
    case 'compact':
      return cluster.node(step.node).replica.compact();
    default:
      return cluster.write(step.node, writesOf(cluster, step)).catch((error: unknown) => {
        if (!(error instanceof BoatoError && error.code === 'CLOCK_AHEAD')) throw error;
      });
  }
}

function writesOf(cluster: Cluster, step: Extract<Action, { readonly key: string }>) {
  const value = step.do === 'del' ? undefined : cluster.nextValue();
  const expiresAt = step.do === 'ttl' ? cluster.node(step.node).clock.wallMs() + 15_000 : undefined;
  const write = { key: utf8(step.key), value, expiresAt };
  return step.do === 'batch' ? [write, { ...write, key: utf8('e') }, { ...write, key: utf8('f') }] : [write];
}

function isOwnOf0({ actor }: Entry): boolean {
  return nodeIdOf(actor) === 'n0';
}

describe('after any history in which the clock of one of two nodes leaps', () => {
  test('a repair, once it is right, accepts writes, breaks no invariant, loses no own write, and both converge', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { minLength: 1, maxLength: 30 }),
        fc.nat(),
        fc.boolean(),
        async (actions, seed, all) => {
          const cluster = await Cluster.create(2, { seed });
          for (const step of actions) await perform(cluster, step);
          cluster.setClock(0, 0);
          const { replica, clock } = cluster.node(0);
          const limit = limitAt(clock);
          const before = await presentEntries(replica);
          const isCut = replica.holdsFuture();

          const { removed, rewritten, others } = await replica.repairClock(all);

          const after = await presentEntries(replica);
          const far = before.filter(({ last }) => last > limit);
          expect(removed).toBe(far.length);
          expect(rewritten).toBe(all ? removed : far.filter(isOwnOf0).length);
          expect(others).toBe(removed - far.filter(isOwnOf0).length);
          expect(replica.isHealing()).toBe(others > 0 && !all);
          expect(after.map(shapeOf)).toEqual(
            before.filter((entry) => all || isOwnOf0(entry) || entry.last <= limit).map(shapeOf),
          );
          const lastMax = isCut ? limit + before.length + 1 : limit;
          expect(replica.state.last).toBeLessThanOrEqual(lastMax);
          await expectInvariants(replica, after);
          await replica.write([put('fresh', 'own')]);
          await expectInvariants(replica, await presentEntries(replica));
          const own = (await presentEntries(replica)).filter(isOwnOf0);

          // What a correct node can have accepted, everybody accepts a moment later.
          await cluster.clock.advance(MAX_DRIFT_MS);
          await cluster.converge();
          for (const puller of [0, 1, 0, 1]) {
            const session = await cluster.open(puller, 1 - puller, true);
            if (session !== undefined) await cluster.run(session);
          }
          await cluster.converge();
          const [left, right] = [cluster.node(0), cluster.node(1)];
          const wallMs = left.clock.wallMs();
          const [here, there] = [await presentEntries(left.replica), await presentEntries(right.replica)];
          expect(liveValues(here, wallMs)).toEqual(liveValues(there, wallMs));
          for (const { replica: each } of [left, right])
            await expectInvariants(each, await presentEntries(each));
          for (const entry of own) {
            const final = there.find(({ key }) => text(key) === text(entry.key));
            expect(
              final === undefined ? -1 : compareDots(final, entry),
              text(entry.key),
            ).toBeGreaterThanOrEqual(0);
          }
        },
      ),
      { numRuns: Number(process.env['FC_RUNS'] ?? 150) },
    );
  });
});
