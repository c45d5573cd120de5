import { describe, expect, test } from 'vitest';
import { createSeededRandom } from '../../src/adapters/seeded-random.ts';
import { MalformedBytes } from '../../src/core/byte-reader.ts';
import type { Entry } from '../../src/core/entry.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { unpackChunk } from '../../src/gossip/chunk.ts';
import { type PlainChunk, ServedSession } from '../../src/gossip/served-session.ts';
import type { SessionOrder } from '../../src/ports/replica.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { pull } from '../support/pull.ts';
import { del, openTestReplica, presentEntries, put, text, utf8 } from '../support/replica-fixture.ts';

/** A session from `server` to `puller` about every actor that one of them knows. */
async function open(
  server: StoredReplica,
  puller: StoredReplica,
  order: SessionOrder,
  chunkBytes: number,
): Promise<ServedSession> {
  const actors = [...new Set([...server.rows(), ...puller.rows()].map(({ actor }) => actor))].toSorted();
  const { rows, restHash } = await puller.pullerState(actors);
  const pinned = await server.pin(actors, restHash);
  if (pinned === undefined) throw new Error('the rest of the contexts differs');
  return new ServedSession(pinned, rows, order, chunkBytes);
}

async function allChunks(session: ServedSession): Promise<PlainChunk[]> {
  const chunks = [await session.first()];
  for (let chunk = chunks[0]; chunk !== undefined && !chunk.last;) {
    chunk = await session.chunkAt(chunk.cursor);
    chunks.push(chunk);
  }
  return chunks;
}

function entriesOf({ entries }: PlainChunk): Entry[] {
  return unpackChunk(entries, DEFAULT_LIMITS);
}

function keysOf(chunk: PlainChunk): string[] {
  return entriesOf(chunk).map(({ key }) => text(key));
}

/** Batches of one, three, one and two entries. */
async function serverWithBatches(): Promise<StoredReplica> {
  const server = await openTestReplica({ nodeId: 's' });
  await server.write([put('f', '1')]);
  await server.write([put('c', '2'), put('a', '2'), put('b', '2')]);
  await server.write([put('e', '3')]);
  await server.write([put('g', '4'), del('d')]);
  return server;
}

describe('a served session', () => {
  test('ends chunks between batches only, even if a chunk is to hold a single byte', async () => {
    const server = await serverWithBatches();
    const puller = await openTestReplica({ nodeId: 'p' });
    const session = await open(server, puller, 'version', 1);

    const chunks = await allChunks(session);

    expect(chunks.map(keysOf)).toEqual([['f'], ['c', 'a', 'b'], ['e'], ['g', 'd']]);
    expect(chunks.map(({ last }) => last)).toEqual([false, false, false, true]);
    await session.close();
  });

  test('in key order takes batches apart', async () => {
    const server = await serverWithBatches();
    const puller = await openTestReplica({ nodeId: 'p' });
    const session = await open(server, puller, 'key', 1);

    const chunks = await allChunks(session);

    expect(chunks.map(keysOf)).toEqual([['a'], ['b'], ['c'], ['d'], ['e'], ['f'], ['g']]);
    expect(chunks.at(-1)?.last).toBe(true);
    await session.close();
  });

  test.each([
    ['key', [16, 33, 66, 133, 256, 256]],
    ['version', [256, 256, 256]],
  ] as const)('in %s order has chunks of so many KiB, and the rest: %j', async (order, sizes) => {
    const server = await openTestReplica({ nodeId: 's' });
    const value = 'v'.repeat(1000);
    await Promise.all(Array.from({ length: 850 }, (_, at) => server.write([put(`${at}`, value)])));
    const session = await open(server, await openTestReplica({ nodeId: 'p' }), order, 256 * 1024);

    const chunks = (await allChunks(session)).slice(0, -1);

    expect(chunks.map(({ entries }) => Math.floor(entries.length / 1024))).toEqual(sizes);
    await session.close();
  });

  test('keeps what is left of a batch whole when some of its entries were overwritten', async () => {
    const server = await openTestReplica({ nodeId: 's' });
    await server.write([put('a', '1'), put('b', '1'), put('c', '1'), put('d', '1')]);
    await server.write([put('b', '2')]);
    await server.write([put('e', '3')]);
    const session = await open(server, await openTestReplica({ nodeId: 'p' }), 'version', 1);

    expect((await allChunks(session)).map(keysOf)).toEqual([['a', 'c', 'd'], ['b'], ['e']]);
    await session.close();
  });

  test('fills a chunk until it has the bytes that it should, and not far beyond', async () => {
    const server = await openTestReplica({ nodeId: 's' });
    for (let index = 0; index < 50; index++) await server.write([put(`key-${index}`, 'x'.repeat(20))]);
    const session = await open(server, await openTestReplica({ nodeId: 'p' }), 'key', 200);

    const chunks = await allChunks(session);

    for (const { entries } of chunks.slice(0, -1)) {
      expect(entries.length).toBeGreaterThanOrEqual(200);
      expect(entries.length).toBeLessThan(200 + 100);
    }
    expect(chunks.flatMap(entriesOf)).toHaveLength(50);
    await session.close();
  });

  test('is one empty chunk, the last, for a puller that has seen everything', async () => {
    const server = await serverWithBatches();
    const puller = await openTestReplica({ nodeId: 'p' });
    await pull(puller, server);
    const session = await open(server, puller, 'version', 1);
    const chunk = await session.first();
    expect(chunk.last).toBe(true);
    expect(chunk.entries).toHaveLength(0);
    await session.close();
  });

  test('passes over what the puller has seen', async () => {
    const server = await serverWithBatches();
    const puller = await openTestReplica({ nodeId: 'p' });
    await pull(puller, server);
    await server.write([put('h', '5')]);
    await server.write([put('a', '6')]);
    const session = await open(server, puller, 'version', 1);
    expect((await allChunks(session)).map(keysOf)).toEqual([['h'], ['a']]);
    await session.close();
  });

  test.each(['version', 'key'] as const)(
    'in %s order answers every cursor again with the same chunk',
    async (order) => {
      const server = await serverWithBatches();
      const session = await open(server, await openTestReplica({ nodeId: 'p' }), order, 1);
      const chunks = await allChunks(session);

      // Backwards, each one twice, then the whole once more from the start.
      for (let at = chunks.length - 1; at > 0; at--) {
        const { cursor } = chunks[at - 1] as PlainChunk;
        expect(await session.chunkAt(cursor)).toEqual(chunks[at]);
        expect(await session.chunkAt(cursor)).toEqual(chunks[at]);
      }
      expect(await allChunks(session)).toEqual(chunks);
      await session.close();
    },
  );

  test('begins again after any entry, of whichever actor that is, with what comes after it only', async () => {
    const server = await serverWithBatches();
    for (const [at, nodeId] of ['r', 't'].entries()) {
      const other = await openTestReplica({ nodeId, random: createSeededRandom(2 + at) });
      for (const key of ['x', 'y']) await other.write([put(`${key}-${nodeId}`, '1')]);
      await pull(server, other);
    }
    const puller = await openTestReplica({ nodeId: 'p' });
    const chunks = await allChunks(await open(server, puller, 'version', 1));
    expect(chunks).toHaveLength(8);
    for (const [at, { cursor }] of chunks.slice(0, -1).entries()) {
      const session = await open(server, puller, 'version', 1);
      expect(await session.chunkAt(cursor)).toEqual(chunks[at + 1]);
      await session.close();
    }
  });

  test.each(['version', 'key'] as const)(
    'in %s order answers cursors that are asked for at once',
    async (order) => {
      const server = await serverWithBatches();
      const session = await open(server, await openTestReplica({ nodeId: 'p' }), order, 1);
      const chunks = await allChunks(session);
      const cursors = chunks.slice(0, -1).map(({ cursor }) => cursor);

      const answers = await Promise.all(
        [...cursors, ...cursors.toReversed()].map((cursor) => session.chunkAt(cursor)),
      );

      expect(answers).toEqual([...chunks.slice(1), ...chunks.slice(1).toReversed()]);
      await session.close();
    },
  );

  test('serves the state at its beginning, whatever is written meanwhile', async () => {
    const server = await serverWithBatches();
    const session = await open(server, await openTestReplica({ nodeId: 'p' }), 'key', 1);
    const first = await session.first();
    const before = await presentEntries(server);

    await server.write([put('z', 'new'), put('b', 'new')]);
    await server.write([del('e')]);

    const rest = [];
    for (let chunk = first; !chunk.last;) {
      chunk = await session.chunkAt(chunk.cursor);
      rest.push(chunk);
    }
    expect([first, ...rest].flatMap(entriesOf)).toEqual(before);
    await session.close();
  });

  test('refuses cursors that it never gave', async () => {
    const server = await serverWithBatches();
    const session = await open(server, await openTestReplica({ nodeId: 'p' }), 'version', 1);
    const byKey = Uint8Array.of(2, ...utf8('a'));
    for (const cursor of [
      new Uint8Array(0),
      Uint8Array.of(9),
      Uint8Array.of(0, 1),
      Uint8Array.of(1, 2),
      byKey,
    ]) {
      await expect(session.chunkAt(cursor)).rejects.toThrow(MalformedBytes);
    }
    // And is none the worse for it.
    expect((await allChunks(session)).flatMap(keysOf)).toHaveLength(7);
    await session.close();
  });

  test('counts what it has sent', async () => {
    const server = await serverWithBatches();
    const session = await open(server, await openTestReplica({ nodeId: 'p' }), 'version', 1);
    const chunks = await allChunks(session);
    expect(session.entries).toBe(7);
    expect(session.bytes).toBe(chunks.reduce((sum, { entries }) => sum + entries.length, 0));
    await session.close();
  });
});
