/** The checker beside nodes that run: what befalls a disk without a word breaks a promise, what was told does not. */

import { describe, expect, test } from 'vitest';
import { createHash64 } from '../../../src/adapters/xxhash.ts';
import { BrokenPromise } from '../../../src/simulation/checker/broken-promise.ts';
import { backup } from '../../../src/simulation/faults/backup.ts';
import { clone } from '../../../src/simulation/faults/clone.ts';
import type { Machine } from '../../../src/simulation/machine.ts';
import { drawProfile } from '../../../src/simulation/profile.ts';
import { openScene, type Scene } from '../../../src/simulation/scene.ts';
import { streamOf } from '../../../src/simulation/streams.ts';
import { askPlainly, write } from '../../../src/simulation/workload/writing.ts';
import { World } from '../../../src/simulation/world.ts';
import { spaceOf } from '../../../src/storage/keyspace.ts';

const hash64 = await createHash64();

interface Begun extends Scene {
  readonly machine: Machine;
}

/** Two nodes; the first has written. */
async function begun(seed: number = 1): Promise<Begun> {
  const { options } = drawProfile('calm', streamOf(1, 'profile'));
  const world = new World({ seed, nodes: 2, options, hash64 });
  const scene = openScene(world, hash64);
  world.startAll();
  await world.until(() => world.running().length === 2, 10, 1000);
  const machine = world.machine(0);
  for (const key of ['x', 'y', 'z']) void write(scene, machine, [{ key, valueBytes: 0 }], askPlainly);
  await world.pass(5000);
  expect(world.agree()).toBe(true);
  return { ...scene, machine };
}

async function vanish({ disk }: Machine): Promise<void> {
  const [entry] = await disk.recordsThat((key) => spaceOf(key) === 'entry');
  expect(entry).not.toBe(undefined);
  if (entry !== undefined) await disk.damage(entry[0], undefined);
}

async function promiseBrokenIn({ world }: Scene, ms: number = 3000): Promise<string | undefined> {
  try {
    await world.pass(ms);
    return undefined;
  } catch (error) {
    if (error instanceof BrokenPromise) return error.promise;
    throw error;
  }
}

async function setBack(scene: Begun, isTold: boolean): Promise<string | undefined> {
  const { machine, losses, world } = scene;
  const before = await machine.disk.copy();
  void write(scene, machine, [{ key: 'later', valueBytes: 0 }], askPlainly);
  await world.pass(100);
  const crashed = machine.crash(false);
  await world.pass(1);
  await crashed;
  if (isTold) await losses.beforeRestore(machine, false);
  await machine.disk.replaceBy(before, true);
  machine.start();
  return promiseBrokenIn(scene);
}

describe('on a machine that runs', () => {
  test('nothing happens, and nothing is broken', async () => {
    expect(await promiseBrokenIn(await begun())).toBe(undefined);
  });

  test('an entry vanishes without a word: the sums do not add up', async () => {
    const scene = await begun();
    await vanish(scene.machine);
    expect(await promiseBrokenIn(scene)).toBe('I5');
  });

  test('an entry vanishes by a fault that tells: nothing is broken', async () => {
    const scene = await begun();
    await scene.losses.beforeDamage(scene.machine);
    await vanish(scene.machine);
    expect(await promiseBrokenIn(scene)).toBe(undefined);
  });

  test('an entry vanishes by a fault that tells, and the disk is copied, and started: nothing is broken', async () => {
    const scene = await begun();
    await scene.losses.beforeDamage(scene.machine);
    await vanish(scene.machine);
    expect(clone.inject(scene, { machine: 0, forMs: 60_000 })).toBe(true);
    expect(await promiseBrokenIn(scene)).toBe(undefined);
    expect(scene.world.clones.map(({ running }) => running)).not.toContain(undefined);
  });

  test('an entry vanishes by a fault that tells, and the disk is set back to a copy of that: nothing is broken', async () => {
    const scene = await begun();
    await scene.losses.beforeDamage(scene.machine);
    await vanish(scene.machine);
    expect(backup.inject(scene, { machine: 0, by: 'disk', afterMs: 5000, downMs: 100 })).toBe(true);
    await scene.world.pass(100);
    void scene.machine.running?.live.current.giveUp('for a test');
    await scene.world.pass(2000);
    expect(scene.losses.isDamaged(scene.machine)).toBe(false);
    expect(await promiseBrokenIn(scene, 10_000)).toBe(undefined);
  });

  test('a damaged disk is set back by a fault that tells: what only it had seen is not missed at the end', async () => {
    const scene = await begun();
    const { machine, losses, world, checker } = scene;
    const before = await machine.disk.copy();
    world.machine(1).disk.isFull = true;
    await losses.beforeDamage(machine);
    void write(scene, machine, [{ key: 'x', valueBytes: 0 }], askPlainly);
    await world.pass(20);
    const crashed = machine.crash(false);
    await world.pass(1);
    await crashed;
    await losses.beforeRestore(machine, true);
    await machine.disk.replaceBy(before, true);
    world.machine(1).disk.mend();
    machine.start();
    expect(await promiseBrokenIn(scene, 20_000)).toBe(undefined);
    await checker.atEnd();
  });

  test('the disk is set back without a word: what was seen is not seen any more', async () => {
    expect(await setBack(await begun(), false)).toBe('I3');
  });

  test('the disk is set back by a fault that tells: nothing is broken', async () => {
    expect(await setBack(await begun(), true)).toBe(undefined);
  });

  test('a write fails, is there all the same, and may go with the power: nothing is broken', async () => {
    const gone = new Set<boolean>();
    for (let seed = 1; seed <= 6; seed++) {
      const scene = await begun(seed);
      const { machine, world } = scene;
      machine.disk.failure = { code: 'EIO', after: 0, isKept: true, openings: 100 };
      const { writes } = machine.disk;
      void write(scene, machine, [{ key: 'later', valueBytes: 0 }], askPlainly);
      await world.pass(1000);
      expect(machine.disk.writes).toBeGreaterThan(writes);
      const crashed = machine.crash(true);
      await world.pass(1);
      await crashed;
      machine.disk.mend();
      machine.start();
      expect(await promiseBrokenIn(scene)).toBe(undefined);
      gone.add((await machine.running?.node.get('later')) === undefined);
    }
    expect(gone).toEqual(new Set([false, true]));
  });

  test('somebody writes past the ledger: something is there that nobody wrote', async () => {
    const scene = await begun();
    void scene.machine.running?.node.put('x', 'of nobody');
    expect(await promiseBrokenIn(scene)).toBe('P4');
  });

  test('a node gives up its context though nothing was damaged: something was unexplained', async () => {
    const scene = await begun();
    void scene.machine.running?.live.current.giveUp('for a test');
    expect(await promiseBrokenIn(scene)).toBe('I8');
  });

  test('it logs what no correct node comes to', async () => {
    const scene = await begun();
    scene.world.onLog(scene.machine, 'error', 'A session failed.', { error: 'a defect' });
    expect(await promiseBrokenIn(scene)).toBe('I4');
  });
});
