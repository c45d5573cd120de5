import { expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { makeActor, type NodeId } from '../../src/core/actor.ts';
import type { Entry } from '../../src/core/entry.ts';
import type { Version } from '../../src/core/version.ts';
import type { OrderedStore } from '../../src/ports/ordered-store.ts';
import { absentOf } from '../../src/storage/absent.ts';
import type { ContextTable } from '../../src/storage/context-table.ts';
import { entryKey } from '../../src/storage/keyspace.ts';
import type { State } from '../../src/storage/state.ts';
import { openTestReplica, presentEntries, put, text } from '../support/replica-fixture.ts';

const STRANGER = makeActor('z' as NodeId, 1 as Version, 1);

interface Stored {
  readonly store: OrderedStore;
  readonly context: ContextTable;
  readonly entries: readonly Entry[];
}

async function stored(): Promise<Stored> {
  const store = await new MemoryDisk().open();
  const replica = await openTestReplica({ store });
  await replica.write([put('x', '1'), put('y', '1'), put('z', 'v'.repeat(10_000))]);
  return { store, context: (replica.state as State).context, entries: await presentEntries(replica) };
}

async function absentNames(
  { store, context }: Stored,
  entries: readonly Pick<Entry, 'key' | 'actor' | 'version'>[],
): Promise<string[]> {
  const absent = await absentOf(
    store,
    context,
    entries.map(({ key, actor, version }) => ({ key, actor, version })),
  );
  return absent.map(({ key }) => text(key));
}

test('what its key holds is not absent', async () => {
  const node = await stored();
  expect(await absentNames(node, node.entries)).toEqual([]);
});

test('what its key holds no more, or another version, or that of another actor, is absent', async () => {
  const node = await stored();
  const [x, y, z] = node.entries as [Entry, Entry, Entry];
  await node.store.write([{ type: 'del', key: entryKey(x.key) }], { sync: true });
  const others = [x, { ...y, version: (y.version - 1) as Version }, { ...z, actor: STRANGER }];
  expect(await absentNames(node, others)).toEqual(['x', 'y', 'z']);
  expect(await absentNames(node, [x, y, z])).toEqual(['x']);
});

test('what cannot be read is absent, and says nothing of what can', async () => {
  const node = await stored();
  const [x] = node.entries as [Entry];
  await node.store.write([{ type: 'put', key: entryKey(x.key), value: new Uint8Array(9) }], { sync: true });
  expect(await absentNames(node, node.entries)).toEqual(['x']);
});

test('a reading that fails is an error, and not absence', async () => {
  const node = await stored();
  const context = { get: () => expect.fail('a defect') } as unknown as ContextTable;
  await expect(absentNames({ ...node, context }, node.entries)).rejects.toThrow('a defect');
});
