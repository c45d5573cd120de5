import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { nodeIdOf } from '../../src/core/actor.ts';
import { BackupParser } from '../../src/storage/backup-parser.ts';
import { failureBlock } from '../../src/storage/backup-format.ts';
import type { OrderedStore } from '../../src/ports/ordered-store.ts';
import { markCleanStop } from '../../src/storage/clean-stop.ts';
import { BACKED_UP, sessionKey } from '../../src/storage/keyspace.ts';
import { type Restored, restoreRecords } from '../../src/storage/restore.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import {
  contents,
  del,
  hash64,
  openTestReplica,
  presentEntries,
  put,
  utf8,
} from '../support/replica-fixture.ts';
import { faultyStore } from '../support/faulty-store.ts';
import { pull } from '../support/pull.ts';

async function backupOf(replica: StoredReplica): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of replica.backup()) pieces.push(piece);
  // A plain array: a `Buffer` shares its memory with its slices.
  return new Uint8Array(Buffer.concat(pieces));
}

async function* inChunks(bytes: Uint8Array, size: number = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function restored(bytes: Uint8Array, chunk?: number): Promise<{ disk: MemoryDisk; outcome: Restored }> {
  const disk = new MemoryDisk();
  const store = await disk.open();
  try {
    return { disk, outcome: await restoreRecords(store, inChunks(bytes, chunk), hash64) };
  } finally {
    await store.close();
  }
}

async function sample(): Promise<StoredReplica> {
  const replica = await openTestReplica();
  await replica.write([put('one', '1'), put('two', '2')]);
  await replica.write([put('large', 'v'.repeat(6000))]);
  await replica.write([put('soon', '1', 2_000_000_000_000)]);
  await replica.write([del('gone')]);
  return replica;
}

const write = fc.oneof(
  fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), value: fc.string({ maxLength: 20 }) }),
  fc.record({ key: fc.constantFrom('a', 'b', 'large'), value: fc.constant('v'.repeat(5000)) }),
  fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), value: fc.constant(undefined) }),
);

describe('a backup', () => {
  test('restores to the same entries, context and sums, whatever was written, and however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(write, { maxLength: 30 }),
        fc.integer({ min: 1, max: 3000 }),
        async (writes, chunk) => {
          const other = await openTestReplica({ nodeId: 'b', random: createSeededRandom(2) });
          const replica = await openTestReplica();
          for (const [index, { key, value }] of writes.entries()) {
            const target = index % 3 === 0 ? other : replica;
            await target.write([value === undefined ? del(key) : put(key, value)]);
          }
          await pull(replica, other);
          const { disk, outcome } = await restored(await backupOf(replica), chunk);
          const again = await openTestReplica({ disk });
          expect(outcome).toMatchObject({ nodeId: 'a', clusterId: 'test' });
          expect(again.wasClean).toBe(true);
          expect(await presentEntries(again)).toEqual(await presentEntries(replica));
          expect(again.contextHash()).toBe(replica.contextHash());
          expect(again.rows().toSorted(byActor)).toEqual(replica.rows().toSorted(byActor));
          expect(again.state.all).toEqual(replica.state.all);
          expect(again.state.permanent).toEqual(replica.state.permanent);
          expect(await again.check()).toBeUndefined();
        },
      ),
      { numRuns: 40 },
    );
  });

  test('is of one moment, while writes go on', async () => {
    const replica = await openTestReplica();
    for (let index = 0; index < 300; index++) await replica.write([put(`key-${index}`, 'v'.repeat(5000))]);
    const before = await contents(replica);
    const backup = replica.backup();
    const pieces = [(await backup.next()).value as Uint8Array];
    for await (const piece of backup) {
      pieces.push(piece);
      await replica.write([put(`key-${pieces.length}`, 'changed'), put(`new-${pieces.length}`, '1')]);
    }
    expect(pieces.length).toBeGreaterThan(4);
    const { disk } = await restored(Buffer.concat(pieces), 65_536);
    const again = await openTestReplica({ disk });
    expect(await contents(again)).toEqual(before);
    expect(await again.check()).toBeUndefined();
  });

  test('that is begun while the context is given up is of the time before, or after', async () => {
    for (let at = 1; at < 12; at++) {
      const disk = await new MemoryDisk().open();
      let writes = Number.NEGATIVE_INFINITY;
      let begun: Promise<Uint8Array> | undefined;
      const store: OrderedStore = {
        ...disk,
        async write(operations, options) {
          await disk.write(operations, options);
          if (++writes === at) begun = backupOf(replica);
        },
      };
      const replica = await openTestReplica({ store });
      for (const key of ['a', 'b'])
        await replica.write([put(key, 'v'.repeat(6000), 4e12), del(`gone/${key}`)]);
      writes = 0;
      await replica.giveUp('a test wants it');
      const { disk: copy } = await restored(await (begun ?? backupOf(replica)));
      const again = await openTestReplica({ disk: copy });
      expect(again.notServing()).toBeUndefined();
      expect((await again.verify(false)).findings.problems).toEqual([]);
    }
  });

  test('is taken of what is on disk where a write failed and nothing more is written', async () => {
    // Opening writes twice.
    const store = faultyStore(await new MemoryDisk().open(), 3, new Error('no space left on device'));
    const replica = await openTestReplica({ store });
    await replica.write([put('acknowledged', '1')]);
    await expect(replica.write([put('failed', '1')])).rejects.toMatchObject({ code: 'STORE_FENCED' });
    const { disk } = await restored(await backupOf(replica));
    const again = await openTestReplica({ disk });
    expect(await contents(again)).toEqual({ acknowledged: '1' });
    expect(await again.check()).toBeUndefined();
  });

  test('cut off at any byte is refused', async () => {
    const bytes = await backupOf(await sample());
    for (let length = 0; length < bytes.length; length++) {
      const error = await restored(bytes.subarray(0, length), 512).catch((thrown: unknown) => thrown);
      expect(error, `cut at ${length}`).toMatchObject({ code: 'BACKUP_INVALID' });
    }
  });

  test('with a bit flipped anywhere is refused', async () => {
    const bytes = await backupOf(await sample());
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      const error = await restored(flipped, 4096).catch((thrown: unknown) => thrown);
      const code = at === 8 ? 'FORMAT_UNSUPPORTED' : 'BACKUP_INVALID';
      expect(error, `flipped at ${at}`).toMatchObject({ code });
    }
  });

  test('with something behind its end, or a block left out or repeated, is refused', async () => {
    const replica = await openTestReplica();
    for (let index = 0; index < 200; index++) await replica.write([put(`key-${index}`, 'v'.repeat(5000))]);
    const pieces: Uint8Array[] = [];
    for await (const piece of replica.backup()) pieces.push(piece);
    const broken = [
      [...pieces, new Uint8Array(1)],
      [...pieces, ...pieces],
      pieces.toSpliced(1, 1),
      pieces.toSpliced(1, 0, pieces[1] ?? new Uint8Array(0)),
      pieces.toSpliced(-1, 1),
    ];
    for (const file of broken)
      await expect(restored(Buffer.concat(file), 65_536)).rejects.toMatchObject({ code: 'BACKUP_INVALID' });
  });

  test('that failed half-way says why', async () => {
    const [head = new Uint8Array(0)] = await firstPieces(await sample());
    const file = Buffer.concat([
      head,
      failureBlock({ code: 'STORE_CLOSED', message: 'The node is stopping.' }),
    ]);
    await expect(restored(file)).rejects.toMatchObject({
      code: 'STORE_CLOSED',
      message: 'The node is stopping.',
    });
  });

  test('of a damaged record is not taken', async () => {
    const disk = new MemoryDisk();
    const first = await openTestReplica({ disk });
    await first.write([put('bad', '1')]);
    await first.close();
    const store = await disk.open();
    const scan = store.scan(BACKED_UP[1] ?? {});
    const [[key, record] = [new Uint8Array(0), new Uint8Array(0)]] = await scan.next(1);
    await scan.close();
    await store.write([{ type: 'put', key, value: record.map((byte) => byte ^ 1) }], { sync: true });
    await store.close();
    const replica = await openTestReplica({ disk });
    await expect(backupOf(replica)).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    expect(replica.notServing()).toBe('a record on its disk is damaged');
  });

  test('holds no sessions, no clean-stop marker, and whether its entries were checked', async () => {
    const disk = new MemoryDisk();
    const first = await openTestReplica({ disk });
    await first.write([put('a', '1')]);
    // No clean stop.
    const store = await (await disk.copy()).open();
    const replica = await openTestReplica({ store });
    expect(replica.checking).toBeDefined();
    await store.write([{ type: 'put', key: sessionKey('b'), value: new Uint8Array(1) }], { sync: true });
    await markCleanStop(store);
    const unchecked = await restored(await backupOf(replica));
    const again = await openTestReplica({ disk: unchecked.disk });
    expect(again.wasClean).toBe(false);
    await replica.check();
    const parser = new BackupParser(hash64);
    const keys = [...parser.push(await backupOf(replica))]
      .flat()
      .map(([key]) => Buffer.from(key).toString('latin1'));
    expect(parser.end().isChecked).toBe(true);
    expect(keys).not.toContain('\u0001clean');
    expect(keys).not.toContain(Buffer.from(sessionKey('b')).toString('latin1'));
    expect(keys).toContain('\u0001identity');
  });

  test('gives a node that writes as a new actor of the same name', async () => {
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ clock });
    await replica.write([put('a', '1')]);
    const { disk } = await restored(await backupOf(replica));
    await replica.write([put('a', '2')]);
    await clock.advance(10);
    const again = await openTestReplica({ disk, clock, random: createSeededRandom(7) });
    await again.write([put('b', '1')]);
    expect(again.runActor).not.toBe(replica.runActor);
    expect(nodeIdOf(again.runActor ?? ('' as never))).toBe('a');
    // What was written after the backup comes back from a peer.
    await pull(again, replica);
    expect(await contents(again)).toEqual({ a: '2', b: '1' });
    expect((await again.getMany([utf8('a')]))[0]?.actor).toBe(replica.runActor);
  });
});

async function firstPieces(replica: StoredReplica): Promise<Uint8Array[]> {
  const backup = replica.backup();
  const first = (await backup.next()).value as Uint8Array;
  await backup.return();
  return [first];
}

function byActor(a: { readonly actor: string }, b: { readonly actor: string }): number {
  return a.actor < b.actor ? -1 : 1;
}
