/** What a verification finds: how much of it, where, and nothing else. */

import { expect, describe, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { BoatoError } from '../../src/core/errors.ts';
import type { OrderedStore, Snapshot, StoredRecord } from '../../src/ports/ordered-store.ts';
import { seal, unseal } from '../../src/storage/checksum.ts';
import { encodeDue } from '../../src/storage/due-record.ts';
import type { Problem } from '../../src/storage/findings.ts';
import {
  DUE_EXPIRING,
  dueKey,
  entryKey,
  largeValueKey,
  metaKey,
  rowKey,
  spaceOf,
} from '../../src/storage/keyspace.ts';
import { decodeState, encodeState } from '../../src/storage/meta-record.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { readSession } from '../support/pull.ts';
import { del, openTestReplica, put, utf8 } from '../support/replica-fixture.ts';

const LARGE = 'v'.repeat(5000);
const EXPIRES_AT = 2_000_000_000_000;

/** A batch of two, a large value that replaced another, one that expires, and a deleted one; all of one actor. */
async function sample(
  disk: MemoryDisk = new MemoryDisk(),
): Promise<{ store: OrderedStore; replica: StoredReplica }> {
  const store = await disk.open();
  const replica = await openTestReplica({ store });
  await replica.write([put('a', '1'), put('b', '1')]);
  await replica.write([put('large', LARGE)]);
  await replica.write([put('soon', '1', EXPIRES_AT)]);
  await replica.write([del('gone')]);
  return { store, replica };
}

async function recordsOf(store: OrderedStore, space: string): Promise<readonly StoredRecord[]> {
  const scan = store.scan({ gte: new Uint8Array(0) });
  const records = await scan.next(1000);
  await scan.close();
  return records.filter(([key]) => spaceOf(key) === space);
}

async function remove(store: OrderedStore, ...keys: readonly Uint8Array[]): Promise<void> {
  await store.write(
    keys.map((key) => ({ type: 'del', key })),
    { sync: true },
  );
}

async function plant(store: OrderedStore, key: Uint8Array, content: Uint8Array): Promise<void> {
  await store.write([{ type: 'put', key, value: seal(key, content) }], { sync: true });
}

async function problemsOf(replica: StoredReplica): Promise<readonly Problem[]> {
  return (await replica.verify(false)).findings.problems;
}

async function versionOf(replica: StoredReplica, key: string): Promise<number> {
  return (await replica.get(utf8(key)))?.version ?? 0;
}

describe('a verification', () => {
  test('names entries that lack their pair, and not those of the same actor that have it', async () => {
    const { store, replica } = await sample();
    const [batch] = await recordsOf(store, 'segment');
    await remove(store, batch?.[0] as Uint8Array);
    expect(await problemsOf(replica)).toEqual([
      { kind: 'not-indexed', space: 'entry', count: 2, example: 'a' },
    ]);
  });

  test('names an entry that lacks its due record, and not those that have it, or need none', async () => {
    const { store, replica } = await sample();
    await remove(store, dueKey(DUE_EXPIRING, EXPIRES_AT, utf8('soon')));
    expect(await problemsOf(replica)).toEqual([
      { kind: 'not-due', space: 'entry', count: 1, example: 'soon' },
    ]);
  });

  test('names an entry that lacks its large value, though no large value is left', async () => {
    const { store, replica } = await sample();
    await remove(store, ...(await recordsOf(store, 'largeValue')).map(([key]) => key));
    expect(await problemsOf(replica)).toEqual([
      { kind: 'value-missing', space: 'entry', count: 1, example: 'large' },
    ]);
  });

  test('counts large values that belong to no entry, and shows one', async () => {
    const { store, replica } = await sample();
    const small = await versionOf(replica, 'soon');
    await replica.write([put('large too', LARGE)]);
    const replaced = await versionOf(replica, 'large too');
    await replica.write([put('large too', LARGE)]);
    // Of an entry whose value lies with it, of one that was replaced, and of none at all.
    for (const version of [small, replaced, 2 ** 52])
      await plant(store, largeValueKey(0, version), utf8(LARGE));
    const example = `${replica.runActor} at ${small}`;
    const orphaned = { kind: 'value-orphaned', space: 'largeValue', count: 3, example };
    expect(await problemsOf(replica)).toEqual([orphaned]);

    await remove(store, largeValueKey(0, await versionOf(replica, 'large too')));
    const missing = { kind: 'value-missing', space: 'entry', count: 1, example: 'large too' };
    expect(await problemsOf(replica)).toEqual([missing, orphaned]);
  });

  test('goes on past an entry that cannot be read, and looks for the rest', async () => {
    const { store, replica } = await sample();
    await store.write([{ type: 'put', key: entryKey(utf8('a')), value: utf8('?') }], { sync: true });
    await remove(store, dueKey(DUE_EXPIRING, EXPIRES_AT, utf8('soon')));
    const problems = (await problemsOf(replica)).map(({ kind, count }) => `${kind} ${count}`);
    expect(problems).toEqual(['unreadable 1', 'sums-differ 2', 'row-differs 1', 'not-due 1']);
  });

  test('fails where a look-up fails for a while, and takes it for no damage', async () => {
    const inner = await new MemoryDisk().open();
    const error = new BoatoError('STORE_UNREADABLE', 'Too many files are open.');
    const snapshot = (): Snapshot => ({ ...inner.snapshot(), getMany: () => Promise.reject(error) });
    const replica = await openTestReplica({ store: { ...inner, snapshot } });
    await replica.write([put('a', '1')]);
    await expect(replica.verify(false)).rejects.toBe(error);
    expect(replica.notServing()).toBeUndefined();
  });

  test('removes large values of no entry, and records of no key space, and gives up nothing for them', async () => {
    const { store, replica } = await sample();
    const replaced = await versionOf(replica, 'large');
    await replica.write([put('large', LARGE)]);
    for (const version of [await versionOf(replica, 'a'), replaced])
      await plant(store, largeValueKey(0, version), utf8(LARGE));
    await plant(store, Uint8Array.of(0x77), utf8('?'));
    const { repair } = await replica.verify(true);
    expect(repair).toEqual({ gaveUp: false, copies: false, removed: 3, sound: true });
    expect((await replica.get(utf8('large')))?.value).toHaveLength(LARGE.length);
    expect(await replica.verify(true)).toMatchObject({ repair: undefined });
  });

  test('gives up the context for damage though there are harmless findings, too', async () => {
    const { store, replica } = await sample();
    await plant(store, Uint8Array.of(0x77), utf8('?'));
    await remove(store, entryKey(utf8('a')));
    const { repair } = await replica.verify(true);
    expect(repair).toEqual({ gaveUp: true, copies: false, removed: 1, sound: true });
  });

  test('says that it is not sound yet where something comes back', async () => {
    const inner = await new MemoryDisk().open();
    const key = Uint8Array.of(0x77);
    const store: OrderedStore = {
      ...inner,
      write: (operations, options) =>
        inner.write(
          operations.filter((operation) => operation.type === 'put' || operation.key[0] !== key[0]),
          options,
        ),
    };
    const replica = await openTestReplica({ store });
    await plant(store, key, utf8('?'));
    expect((await replica.verify(true)).repair).toEqual({
      gaveUp: false,
      copies: false,
      removed: 1,
      sound: false,
    });
  });

  test('finds the lost row of an actor of which no entry is left', async () => {
    const disk = new MemoryDisk();
    const first = await openTestReplica({ disk });
    await first.write([put('k', '1')]);
    await first.close();
    const store = await disk.open();
    const replica = await openTestReplica({ store, random: createSeededRandom(2) });
    await replica.write([put('k', '2')]);
    expect(await problemsOf(replica)).toEqual([]);
    await remove(store, rowKey(0));
    expect(await problemsOf(replica)).toEqual([
      { kind: 'row-differs', space: 'row', count: 1, example: first.runActor },
    ]);
  });

  test.each(['all', 'permanent'] as const)(
    'finds sums of %s entries that were wrong when the store was opened',
    async (which) => {
      const disk = new MemoryDisk();
      const first = await sample(disk);
      await first.replica.close();
      const store = await disk.open();
      const key = metaKey('state');
      const state = decodeState(unseal(key, (await store.get(key)) as Uint8Array));
      await plant(
        store,
        key,
        encodeState({ ...state, [which]: { ...state[which], sum: state[which].sum + 1n } }),
      );
      expect(await problemsOf(await openTestReplica({ store }))).toEqual([
        { kind: 'sums-differ', space: 'entry', count: 1, example: `${which} entries` },
      ]);
    },
  );

  test('takes due records of what is not there, or not due, for harmless, and so does a check', async () => {
    const { store, replica } = await sample();
    const version = replica.state.last;
    await plant(store, dueKey(DUE_EXPIRING, 5, utf8('never')), encodeDue({ actorNo: 0, version }));
    await plant(store, dueKey(DUE_EXPIRING, 5, utf8('a')), encodeDue({ actorNo: 99, version }));
    await plant(store, dueKey(DUE_EXPIRING, 5, utf8('soon')), encodeDue({ actorNo: 0, version }));
    expect(await problemsOf(replica)).toEqual([]);
    expect(await replica.check()).toBeUndefined();
  });

  test.each(['session', 'progress'])('finds a damaged %s', async (space) => {
    const { store, replica } = await sample();
    const server = await openTestReplica({ nodeId: 'b', random: createSeededRandom(2) });
    for (const key of ['x', 'y']) await server.write([put(key, '1')]);
    const [chunk] = (await readSession(replica, server, 'version', 1)).chunks;
    await replica.storeChunk(chunk as NonNullable<typeof chunk>);
    expect(await problemsOf(replica)).toEqual([]);
    const [[key] = []] = await recordsOf(store, space);
    await plant(store, key as Uint8Array, new Uint8Array(0));
    expect(await problemsOf(replica)).toEqual([{ kind: 'unreadable', space, count: 1, example: 'b' }]);
  });
});
