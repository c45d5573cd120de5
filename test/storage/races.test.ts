import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import type { OrderedStore } from '../../src/ports/ordered-store.ts';
import { DUE_EXPIRING, DUE_TOMBSTONE, dueBetween } from '../../src/storage/keyspace.ts';
import { pull } from '../support/pull.ts';
import { contents, del, openTestReplica, put, text, utf8 } from '../support/replica-fixture.ts';

const DAY_MS = 24 * 3600 * 1000;
const LARGE = 'v'.repeat(10_000);

interface Interrupted {
  readonly store: OrderedStore;
  /** Runs once, between the next read of records and whatever its reader does next. */
  readonly afterNextRead: (work: () => Promise<unknown>) => void;
}

async function interruptedStore(): Promise<Interrupted> {
  const inner = await new MemoryDisk().open();
  let waiting: (() => Promise<unknown>) | undefined;
  return {
    store: {
      ...inner,
      async getMany(keys) {
        const values = await inner.getMany(keys);
        const work = waiting;
        waiting = undefined;
        await work?.();
        return values;
      },
    },
    afterNextRead(work) {
      waiting = work;
    },
  };
}

describe('a large value', () => {
  test('that is collected while it is read reads as absent, and nothing passes for damaged', async () => {
    const clock = new SimulatedClock();
    const { store, afterNextRead } = await interruptedStore();
    const replica = await openTestReplica({ clock, store });
    await replica.write([put('k', LARGE, clock.wallMs() + 1000), put('other', LARGE)]);
    await clock.advance(60_000);
    afterNextRead(async () => expect(await replica.collect()).toEqual({ collected: 1, kept: 0 }));

    const [collected, other] = await replica.getMany([utf8('k'), utf8('other')]);

    expect(collected).toBeUndefined();
    expect(other?.value).toHaveLength(LARGE.length);
    expect(replica.notServing()).toBeUndefined();
  });

  test('that is replaced while it is read reads as what replaced it', async () => {
    const { store, afterNextRead } = await interruptedStore();
    const replica = await openTestReplica({ store });
    await replica.write([put('k', LARGE)]);
    afterNextRead(() => replica.write([put('k', `${LARGE}2`)]));

    const [entry] = await replica.getMany([utf8('k')]);

    expect(text(entry?.value ?? utf8(''))).toBe(`${LARGE}2`);
    expect(replica.notServing()).toBeUndefined();
  });

  test('that is replaced while it is read by one of the same version reads as that', async () => {
    const { store, afterNextRead } = await interruptedStore();
    const replica = await openTestReplica({ store });
    const twin = await openTestReplica({ nodeId: 'b' });
    await replica.write([put('k', LARGE)]);
    await twin.write([put('k', `${LARGE}2`)]);
    expect(twin.state.last).toBe(replica.state.last);
    afterNextRead(() => pull(replica, twin));

    const [entry] = await replica.getMany([utf8('k')]);

    expect(text(entry?.value ?? utf8(''))).toBe(`${LARGE}2`);
    expect(replica.notServing()).toBeUndefined();
  });
});

async function dueRecords(store: OrderedStore): Promise<number> {
  let count = 0;
  for (const kind of [DUE_TOMBSTONE, DUE_EXPIRING]) {
    const scan = store.scan(dueBetween(kind, 0, Number.MAX_SAFE_INTEGER - 1));
    count += (await scan.next(10_000)).length;
    await scan.close();
  }
  return count;
}

describe('an expiring entry', () => {
  test('with the largest expiry is counted', async () => {
    const replica = await openTestReplica();
    await replica.write([put('k', 'v', Number.MAX_SAFE_INTEGER), put('l', 'v')]);
    expect(await replica.count()).toBe(2);
  });

  test('that is replaced leaves no due record, by whatever and in whichever run', async () => {
    const clock = new SimulatedClock();
    const disk = new MemoryDisk();
    for (let run = 0; run < 3; run++) {
      const replica = await openTestReplica({ disk, clock });
      for (let at = 0; at < 30; at++) {
        await replica.write([put('kept', 'v', clock.wallMs() + 30 * DAY_MS + at)]);
        await replica.write([put('gone', 'v', clock.wallMs() + 30 * DAY_MS + at)]);
        await replica.write([put('gone', 'v')]);
        await replica.write([del('deleted')]);
      }
      expect(await contents(replica)).toEqual({ deleted: 'x', gone: 'v', kept: 'v' });
      expect(await replica.count()).toBe(2);
      await replica.close();
    }
    const store = await disk.open();
    expect(await dueRecords(store)).toBe(2);
    await store.close();
  });
});
