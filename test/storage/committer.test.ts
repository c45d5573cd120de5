import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import type { NodeId } from '../../src/core/actor.ts';
import { BoatoError } from '../../src/core/errors.ts';
import { Fingerprints } from '../../src/core/fingerprint.ts';
import type { OrderedStore } from '../../src/ports/ordered-store.ts';
import type { Job } from '../../src/storage/commit-group.ts';
import { Committer } from '../../src/storage/committer.ts';
import { DotCache } from '../../src/storage/dot-cache.ts';
import { FORMAT_VERSION } from '../../src/storage/meta-record.ts';
import { State } from '../../src/storage/state.ts';
import type { Transaction } from '../../src/storage/transaction.ts';
import { hash64 } from '../support/replica-fixture.ts';

interface Committing {
  readonly committer: Committer;
  /** Whether each write to disk was synced. */
  readonly syncs: boolean[];
  /** Writes that begin wait for it. */
  held: Promise<void>;
  /** What the owner of the store was told when it was fenced, and whether of a defect. */
  readonly fences: [message: string, isDefect: boolean][];
}

async function committing(isSynced: boolean = true): Promise<Committing> {
  const inner = await new MemoryDisk().open();
  const syncs: boolean[] = [];
  const fences: Committing['fences'] = [];
  const store: OrderedStore = {
    ...inner,
    async write(operations, options) {
      syncs.push(options.sync);
      await made.held;
      await inner.write(operations, options);
    },
  };
  const identity = { formatVersion: FORMAT_VERSION, nodeId: 'a' as NodeId, clusterId: 'test' };
  const state = new State(identity, new Fingerprints(hash64), new DotCache(4096, hash64, 7n, true));
  const committer = new Committer(store, state, new SimulatedClock(), {
    sync: isSynced,
    onFence: ({ message }, { isDefect }) => fences.push([message, isDefect]),
    onDamage: () => {},
    onCommitted: () => {},
  });
  const made: Committing = { committer, syncs, fences, held: Promise.resolve() };
  return made;
}

function job<T>(decide: (transaction: Transaction) => T, sync: boolean = true): Job<T> {
  return { keys: [], bytes: 0, sync, decide };
}

/** A change that is written. */
const change = (sync?: boolean): Job<void> => job((transaction) => transaction.touchState(), sync);

describe('a write to disk', () => {
  test('is synced if one of those who wait for it asks for that, and the store is opened for it', async () => {
    for (const [isOpenedFor, asked, synced] of [
      [true, [false, false], false],
      [true, [false, true], true],
      [true, [true, false], true],
      [false, [true, true], false],
    ] as const) {
      const { committer, syncs } = await committing(isOpenedFor);
      await Promise.all(asked.map((sync) => committer.commit(change(sync))));
      expect(syncs).toEqual([synced]);
    }
  });

  /** Commits groups of which all up to the one at `last` are decided while the first of them is being written. */
  async function commitBehind(
    made: Committing,
    jobs: readonly Job<void>[],
    last: number = jobs.length - 1,
  ): Promise<void> {
    let release = (): void => {};
    made.held = new Promise((resolve) => {
      release = resolve;
    });
    const commits = jobs.map((one, at) =>
      made.committer.commit({
        ...one,
        decide(transaction) {
          one.decide(transaction);
          if (at === last) release();
        },
        // So many that each is a group of its own.
        keys: Array.from({ length: 256 }, (_, index) => Uint8Array.of(at, index)),
      }),
    );
    await Promise.all(commits);
  }

  test('of groups that wait for it together is synced if one of them asks for that', async () => {
    const made = await committing();
    await commitBehind(made, [change(false), change(false), change(true)]);
    expect(made.syncs).toEqual([false, true]);
  });

  test('is of all groups that wait for it together, though one of them changes nothing', async () => {
    const made = await committing();
    await commitBehind(made, [change(), job(() => {}), change()]);
    expect(made.syncs).toEqual([true, true]);
  });

  test('is of groups of no more bytes than a write holds, and one group more', async () => {
    const made = await committing();
    const long = { ...change(), bytes: 5 * 2 ** 20 };
    await commitBehind(made, [long, long, long, long], 2);
    expect(made.syncs).toHaveLength(3);
  });

  test('leaves others their turn between the groups that are decided meanwhile', async () => {
    const turns: number[] = [];
    let turn = 0;
    let isOver = false;
    const tick = (): void => {
      turn++;
      if (!isOver) setImmediate(tick);
    };
    tick();
    const noting = job((transaction) => {
      transaction.touchState();
      turns.push(turn);
    });
    await commitBehind(await committing(), [noting, noting, noting]);
    isOver = true;
    expect(new Set(turns).size).toBe(3);
  });

  test('is none where nothing was changed', async () => {
    const { committer, syncs } = await committing();
    expect(await Promise.all([committer.commit(job(() => 7)), committer.commit(job(() => 8))])).toEqual([
      7, 8,
    ]);
    expect(await committer.exclusive(() => committer.commitNow(job(() => 9)))).toBe(9);
    expect(syncs).toEqual([]);
  });
});

describe('a task that is alone', () => {
  test('fails its caller only, whether it throws or rejects, or what it commits is refused', async () => {
    const { committer, fences } = await committing();
    const failed = new BoatoError('CONDITION_FAILED', 'no');
    const failing = (): never => {
      throw failed;
    };
    const outcomes = await Promise.allSettled([
      committer.exclusive(failing),
      committer.exclusive(() => Promise.reject(failed)),
      committer.exclusive(() => committer.commitNow(job(failing))),
      committer.commit(job(failing)),
      committer.commit(job(() => 'goes on')),
    ]);
    const refused = { status: 'rejected', reason: failed };
    expect(outcomes).toEqual([refused, refused, refused, refused, { status: 'fulfilled', value: 'goes on' }]);
    expect(fences).toEqual([]);
  });
});

describe('a store that is closed', () => {
  test('finishes what was begun, and refuses what comes later', async () => {
    const { committer, syncs } = await committing();
    const begun = [committer.commit(change()), committer.exclusive(() => committer.commitNow(change()))];
    const closed = committer.close();
    const late = await Promise.allSettled([
      committer.commit(change()),
      committer.exclusive(() => Promise.resolve()),
    ]);
    for (const outcome of late)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'STORE_CLOSED' } });
    await closed;
    expect(syncs).toHaveLength(2);
    await Promise.all(begun);
  });

  test('tells that it was fenced, if it was', async () => {
    const { committer } = await committing();
    const error = committer.fence(new Error('a disk'));
    await committer.close();
    await expect(committer.commit(change())).rejects.toBe(error);
  });
});

describe('a defect of ours', () => {
  test('fences the store, and is told once as what it is, to all who wait', async () => {
    const { committer, fences, syncs } = await committing();
    const defect = new TypeError('undefined is not a function');
    const waiting = [
      committer.exclusive(() => Promise.resolve()),
      committer.commit(
        job(() => {
          throw defect;
        }),
      ),
      committer.commit(change()),
      committer.exclusive(() => Promise.resolve()),
    ];
    const [before, ...others] = await Promise.allSettled(waiting);
    expect(before).toMatchObject({ status: 'fulfilled' });
    for (const outcome of others)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'STORE_FENCED', cause: defect } });
    expect(fences).toEqual([[expect.stringMatching(/^An invariant of the store was broken/u), true]]);
    await expect(committer.written()).rejects.toMatchObject({ code: 'STORE_FENCED' });
    expect(syncs).toEqual([]);
    // The first cause is the one that is told.
    expect(committer.fence(new Error('later'))).toMatchObject({ cause: defect });
    expect(fences).toHaveLength(1);
  });
});
