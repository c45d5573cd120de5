import { describe, expect, test } from 'vitest';
import { asciiBytes } from '../../src/core/bytes.ts';
import type { OrderedStore } from '../../src/ports/ordered-store.ts';
import { SimulatedDisk } from '../../src/simulation/disk.ts';
import { ProcessLife } from '../../src/simulation/process-life.ts';
import { VirtualTime } from '../../src/simulation/virtual-time.ts';
import { pass, random, through } from './support.ts';

const put = (name: string, value = name) =>
  ({ type: 'put', key: asciiBytes(name), value: asciiBytes(value) }) as const;

function diskOf(seed: number = 1) {
  const time = new VirtualTime();
  const disk = new SimulatedDisk(time, random(seed));
  let life = new ProcessLife(time);
  return {
    time,
    disk,
    open: async (): Promise<OrderedStore> => {
      life = new ProcessLife(time);
      return (await disk.home('here', life)).store;
    },
    losePower: async (): Promise<void> => {
      life.end();
      await disk.losePower();
    },
    kill: async (): Promise<void> => {
      life.end();
      await disk.kill();
    },
    names: async (): Promise<string[]> =>
      (await disk.recordsThat(() => true)).map(([key]) => Buffer.from(key).toString()),
  };
}

/** What is there after it, over many seeds: each outcome once. */
async function outcomes(course: (on: ReturnType<typeof diskOf>) => Promise<void>): Promise<string[]> {
  const found = new Set<string>();
  for (let seed = 0; seed < 40; seed++) {
    const on = diskOf(seed);
    await course(on);
    found.add((await on.names()).join(' '));
  }
  return [...found].toSorted();
}

describe('a loss of power', () => {
  test('takes nothing that was synced', async () => {
    const { time, open, losePower, names } = diskOf();
    const store = await open();
    await through(time, store.write([put('a')], { sync: true }));
    await losePower();
    expect(await names()).toEqual(['a']);
  });

  test('leaves what is said to stay, whatever else it takes', async () => {
    const { time, disk, open, losePower, names } = diskOf();
    const store = await open();
    for (const [name, sync] of [
      ['a', true],
      ['b', false],
      ['c', true],
    ] as const)
      await through(time, store.write([put(name)], { sync }));
    const stays = await disk.recordsThatStay();
    expect(stays.map(([key]) => Buffer.from(key).toString())).toEqual(['a', 'c']);
    expect(await names()).toEqual(['a', 'b', 'c']);
    await losePower();
    expect(await names()).toEqual(expect.arrayContaining(['a', 'c']));
  });

  test('takes any part of what was not synced', async () => {
    const found = await outcomes(async ({ time, open, losePower }) => {
      const store = await open();
      for (const name of ['a', 'b']) await through(time, store.write([put(name)], { sync: false }));
      await losePower();
    });
    expect(found).toEqual(['', 'a', 'a b', 'b']);
  });

  test('leaves a batch that was being written whole, or takes all of it', async () => {
    const found = await outcomes(async ({ open, losePower, time }) => {
      const store = await open();
      void store.write([put('a'), put('b')], { sync: true });
      await time.step(0);
      await losePower();
    });
    expect(found).toEqual(['', 'a b']);
  });

  test('takes nothing any more that the system has had the time to write', async () => {
    const found = await outcomes(async ({ time, open, losePower }) => {
      const store = await open();
      await through(time, store.write([put('a')], { sync: false }));
      await pass(time, 40_000);
      await through(time, store.write([put('b')], { sync: true }));
      await losePower();
    });
    expect(found).toEqual(['a b']);
  });
});

test('what was not synced survives the end of its process', async () => {
  const found = await outcomes(async ({ time, open, kill }) => {
    const store = await open();
    await through(time, store.write([put('a')], { sync: false }));
    await kill();
  });
  expect(found).toEqual(['a']);
});

test('a crash comes in the middle of the write that it was meant for', async () => {
  const found = await outcomes(async (on) => {
    const store = await on.open();
    const state = { isAcknowledged: false };
    on.disk.tear = { after: 1, happen: () => void on.losePower() };
    await through(on.time, store.write([put('a')], { sync: true }));
    void store.write([put('b'), put('c')], { sync: true }).then(() => (state.isAcknowledged = true));
    await pass(on.time, 1000);
    expect(state.isAcknowledged).toBe(false);
  });
  expect(found).toEqual(['a', 'a b c']);
});

describe('a write that fails', () => {
  test('is followed by writes that are acknowledged and lost', async () => {
    const { time, disk, open, names } = diskOf();
    const store = await open();
    disk.failure = { code: 'EIO', after: 1, isKept: false, openings: 0 };
    await through(time, store.write([put('a')], { sync: true }));
    await expect(through(time, store.write([put('b')], { sync: true }))).rejects.toThrow('input/output');
    await through(time, store.write([put('c')], { sync: true }));
    await store.close();
    expect(await names()).toEqual(['a']);
  });

  test('may be there all the same, until power is lost', async () => {
    const { time, disk, open, names } = diskOf();
    const store = await open();
    disk.failure = { code: 'EIO', after: 0, isKept: true, openings: 0 };
    await expect(through(time, store.write([put('a')], { sync: true }))).rejects.toThrow('input/output');
    expect(await names()).toEqual(['a']);
    expect(disk.holdsFailedWrite).toBe(true);
    await disk.losePower();
    expect(disk.holdsFailedWrite).toBe(false);
    const found = await outcomes(async (on) => {
      const other = await on.open();
      on.disk.failure = { code: 'EIO', after: 0, isKept: true, openings: 0 };
      await expect(through(on.time, other.write([put('a')], { sync: true }))).rejects.toThrow('input/output');
      await on.losePower();
    });
    expect(found).toEqual(['', 'a']);
  });

  test('may be followed by openings that fail', async () => {
    const { time, disk, open } = diskOf();
    const store = await open();
    disk.failure = { code: 'EIO', after: 0, isKept: false, openings: 1 };
    await expect(through(time, store.write([put('a')], { sync: true }))).rejects.toThrow('input/output');
    await store.close();
    await expect(open()).rejects.toThrow('input/output');
    await (await open()).close();
  });
});

test('a full disk takes no write, and is opened once with the room that was set aside', async () => {
  const { time, disk } = diskOf();
  const life = new ProcessLife(time);
  const home = await disk.home('here', life);
  await home.setRoomAside(() => false);
  disk.isFull = true;
  await expect(through(time, home.store.write([put('a')], { sync: true }))).rejects.toThrow('no space left');
  await home.store.close();
  await home.checkReopening();
  await home.reopen((store) => store.close());
  await expect(home.reopen(() => Promise.resolve())).rejects.toThrow('no space left');
});

test('reads fail when they are to, and then no more', async () => {
  const { time, disk, open } = diskOf();
  const store = await open();
  await through(time, store.write([put('a')], { sync: true }));
  disk.readFailure = { after: 1, times: 1 };
  await store.get(asciiBytes('a'));
  await expect(store.get(asciiBytes('a'))).rejects.toThrow('could not be read');
  expect(await store.get(asciiBytes('a'))).toEqual(asciiBytes('a'));
});

test('reads of a slow disk take time', async () => {
  const { time, disk, open } = diskOf();
  const store = await open();
  disk.slowness = 1000;
  await through(time, store.get(asciiBytes('a')));
  expect(time.nowMs).toBeGreaterThan(0);
});

test('what was damaged stays so, also after a loss of power', async () => {
  const { time, disk, open, losePower, names } = diskOf();
  const store = await open();
  await through(time, store.write([put('a'), put('b'), put('c')], { sync: true }));
  await disk.damage(asciiBytes('a'), asciiBytes('x'));
  await disk.damage(asciiBytes('b'), undefined);
  // Behind what is not synced all that comes after it waits.
  await through(time, store.write([put('u')], { sync: false }));
  await through(time, store.write([put('d'), put('e')], { sync: true }));
  await disk.damage(asciiBytes('d'), undefined);
  expect(await store.get(asciiBytes('a'))).toEqual(asciiBytes('x'));
  await losePower();
  expect((await names()).filter((name) => name !== 'u')).toEqual(['a', 'c', 'e']);
  expect(await (await open()).get(asciiBytes('a'))).toEqual(asciiBytes('x'));
});

test('a process that is over is not answered, and harms no later one by closing', async () => {
  const { time, open, kill, names } = diskOf();
  const store = await open();
  await kill();
  const state = { isAnswered: false };
  void store.get(asciiBytes('a')).finally(() => (state.isAnswered = true));
  const later = await open();
  await store.close();
  await through(time, later.write([put('a')], { sync: true }));
  expect(await names()).toEqual(['a']);
  expect(state.isAnswered).toBe(false);
});
