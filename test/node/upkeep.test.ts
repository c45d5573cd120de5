/** What a node does by itself, and when: in simulated time, on the real storage layout. */

import { describe, expect, onTestFinished, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { settle, SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { BoatoError } from '../../src/core/errors.ts';
import type { CollectResult } from '../../src/node/api.ts';
import { Upkeep, type UpkeepDependencies } from '../../src/node/upkeep.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { damageRecord, flipped, isEntry } from '../storage/damage-fixture.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { openTestReplica, put, utf8 } from '../support/replica-fixture.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;

/** What was begun, each with the second at which it was. */
class Diary {
  readonly #clock: SimulatedClock;
  readonly #startMs: number;
  entries: string[] = [];

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
    this.#startMs = clock.monotonicMs();
  }

  note(what: string): void {
    this.entries.push(`${what} ${(this.#clock.monotonicMs() - this.#startMs) / 1000}`);
  }

  of(what: string): number[] {
    return this.entries
      .filter((entry) => entry.startsWith(`${what} `))
      .map((entry) => Number(entry.slice(what.length)));
  }
}

interface Fixture {
  readonly clock: SimulatedClock;
  readonly diary: Diary;
  readonly log: RecordingLog;
  readonly upkeep: Upkeep;
}

/** Upkeep that has just been started. A job that `jobs` does not name does nothing. */
function started(
  jobs: Partial<Pick<UpkeepDependencies, 'replica' | 'collect' | 'audit'>> = {},
  intervals: Partial<UpkeepDependencies> = {},
  clock: SimulatedClock = new SimulatedClock(),
): Fixture {
  const diary = new Diary(clock);
  const log = new RecordingLog();
  const { replica = SOUND, collect = () => Promise.resolve(NOTHING), audit = () => Promise.resolve() } = jobs;
  const noted: UpkeepDependencies['replica'] = {
    get state() {
      return replica.state;
    },
    get checking() {
      return replica.checking;
    },
    check(isCalledOff) {
      diary.note('check');
      return replica.check(isCalledOff);
    },
  };
  const upkeep = new Upkeep({
    replica: noted,
    clock,
    log,
    collect() {
      diary.note('collection');
      return collect();
    },
    audit() {
      diary.note('audit');
      return audit();
    },
    tombstoneTtlMs: DAY_MS,
    auditIntervalMs: DAY_MS,
    scrubIntervalMs: DAY_MS,
    ...intervals,
  });
  upkeep.start();
  onTestFinished(() => upkeep.stop());
  return { clock, diary, log, upkeep };
}

const NOTHING: CollectResult = { collected: 0, kept: 0 };

const HEALTHY: StoredReplica['state'] = {
  all: { count: 0, sum: 0n },
  permanent: { count: 0, sum: 0n },
  horizon: 0 as StoredReplica['state']['horizon'],
  last: 0 as StoredReplica['state']['last'],
  bootstrapping: false,
  damaged: false,
  healing: false,
};

const SOUND: UpkeepDependencies['replica'] = {
  state: HEALTHY,
  checking: undefined,
  check: () => Promise.resolve(undefined),
};

/** A promise that the test settles. */
function pending<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
} {
  let [resolve, reject]: [(value: T) => void, (error: unknown) => void] = [() => {}, () => {}];
  const promise = new Promise<T>((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
}

async function diskWith(keys: readonly string[]): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const replica = await openTestReplica({ disk });
  for (const key of keys) await replica.write([put(key, '1')]);
  await replica.close();
  return disk;
}

describe('at its start', () => {
  test('a node checks its entries at once after a clean stop, and serves meanwhile', async () => {
    const replica = await openTestReplica({ disk: await diskWith(['a', 'b']) });
    const { diary } = started({ replica });
    expect(diary.entries).toEqual(['check 0']);
    expect(replica.notServing()).toBeUndefined();
    await settle();
    expect(replica.notServing()).toBeUndefined();
  });

  test('a node serves after an unclean stop as soon as that check has found its entries sound', async () => {
    const disk = await (await diskWith(['a', 'b'])).copy();
    const killed = await openTestReplica({ disk });
    await killed.write([put('c', '1')]);
    const replica = await openTestReplica({ disk: await disk.copy() });
    expect(replica.notServing()).toBe('it checks its entries after an unclean stop');
    const { diary } = started({ replica });
    await settle();
    expect(diary.entries).toEqual(['check 0']);
    expect(replica.checking).toBeUndefined();
    expect(replica.notServing()).toBeUndefined();
  });

  test('a node finds what was damaged while it was down, and gives up its context', async () => {
    const disk = await diskWith(['bad', 'good']);
    await damageRecord(disk, isEntry('bad'), flipped);
    const replica = await openTestReplica({ disk });
    started({ replica });
    await settle();
    expect(replica.isHealing()).toBe(true);
    expect(replica.notServing()).toBeUndefined();
  });

  test('a node whose check after an unclean stop fails tries again, and does not wait a day to serve', async () => {
    let failures = 3;
    const state: { checking: { done: number; total: number } | undefined } = {
      checking: { done: 0, total: 1 },
    };
    const replica: UpkeepDependencies['replica'] = {
      state: HEALTHY,
      get checking() {
        return state.checking;
      },
      check() {
        if (failures-- > 0) return Promise.reject(new Error('the disk cannot be read'));
        state.checking = undefined;
        return Promise.resolve(undefined);
      },
    };
    const { clock, diary, log } = started({ replica });
    await clock.advance(60_000);
    expect(diary.of('check')).toEqual([0, 1, 3, 7]);
    expect(log.lines).toHaveLength(3);
  });
});

describe('the check of all entries', () => {
  test('comes every scrub interval after the one at the start', async () => {
    const { clock, diary } = started({}, { scrubIntervalMs: MINUTE_MS });
    await clock.advance(3 * MINUTE_MS);
    expect(diary.of('check')).toEqual([0, 60, 120, 180]);
  });

  test('is not begun while another one runs, and the interval counts from the end of the one before', async () => {
    const first = pending<undefined>();
    let checks = 0;
    const check = (): Promise<undefined> => (checks++ === 0 ? first.promise : Promise.resolve(undefined));
    const { clock, diary } = started(
      { replica: { ...SOUND, state: { ...HEALTHY, damaged: true }, check } },
      { scrubIntervalMs: 10_000 },
    );
    await clock.advance(15_000);
    expect(diary.of('check')).toEqual([0]);
    first.resolve(undefined);
    await clock.advance(1000);
    expect(diary.of('check')).toEqual([0, 16]);
  });
});

describe('damage that is met', () => {
  test('is seen to within a second: the context is given up, once, and the node serves again', async () => {
    const clock = new SimulatedClock();
    const store = await new MemoryDisk().open();
    const replica = await openTestReplica({ store, clock });
    await replica.write([put('bad', '1')]);
    await replica.write([put('good', '1')]);
    started({ replica }, {}, clock);
    await clock.advance(10_500);
    expect(replica.isHealing()).toBe(false);

    const scan = store.scan({ gte: new Uint8Array(0) });
    const [key, record] = (await scan.next(100)).find(([stored]) => isEntry('bad')(stored)) ?? [];
    await scan.close();
    await store.write(
      [{ type: 'put', key: key as Uint8Array, value: flipped(record as Uint8Array) as Uint8Array }],
      {
        sync: true,
      },
    );
    await expect(replica.getMany([utf8('bad')])).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    expect(replica.notServing()).toBe('a record on its disk is damaged');
    const { epoch } = replica;

    await clock.advance(1000);
    expect(replica.notServing()).toBeUndefined();
    expect(replica.isHealing()).toBe(true);
    await clock.advance(10_000);
    expect(replica.epoch).toBe(epoch + 1);
  });

  test('costs nothing to look for', async () => {
    const { clock, diary } = started();
    await clock.advance(60_000);
    expect(diary.of('check')).toEqual([0]);
  });
});

describe('an audit', () => {
  test('comes every audit interval, and not at the start', async () => {
    const { clock, diary } = started({}, { auditIntervalMs: MINUTE_MS });
    await clock.advance(3 * MINUTE_MS);
    expect(diary.of('audit')).toEqual([60, 120, 180]);
  });
});

describe('a collection', () => {
  test.each([
    ['a tenth of the tombstone TTL', 50_000, 5000],
    ['a second, if a tenth of the TTL is less', 5, 1000],
    ['a second at least', 9999, 1000],
    ['a tenth of a TTL just above that', 10_010, 1001],
    ['a tenth of a TTL just below ten minutes', 5_999_990, 599_999],
    ['ten minutes at most', 6_000_010, 600_000],
    ['ten minutes, however long the TTL is', Number.MAX_SAFE_INTEGER, 600_000],
  ])('comes again after %s', async (_, tombstoneTtlMs, everyMs) => {
    const { clock, diary } = started({}, { tombstoneTtlMs });
    await clock.advance(3 * everyMs);
    expect(diary.of('collection')).toEqual([1, 2, 3].map((times) => (times * everyMs) / 1000));
  });

  test('is told in the log only if something was collected', async () => {
    const results = [NOTHING, { collected: 7, kept: 1 }, NOTHING];
    const collect = (): Promise<CollectResult> => Promise.resolve(results.shift() ?? NOTHING);
    const { clock, log } = started({ collect }, { tombstoneTtlMs: 10_000 });
    await clock.advance(5000);
    expect(log.lines).toEqual(['info Collected tombstones and expired entries. {"collected":7}']);
  });

  test('takes what is due, on the real layout', async () => {
    const clock = new SimulatedClock();
    const replica = await openTestReplica({ clock, tombstoneTtlMs: 20_000 });
    await replica.write([put('brief', '1', clock.wallMs() + 1000)]);
    const { log } = started({ replica, collect: () => replica.collect() }, { tombstoneTtlMs: 20_000 }, clock);
    await clock.advance(20_000);
    expect(replica.state.all.count).toBe(1);
    await clock.advance(2000);
    expect(replica.state.all.count).toBe(0);
    expect(log.lines).toHaveLength(1);
  });
});

describe('a job that fails', () => {
  test('is logged with what it was and why, comes again, and holds up no other', async () => {
    let fails = true;
    const audit = (): Promise<void> => (fails ? Promise.reject(new Error('no luck')) : Promise.resolve());
    const { clock, diary, log } = started(
      { audit },
      { auditIntervalMs: MINUTE_MS, tombstoneTtlMs: MINUTE_MS },
    );
    await clock.advance(MINUTE_MS);
    expect(log.lines).toEqual([
      'warn Work in the background failed. {"what":"audit","error":"Error: no luck"}',
    ]);
    fails = false;
    await clock.advance(2 * MINUTE_MS);
    expect(diary.of('audit')).toEqual([60, 120, 180]);
    expect(diary.of('collection')).toHaveLength(30);
    expect(log.lines).toHaveLength(1);
  });

  test('comes after twice as long each time, up to a minute, and at its interval again once it was done', async () => {
    let failures = 8;
    const collect = (): Promise<CollectResult> =>
      failures-- > 0 ? Promise.reject(new Error('no luck')) : Promise.resolve(NOTHING);
    const { clock, diary } = started({ collect }, { tombstoneTtlMs: 10 });
    await clock.advance(246_000);
    expect(diary.of('collection')).toEqual([1, 3, 7, 15, 31, 63, 123, 183, 243, 244, 245, 246]);
  });

  test.each(['STORE_CLOSED', 'STORE_FENCED'] as const)('with %s is not told twice', async (code) => {
    const collect = (): Promise<CollectResult> => Promise.reject(new BoatoError(code, 'It stops.'));
    const { clock, log } = started({ collect }, { tombstoneTtlMs: 10 });
    await clock.advance(10_000);
    expect(log.lines).toEqual([]);
  });
});

describe('the end', () => {
  test('begins nothing more', async () => {
    const { clock, diary, upkeep } = started();
    await clock.advance(1000);
    await upkeep.stop();
    const before = [...diary.entries];
    await clock.advance(2 * DAY_MS);
    expect(diary.entries).toEqual(before);
  });

  test('waits for what runs, whatever comes of it, and none of it comes again', async () => {
    const collecting = pending<CollectResult>();
    const auditing = pending<void>();
    const { clock, diary, upkeep } = started(
      { collect: () => collecting.promise, audit: () => auditing.promise },
      { tombstoneTtlMs: 10_000, auditIntervalMs: 1000 },
    );
    await clock.advance(1000);
    let isStopped = false;
    const stopped = upkeep.stop().then(() => (isStopped = true));
    await settle();
    expect(isStopped).toBe(false);
    collecting.resolve(NOTHING);
    await settle();
    expect(isStopped).toBe(false);
    auditing.reject(new Error('no luck'));
    await stopped;
    await clock.advance(DAY_MS);
    expect(diary.entries).toEqual(['check 0', 'collection 1', 'audit 1']);
  });

  test('calls off a check of the real layout, which is then left to the next start', async () => {
    const disk = await (await diskWith([])).copy();
    const killed = await openTestReplica({ disk });
    await killed.write([put('a', '1')]);
    const replica = await openTestReplica({ disk: await disk.copy() });
    const { upkeep, log } = started({ replica });
    await upkeep.stop();
    expect(replica.checking).toEqual({ done: 0, total: 1 });
    expect(log.lines).toEqual([]);
    await replica.close();
  });
});
