/** Members beside nodes that run: what nodes come to by themselves breaks nothing, what nobody can have said does. */

import { describe, expect, onTestFinished, test } from 'vitest';
import { createHash64 } from '../../../src/adapters/xxhash.ts';
import { BrokenPromise } from '../../../src/simulation/checker/broken-promise.ts';
import { checkForgotten, checkFound } from '../../../src/simulation/checker/members-at-end.ts';
import type { Machine } from '../../../src/simulation/machine.ts';
import { drawProfile } from '../../../src/simulation/profile.ts';
import { openScene, type Scene } from '../../../src/simulation/scene.ts';
import { streamOf } from '../../../src/simulation/streams.ts';
import { World } from '../../../src/simulation/world.ts';

const hash64 = await createHash64();

/** Nodes that are told of the first one only; nothing is written. */
function opened(nodes: number): Scene {
  const { options } = drawProfile('calm', streamOf(1, 'profile'));
  const world = new World({ seed: 1, nodes, options: { ...options, seeds: 1 }, hash64 });
  return openScene(world, hash64);
}

/** They have found each other. */
async function begun(nodes: number): Promise<Scene> {
  const scene = opened(nodes);
  scene.world.startAll();
  await checkFound(scene);
  // What they know is kept some time later.
  await scene.world.pass(5000);
  return scene;
}

async function promiseBrokenBy(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof BrokenPromise) return error.promise;
    throw error;
  }
}

/** A machine is off until the others say so. */
async function isDown({ world }: Scene, machine: Machine): Promise<void> {
  await world.through(machine.crash(true));
  const other = world.machines.find((one) => one !== machine);
  const statusOf = (): string | undefined =>
    other?.running?.node.members().find(({ nodeId }) => nodeId === machine.nodeId)?.status;
  expect(await world.until(() => statusOf() === 'down', 100, 60_000)).toBeDefined();
}

describe('M1', () => {
  test('nodes that are told of one of them find each other', async () => {
    expect(await promiseBrokenBy(begun(5))).toBe(undefined);
  });

  test('is broken by one that cannot be reached', async () => {
    const scene = opened(3);
    const { world } = scene;
    for (const [from, to] of ['n0 n2', 'n2 n0', 'n1 n2', 'n2 n1'].map((cut) => cut.split(' ')))
      world.network.cut(from as string, to as string);
    world.startAll();
    expect(await promiseBrokenBy(checkFound(scene))).toBe('M1');
  });
});

describe('M2', () => {
  test('is broken by who takes a node for a member that never was', async () => {
    const { world: other } = await begun(3);
    const scene = opened(2);
    const [machine] = scene.world.machines as [Machine];
    await machine.disk.replaceBy(await machine.disk.copy(), false, other.machine(0).disk.members);
    scene.world.startAll();
    expect(await promiseBrokenBy(scene.world.pass(1000))).toBe('M2');
  });
});

describe('M3', () => {
  test('one that leaves, and is forgotten while another one is off, stays away until it starts again', async () => {
    expect(await promiseBrokenBy(checkForgotten(await begun(4)))).toBe(undefined);
  });

  test('one that was forgotten comes back by itself', async () => {
    const scene = await begun(3);
    const { world, memberCheck } = scene;
    const [by, , gone] = world.machines as [Machine, Machine, Machine];
    await isDown(scene, gone);
    memberCheck.beforeForget(by, gone.nodeId);
    const forgotten = by.running?.node.forget(gone.nodeId).then(() => undefined);
    await world.through(forgotten ?? Promise.reject(new Error('it is open')));
    gone.start();
    expect(await promiseBrokenBy(checkFound(scene))).toBe(undefined);
  });

  test('is broken by a node that shows one again by what was said before it was forgotten', async () => {
    const scene = await begun(3);
    const { world, memberCheck } = scene;
    const [by, , gone] = world.machines as [Machine, Machine, Machine];
    await isDown(scene, gone);
    memberCheck.beforeForget(by, gone.nodeId);
    // It is not; so the one that comes back raises what it had said by one only, since its clock is behind.
    gone.clock.leap(-3_600_000);
    gone.start();
    expect(await promiseBrokenBy(world.pass(60_000))).toBe('M3');
  });

  test('is broken by one that comes back though nobody starts it', async () => {
    const scene = await begun(4);
    const { world } = scene;
    const restart = (): void => {
      for (const machine of world.machines) machine.start();
      world.time.after(1000, restart);
    };
    restart();
    onTestFinished(() => world.end());
    expect(await promiseBrokenBy(checkForgotten(scene))).toBe('M3');
  });
});
