import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import type { OrderedStore, Reader, Snapshot } from '../../src/ports/ordered-store.ts';
import { seal } from '../../src/storage/checksum.ts';
import { damaged } from '../../src/storage/damage.ts';
import { spaceOf } from '../../src/storage/keyspace.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { pull } from '../support/pull.ts';
import { contents, del, openTestReplica, put, utf8 } from '../support/replica-fixture.ts';
import { damageRecord, flipped, isEntry, isLargeValue, isRow, isState, vanished } from './damage-fixture.ts';

const LARGE = 'v'.repeat(10_000);

interface Watched {
  readonly store: OrderedStore;
  /** Of what single records were looked up. */
  readonly lookedUp: string[];
}

async function watchedStore(disk: MemoryDisk): Promise<Watched> {
  const lookedUp: string[] = [];
  const watched = <T extends Reader>(reader: T): T => ({
    ...reader,
    get(key) {
      lookedUp.push(spaceOf(key) ?? 'nothing');
      return reader.get(key);
    },
    getMany(keys) {
      lookedUp.push(...keys.map((key) => spaceOf(key) ?? 'nothing'));
      return reader.getMany(keys);
    },
  });
  const inner = await disk.open();
  return { store: { ...watched(inner), snapshot: (): Snapshot => watched(inner.snapshot()) }, lookedUp };
}

/** Entries of every kind: one has a large value, one expires, one is a tombstone. */
async function filled(replica: StoredReplica): Promise<void> {
  await replica.write([put('small', '1'), put('large', LARGE), put('expiring', '1', 4e12), del('deleted')]);
}

describe('a check of what is sound', () => {
  test("looks up large values and the node's own records, and no entry", async () => {
    const { store, lookedUp } = await watchedStore(new MemoryDisk());
    const replica = await openTestReplica({ store });
    await filled(replica);
    lookedUp.length = 0;
    expect(await replica.check()).toBeUndefined();
    expect(lookedUp).toEqual(['largeValue', 'meta', 'meta']);
  });

  test('tells how far it came', async () => {
    const disk = new MemoryDisk();
    await filled(await openTestReplica({ disk }));
    const replica = await openTestReplica({ disk: await disk.copy() });
    const told: (number | undefined)[] = [];
    await replica.check(() => {
      told.push(replica.checking?.done);
      return false;
    });
    expect([told.at(0), told.at(-1)]).toEqual([0, 4]);
  });
});

test('a check finds a large value of another length than its entry says', async () => {
  const disk = new MemoryDisk();
  const replica = await openTestReplica({ disk });
  await filled(replica);
  await replica.close();
  let stored: Uint8Array | undefined;
  await damageRecord(
    disk,
    (key) => {
      if (isLargeValue(key)) stored = key;
      return isLargeValue(key);
    },
    () => seal(stored as Uint8Array, new Uint8Array(LARGE.length - 1)),
  );
  const again = await openTestReplica({ disk });
  expect(await again.check()).toBe('1 records cannot be read');
  expect(Object.keys(await contents(again))).toEqual(['deleted', 'expiring', 'small']);
});

test('a fold into buckets reads no large value', async () => {
  const { store, lookedUp } = await watchedStore(new MemoryDisk());
  const replica = await openTestReplica({ store });
  await filled(replica);
  const pinned = await replica.pin([], replica.contextHash());
  if (pinned === undefined) throw new Error('the rest of the contexts differs');
  lookedUp.length = 0;
  const pages: number[] = [];
  expect((await pinned.fold(1, (entries) => pages.push(entries))).total).toEqual(replica.state.all);
  expect(lookedUp).toEqual([]);
  expect(pages).toEqual([4]);
  await pinned.close();
});

test('a fold of what is damaged says so, and the node serves no more', async () => {
  const disk = new MemoryDisk();
  const replica = await openTestReplica({ disk });
  await filled(replica);
  await replica.close();
  await damageRecord(disk, isEntry('small'), flipped);
  const again = await openTestReplica({ disk });
  const pinned = await again.pin([], again.contextHash());
  await expect(pinned?.fold(1)).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
  expect(again.notServing()).toBe('a record on its disk is damaged');
  await pinned?.close();
});

test('an actor number that entries refer to is given to nobody else, though row and state are lost', async () => {
  const disk = new MemoryDisk();
  const replica = await openTestReplica({ disk });
  const server = await openTestReplica({ nodeId: 's' });
  await replica.write([put('own', '1')]);
  await server.write([put('theirs', '1')]);
  await pull(replica, server);
  await replica.close();
  for (const choose of [isRow, isState]) await damageRecord(disk, choose, vanished);
  const again = await openTestReplica({ disk });
  await again.noteDamage(damaged('may be missing'));
  await again.write([put('new', '1')]);
  await expect(again.getMany([utf8('theirs')])).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
});
