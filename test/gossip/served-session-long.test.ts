import { describe, expect, test } from 'vitest';
import { makeActor, type NodeId } from '../../src/core/actor.ts';
import { type FullRow, SUM_ZERO, unknownRow } from '../../src/core/context.ts';
import type { Entry } from '../../src/core/entry.ts';
import type { Version } from '../../src/core/version.ts';
import { type PlainChunk, ServedSession } from '../../src/gossip/served-session.ts';
import type { EntryScan, PinnedState } from '../../src/ports/replica.ts';
import { utf8 } from '../support/replica-fixture.ts';

/** The most entries that a chunk looks at; its end by then may be empty. */
const LOOKED_AT_MAX = 16_384;
const PAGE = 1000;

const ACTOR = makeActor('s' as NodeId, 0 as Version, 1);

/** `count` entries of one actor, with versions from 1; batches of `batch`. */
function entryAt(version: number, batch: number, value: Uint8Array = utf8('v')): Entry {
  const first = version - ((version - 1) % batch);
  return {
    actor: ACTOR,
    version: version as Version,
    first: first as Version,
    last: (first + batch - 1) as Version,
    key: utf8(String(version).padStart(6, '0')),
    value,
    tombstone: false,
    expiresAt: undefined,
  };
}

function pinnedWith(count: number, batch: number, value?: Uint8Array): PinnedState {
  const row: FullRow = { ...unknownRow(ACTOR), received: count as Version, cloudVersions: [] };
  const scan = (after: number): EntryScan => {
    let at = after;
    return {
      get lookedAt() {
        return at as Version;
      },
      next: () => {
        if (at === count) return Promise.resolve(undefined);
        const page = Array.from({ length: Math.min(PAGE, count - at) }, (_, index) =>
          entryAt(at + index + 1, batch, value),
        );
        at += page.length;
        return Promise.resolve(page);
      },
      close: () => Promise.resolve(),
    };
  };
  return {
    rows: [row],
    horizon: 0 as Version,
    bootstrapping: false,
    all: SUM_ZERO,
    ...unusedHere(),
    byVersion: (_, after) => scan(after),
    byKey: (after) => scan(after === undefined ? 0 : Number(new TextDecoder().decode(after))),
    close: () => Promise.resolve(),
  };
}

/** What sessions do not ask for, only comparisons. */
function unusedHere(): Pick<PinnedState, 'fold' | 'dotsIn' | 'getMany' | 'batchOf'> {
  const unused = (): never => {
    throw new Error('only comparisons ask for this');
  };
  return { fold: unused, dotsIn: unused, getMany: unused, batchOf: unused };
}

async function allChunks(session: ServedSession): Promise<PlainChunk[]> {
  const chunks = [await session.first()];
  for (let chunk = chunks[0]; chunk !== undefined && !chunk.last;) {
    chunk = await session.chunkAt(chunk.cursor);
    chunks.push(chunk);
  }
  return chunks;
}

/** Everything was seen, as single dots, but the last `unseen` versions. */
function pullerWith(count: number, unseen: number): FullRow {
  const cloudVersions = Array.from({ length: count - unseen }, (_, index) => (index + 1) as Version);
  return { ...unknownRow(ACTOR), cloudVersions };
}

describe('a session over what the puller has mostly seen', () => {
  test.each(['version', 'key'] as const)(
    'in %s order sends a sign of life after many entries, and each cursor leads on',
    async (order) => {
      const count = 2.5 * LOOKED_AT_MAX;
      const session = new ServedSession(pinnedWith(count, 1), [pullerWith(count, 1)], order, 1);
      const chunks = await allChunks(session);
      expect(chunks.map(({ entries, last }) => [entries.length > 0, last])).toEqual([
        [false, false],
        [false, false],
        [true, true],
      ]);
      expect(await session.chunkAt((chunks[0] as PlainChunk).cursor)).toEqual(chunks[1]);
      expect(session.entries).toBe(1);
      await session.close();
    },
  );

  test('sends one after 32 MiB of it, too, however few entries that are', async () => {
    const count = 80;
    const pinned = pinnedWith(count, 1, new Uint8Array(2 ** 20));
    const session = new ServedSession(pinned, [pullerWith(count, 0)], 'version', 1);
    const chunks = await allChunks(session);
    expect(chunks.map(({ last }) => last)).toEqual([false, false, true]);
    expect(session.entries).toBe(0);
    await session.close();
  });

  test('never ends a chunk within a batch for that', async () => {
    const batch = 1000;
    const count = 17 * batch;
    // The end of the 17th batch is all that is new; the limit lies within it.
    const session = new ServedSession(pinnedWith(count, batch), [pullerWith(count, 616)], 'version', 1);
    const chunks = await allChunks(session);
    expect(chunks.map(({ last }) => last)).toEqual([true]);
    expect(session.entries).toBe(616);
    await session.close();
  });

  test('ends with the entry that fills the chunk, without an empty one behind it', async () => {
    const session = new ServedSession(pinnedWith(10, 1), [pullerWith(10, 2)], 'version', 1);
    expect((await allChunks(session)).map(({ last }) => last)).toEqual([false, true]);
    await session.close();
  });
});

interface Page {
  readonly lookedAt: number;
  readonly entries: readonly Entry[];
}

/** A snapshot whose scan by version brings these pages: some without entries, where nothing is present any more. */
function pinnedWithPages(pages: readonly Page[]): PinnedState {
  return {
    ...pinnedWith(pages.at(-1)?.lookedAt ?? 0, 1),
    byVersion: (_, after) => {
      const left = pages.filter(({ lookedAt }) => lookedAt > after);
      let lookedAt = after;
      return {
        get lookedAt() {
          return lookedAt;
        },
        next: () => {
          const page = left.shift();
          if (page === undefined) return Promise.resolve(undefined);
          lookedAt = page.lookedAt as Version;
          return Promise.resolve(page.entries.filter(({ version }) => version > after));
        },
        close: () => Promise.resolve(),
      };
    },
  };
}

const STALE_PAGE = 1024;

/** Pages of stale pairs from above `after` up to `last`. */
function stalePages(after: number, last: number): Page[] {
  const pages: Page[] = [];
  for (let lookedAt = after; lookedAt < last;) {
    lookedAt = Math.min(lookedAt + STALE_PAGE, last);
    pages.push({ lookedAt, entries: [] });
  }
  return pages;
}

describe('a session over what is not present any more', () => {
  test('gives an empty chunk early, whose cursor leads on', async () => {
    const stale = 200_000;
    const pages = [...stalePages(0, stale), { lookedAt: stale + 1, entries: [entryAt(stale + 1, 1)] }];
    const session = new ServedSession(pinnedWithPages(pages), [pullerWith(0, 0)], 'version', 1);
    const chunks = await allChunks(session);
    expect(chunks.length).toBeGreaterThanOrEqual(stale / (LOOKED_AT_MAX + 2 * STALE_PAGE));
    expect(chunks.map(({ last }) => last)).toEqual(chunks.map((_, index) => index === chunks.length - 1));
    expect(chunks.filter(({ entries }) => entries.length > 0)).toEqual(chunks.slice(-1));
    expect(new Set(chunks.map(({ cursor }) => Buffer.from(cursor).toString('hex'))).size).toBe(chunks.length);
    expect(await session.chunkAt((chunks[2] as PlainChunk).cursor)).toEqual(chunks[3]);
    expect(session.entries).toBeGreaterThanOrEqual(1);
    await session.close();
  });

  test('brings what comes next all the same, where a chunk would end before it that has nothing yet', async () => {
    const stale = Math.ceil(LOOKED_AT_MAX / (STALE_PAGE + 1)) * STALE_PAGE;
    const pages = [...stalePages(0, stale), { lookedAt: stale + 1, entries: [entryAt(stale + 1, 1)] }];
    const session = new ServedSession(pinnedWithPages(pages), [pullerWith(0, 0)], 'version', 1);
    const first = await session.first();
    expect(session.entries).toBe(1);
    expect(first.last).toBe(true);
    await session.close();
  });

  test('in key order goes on behind a page of which nothing is left', async () => {
    const pages: (readonly Entry[])[] = [[], [entryAt(1, 1)], [], [entryAt(2, 1)]];
    const scan: EntryScan = {
      lookedAt: 0 as Version,
      next: () => Promise.resolve(pages.shift()),
      close: () => Promise.resolve(),
    };
    const session = new ServedSession(
      { ...pinnedWith(2, 1), byKey: () => scan },
      [pullerWith(0, 0)],
      'key',
      1000,
    );
    const first = await session.first();
    expect(session.entries).toBe(2);
    expect(first.last).toBe(true);
    await session.close();
  });

  test('never ends a chunk within a batch of which only the ends are present', async () => {
    const batch = 4 * LOOKED_AT_MAX;
    const pages = [
      { lookedAt: 1, entries: [entryAt(1, batch)] },
      ...stalePages(1, batch - 1),
      { lookedAt: batch, entries: [entryAt(batch, batch)] },
      ...stalePages(batch, 2 * batch),
    ];
    const session = new ServedSession(pinnedWithPages(pages), [pullerWith(0, 0)], 'version', 1);
    const first = await session.first();
    expect(session.entries).toBe(2);
    expect(first.last).toBe(false);
    await session.close();
  });
});
