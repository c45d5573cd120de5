import { describe, expect, onTestFinished, test } from 'vitest';
import { settle } from '../../src/adapters/simulated-clock.ts';
import type { Entry } from '../../src/core/entry.ts';
import type { Changes } from '../../src/index.ts';
import { DISK_FULL } from '../support/failing-disk.ts';
import { openTestReplica, utf8 } from '../support/replica-fixture.ts';
import { LiveMap } from './live-map.ts';
import { contentsOf } from './temporary-store.ts';

const FENCED = { name: 'BoatoError', code: 'STORE_FENCED' };
/** Longer than the longest pause between two attempts. */
const PAUSE_MS = 11_000;

async function opened(...options: Parameters<typeof LiveMap.open>): Promise<LiveMap> {
  const map = await LiveMap.open(...options);
  onTestFinished(() => map.store.close());
  return map;
}

/** The next opening waits until the answer is called. */
function hold({ disk }: LiveMap): () => void {
  let go = (): void => {};
  disk.opening = new Promise((resolve) => (go = resolve));
  return () => go();
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

describe('after a failed write', () => {
  test('writes are taken again by themselves, as a new actor, and what was acknowledged is there', async () => {
    const { store, disk, clock, log, live } = await opened();
    await store.put('k', 'acknowledged');
    const before = await store.getEntry('k');
    disk.writesLeft = 0;
    const waiting = [store.put('k', 'refused'), store.put('l', 'refused'), store.del('k')];
    for (const outcome of await Promise.allSettled(waiting))
      expect(outcome).toMatchObject({ status: 'rejected', reason: { ...FENCED, cause: DISK_FULL } });
    await clock.advance(PAUSE_MS);
    expect(live.outage).toBeUndefined();
    expect(await contentsOf(store)).toEqual(new Map([['k', 'acknowledged']]));
    await store.put('l', 'again');
    expect((await store.getEntry('l'))?.actor).not.toBe(before?.actor);
    expect((await store.getEntry('l'))?.version).toBeGreaterThan(before?.version ?? 0);
    expect(log.lines).toEqual([
      'error A write to disk failed: nothing is written until the store was opened again. {"cause":"Error: no space left on device"}',
      'info The store was opened again after a failed write, and takes writes. {"attempts":1}',
    ]);
  });

  test('every write is refused at once until then, and told why and when it is tried again', async () => {
    const map = await opened();
    await map.fail();
    for (const write of [
      () => map.store.put('k', 1),
      () => map.store.del('k'),
      () => map.store.batch([{ type: 'put', key: 'k', value: 1 }]),
      () => map.store.collect(),
      () => map.store.compact(),
      () => map.store.repairClock(),
      () => map.store.verify({ repair: true }),
    ]) {
      await expect(write()).rejects.toMatchObject({ ...FENCED, cause: DISK_FULL });
      await expect(write()).rejects.toThrow(
        /^Nothing is written since 2026-01-01T00:00:00\.000Z: no space left on device\. The store tries by itself to take writes again, next in \d s; what was acknowledged is on disk\.$/u,
      );
    }
  });

  test('the status says since when, why, how often it was tried and when it is next', async () => {
    const map = await opened();
    expect(await map.store.status()).not.toHaveProperty('fenced');
    map.hasRoomToOpen = false;
    const since = map.clock.wallMs();
    await map.fail();
    await map.clock.advance(PAUSE_MS);
    const { fenced, warnings } = await map.store.status();
    expect(fenced).toEqual({
      since,
      reason: 'no space left on device',
      attempts: expect.any(Number) as number,
      nextAttemptAt: expect.any(Number) as number,
      lastError: 'The disk has too little room',
    });
    expect(fenced?.attempts).toBeGreaterThan(1);
    expect(fenced?.nextAttemptAt).toBeGreaterThan(map.clock.wallMs());
    expect(warnings).toContainEqual({
      code: 'FENCED',
      message: expect.stringContaining('the last one: The disk has too little room') as string,
    });
    map.hasRoomToOpen = true;
    await map.clock.advance(PAUSE_MS);
    expect(await map.store.status()).not.toHaveProperty('fenced');
  });

  test('reads go on from the store as it is while there is no room to open it again', async () => {
    const map = await opened();
    const { store, clock, disk } = map;
    await store.batch(['a', 'b', 'c'].map((key) => ({ type: 'put', key, value: key })));
    map.hasRoomToOpen = false;
    await map.fail('d');
    const scan = store.entries();
    expect((await scan.next()).value).toMatchObject({ key: 'a' });
    for (let minute = 0; minute < 60; minute++) {
      await clock.advance(60_000);
      expect(await store.get('a')).toBe('a');
      expect(await store.getMany(['b', 'd'])).toEqual(['b', undefined]);
      expect(await store.count()).toBe(3);
    }
    expect((await scan.next()).value).toMatchObject({ key: 'b' });
    expect((await all(store.backupStream())).length).toBeGreaterThan(0);
    expect(disk.opened).toBe(1);
    // Half of 10 s between two of them, on average.
    expect((await store.status()).fenced?.attempts).toBeLessThan(1000);
    map.hasRoomToOpen = true;
    await clock.advance(PAUSE_MS);
    await store.put('d', 'd');
    expect(await store.count()).toBe(4);
  });

  test('writes wait for the room that the next reopening may need, though the store is open', async () => {
    const map = await opened();
    const { store, clock, disk } = map;
    await store.put('k', 1);
    // Room is set aside a moment after opening.
    await clock.advance(2000);
    expect(map.setAside).toBe(1);
    map.hasRoomToSetAside = false;
    await map.fail();
    await clock.advance(10 * PAUSE_MS);
    expect(disk.opened).toBe(2);
    expect(await store.get('k')).toBe(1);
    await expect(store.put('k', 2)).rejects.toMatchObject(FENCED);
    map.hasRoomToSetAside = true;
    await clock.advance(PAUSE_MS);
    await store.put('k', 2);
    expect(disk.opened).toBe(2);
    expect(await store.get('k')).toBe(2);
  });

  test('a disk that never had room to set aside needs room for writes alone', async () => {
    const map = await opened();
    map.hasRoomToSetAside = false;
    await map.clock.advance(2000);
    expect(map.log.lines).toEqual([expect.stringContaining('No room could be set aside')]);
    map.hasRoomToWrite = false;
    await map.fail();
    await map.clock.advance(10 * PAUSE_MS);
    await expect(map.store.put('k', 1)).rejects.toMatchObject(FENCED);
    map.hasRoomToWrite = true;
    await map.clock.advance(PAUSE_MS);
    await map.store.put('k', 1);
    map.hasRoomToSetAside = true;
    await map.clock.advance(600_000);
    expect(map.setAside).toBe(1);
  });

  test('a reopening is tried again, each time told once, until it succeeds', async () => {
    const map = await opened();
    const { store, clock, disk, log } = map;
    await store.put('k', 1);
    disk.openingFailures = 5;
    await map.fail();
    await clock.advance(10 * PAUSE_MS);
    expect(log.lines.filter((line) => line.startsWith('warn The store does not take writes'))).toHaveLength(
      5,
    );
    await store.put('l', 2);
    expect(await contentsOf(store)).toEqual(
      new Map([
        ['k', 1],
        ['l', 2],
      ]),
    );
  });

  test('a disk that fails again and again is tried less and less often', async () => {
    const map = await opened();
    const outages: number[] = [];
    for (let round = 0; round < 12; round++) {
      await map.fail();
      const fromMs = map.clock.monotonicMs();
      while (map.live.outage !== undefined) await map.clock.advance(100);
      outages.push(map.clock.monotonicMs() - fromMs);
    }
    const sum = (some: readonly number[]): number => some.reduce((total, ms) => total + ms, 0);
    expect(sum(outages.slice(6))).toBeGreaterThan(3 * sum(outages.slice(0, 6)));
    await map.clock.advance(120_000);
    await map.fail();
    await map.clock.advance(300);
    expect(map.live.outage).toBeUndefined();
  });

  test('what a disk kept of a write that it could not sync is there whole, or not at all', async () => {
    const map = await opened();
    map.disk.keepsFailed = true;
    map.disk.writesLeft = 0;
    const batch = ['a', 'b'].map((key) => ({ type: 'put' as const, key, value: 'kept' }));
    await expect(map.store.batch(batch)).rejects.toMatchObject(FENCED);
    await map.clock.advance(PAUSE_MS);
    expect(await contentsOf(map.store)).toEqual(
      new Map([
        ['a', 'kept'],
        ['b', 'kept'],
      ]),
    );
    await map.store.put('a', 'later');
    expect(await map.store.get('a')).toBe('later');
  });
});

describe('while the store is opened again', () => {
  test('reads wait, and are answered from the new one', async () => {
    const map = await opened();
    await map.store.put('k', 1);
    const go = hold(map);
    await map.fail();
    await map.clock.advance(300);
    const reads = [
      map.store.get('k'),
      map.store.count(),
      map.store.entries().next(),
      map.store.getMany(['k']),
    ];
    await settle();
    go();
    expect(await Promise.all(reads)).toMatchObject([1, 1, { value: { key: 'k' } }, [1]]);
  });

  test('reads wait for a few seconds only', async () => {
    const map = await opened();
    await map.store.put('k', 1);
    const go = hold(map);
    await map.fail();
    await map.clock.advance(300);
    const read = map.store.get('k').catch((error: unknown) => error);
    await map.clock.advance(6000);
    expect(await read).toMatchObject(FENCED);
    expect(String(await read)).toContain('could not be opened again yet');
    await expect(map.store.get('k')).rejects.toMatchObject(FENCED);
    go();
    await map.clock.advance(PAUSE_MS);
    expect(await map.store.get('k')).toBe(1);
  });

  test('whoever waits for a write looks for it again in the new one', async () => {
    const map = await opened();
    await map.store.put('k', 1);
    const { actor, version } = (await map.live.current.getMany([utf8('k')]))[0] as Entry;
    let looks = 0;
    const unwatch = map.live.onArrival(actor, () => looks++);
    await map.fail();
    await expect(map.live.isSeen({ actor, version })).rejects.toMatchObject(FENCED);
    expect(looks).toBe(0);
    await map.clock.advance(PAUSE_MS);
    expect(looks).toBeGreaterThan(0);
    expect(await map.live.isSeen({ actor, version })).toBe(true);
    unwatch();
  });

  test('a scan of the old store ends with an error that says so', async () => {
    const map = await opened();
    await map.store.batch(
      Array.from({ length: 2000 }, (_, index) => ({ type: 'put', key: `k${index}`, value: index })),
    );
    const scan = map.store.entries();
    await scan.next();
    const backup = map.store.backupStream();
    await backup.next();
    await map.fail();
    await map.clock.advance(PAUSE_MS);
    for (const rest of [all(scan), all(backup)]) {
      await expect(rest).rejects.toMatchObject(FENCED);
      await expect(rest).rejects.toThrow('what was being read of the old one ended: read it again');
    }
    expect(await all(map.store.entries())).toHaveLength(2000);
  });
});

describe('a watch', () => {
  const keyOf = async (changes: Changes): Promise<string | undefined> => (await changes.next()).value?.key;

  test.each(['that waits', 'in the middle of what it tells'])('%s outlives a failed write', async (when) => {
    const map = await opened();
    const changes = map.store.watch();
    await changes.begun;
    // More than a page.
    const keys = Array.from({ length: 2000 }, (_, index) => `k${index}`);
    const told = new Set<string | undefined>();
    let next: Promise<string | undefined> | undefined;
    if (when === 'that waits') {
      next = keyOf(changes);
      await settle();
    } else {
      await map.store.batch(keys.map((key) => ({ type: 'put', key, value: 1 })));
      told.add(await keyOf(changes));
    }
    await map.fail();
    await map.clock.advance(PAUSE_MS);
    await map.store.put('last', 1);
    const wanted = when === 'that waits' ? ['last'] : [...keys, 'last'];
    if (next !== undefined) told.add(await next);
    while (!wanted.every((key) => told.has(key))) told.add(await keyOf(changes));
    expect(told.has('refused')).toBe(false);
    const again = map.store.watch({ since: changes.token as string });
    await map.store.put('later', 1);
    expect(await keyOf(again)).toBe('later');
  });

  test('that nobody reads meanwhile tells all that was written between failed writes', async () => {
    const map = await opened();
    const changes = map.store.watch();
    await changes.begun;
    await map.fail();
    await map.clock.advance(PAUSE_MS);
    await map.store.put('a', 1);
    await map.fail();
    await map.clock.advance(PAUSE_MS);
    await map.store.put('b', 2);
    expect([await keyOf(changes), await keyOf(changes)]).toEqual(['a', 'b']);
  });

  test('that begins meanwhile is refused', async () => {
    const map = await opened();
    await map.fail();
    const changes = map.store.watch();
    await expect(changes.begun).rejects.toMatchObject(FENCED);
    await expect(changes.next()).rejects.toMatchObject(FENCED);
  });

  test.each(['it is ended', 'its store is closed'])('ends without an error if %s meanwhile', async (what) => {
    const map = await opened();
    const changes = map.store.watch();
    await changes.begun;
    const next = changes.next();
    await map.fail();
    await settle();
    if (what === 'it is ended') await changes.return();
    else await map.store.close();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await changes.next()).toEqual({ done: true, value: undefined });
  });
});

describe('a store that is closed', () => {
  test.each(['before an attempt', 'during an attempt', 'while reads wait'])(
    '%s tries no more',
    async (when) => {
      const map = await LiveMap.open();
      await map.store.put('k', 1);
      const go = hold(map);
      await map.fail();
      if (when !== 'before an attempt') await map.clock.advance(300);
      const reads = when === 'while reads wait' ? [map.store.get('k'), map.store.count()] : [];
      const outcomes = Promise.allSettled(reads);
      const closing = map.store.close();
      await settle();
      go();
      await closing;
      for (const outcome of await outcomes)
        expect(outcome).toMatchObject({ reason: { code: 'STORE_CLOSED' } });
      await expect(map.store.get('k')).rejects.toMatchObject({ code: 'STORE_CLOSED' });
      const { opened: before } = map.disk;
      await map.clock.advance(10 * PAUSE_MS);
      expect(map.disk.opened).toBe(before);
      const again = await openTestReplica({ disk: map.disk.disk });
      expect(again.wasClean).toBe(false);
      expect(again.state.all.count).toBe(1);
      await again.close();
    },
  );
});

describe('after a broken invariant', () => {
  test('the store is opened again and says so, but not for ever', async () => {
    let isBroken = false;
    let watching: Promise<unknown> | undefined;
    const map = await opened(1, (random) => ({
      fraction: () => random.fraction(),
      uint32: () => {
        if (isBroken) throw new Error('a defect');
        return random.uint32();
      },
    }));
    const given: string[] = [];
    map.live.onGivenUp(({ code }) => given.push(code));
    for (let round = 0; round < 4; round++) {
      const changes = map.store.watch();
      await changes.begun;
      watching = changes.next().catch((error: unknown) => error);
      isBroken = true;
      await expect(map.store.put('k', 'lost')).rejects.toThrow(/^An invariant of the store was broken/u);
      isBroken = false;
      await map.clock.advance(10 * PAUSE_MS);
      if (round < 3) await map.store.put(`k${round}`, round);
      // Only the first write of an actor needs chance.
      if (round < 3) await map.fail().then(() => map.clock.advance(10 * PAUSE_MS));
    }
    expect(given).toEqual(['STORE_FENCED']);
    expect(await watching).toMatchObject(FENCED);
    await expect(map.store.put('k', 1)).rejects.toThrow('start the node again');
    expect(await map.store.count()).toBe(3);
    expect(map.log.lines.filter((line) => line.startsWith('error An invariant of the store'))).toHaveLength(
      4,
    );
    expect(map.log.lines.at(-1)).toBe(
      'error An invariant was broken again and again: the store stays fenced. {"defects":4}',
    );
  });
});
