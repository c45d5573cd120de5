/** Write concern, events and aggregates: what nodes say is compared with their disks, with what was sent, and with the truth. */

import { describe, expect, test } from 'vitest';
import { createHash64 } from '../../../src/adapters/xxhash.ts';
import { BrokenPromise } from '../../../src/simulation/checker/broken-promise.ts';
import { checkInCalm } from '../../../src/simulation/checker/in-calm.ts';
import type { Machine } from '../../../src/simulation/machine.ts';
import { drawProfile } from '../../../src/simulation/profile.ts';
import { openScene, type Scene } from '../../../src/simulation/scene.ts';
import { streamOf } from '../../../src/simulation/streams.ts';
import { acknowledged } from '../../../src/simulation/workload/acknowledged.ts';
import { World } from '../../../src/simulation/world.ts';

const hash64 = await createHash64();

interface Begun extends Scene {
  readonly machines: [Machine, Machine, Machine];
}

/** Three nodes that hold nothing, and have met. */
async function begun(): Promise<Begun> {
  const { options } = drawProfile('calm', streamOf(1, 'profile'));
  const world = new World({ seed: 1, nodes: 3, options, hash64 });
  const scene = openScene(world, hash64);
  world.startAll();
  await world.pass(2000);
  return { ...scene, machines: world.machines as Begun['machines'] };
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

function write(scene: Begun, acks: number): Promise<boolean | undefined> {
  const writes = [{ key: 'x', valueBytes: 0 }];
  return acknowledged(scene, scene.machines[0], { writes, acks, timeoutMs: 3000 });
}

/** One machine is off. */
async function off({ world }: Scene, machine: Machine): Promise<void> {
  await world.through(machine.crash(false));
}

test('where all are well, everybody holds, is told, and knows what all have', async () => {
  expect(await promiseBrokenBy(checkInCalm(await begun()))).toBe(undefined);
});

describe('W1', () => {
  test('holds of a write that as many nodes hold as were asked for, and of one that fewer do', async () => {
    const scene = await begun();
    const enough = write(scene, 3);
    expect(await promiseBrokenBy(scene.world.pass(3000))).toBe(undefined);
    expect(await enough).toBe(true);
    await off(scene, scene.machines[2]);
    const fewer = write(scene, 3);
    expect(await promiseBrokenBy(scene.world.pass(5000))).toBe(undefined);
    expect(await fewer).toBe(false);
  });

  test('is broken by an answer that counts a node too many', async () => {
    const scene = await begun();
    const { machines, world, checker } = scene;
    void write(scene, 3);
    await world.pass(3000);
    const [written] = scene.ledger.writes;
    if (written?.dot === undefined) throw new Error('it was written');
    const held = [{ dot: written.dot, key: 'x' }];
    await checker.acks.check(machines[0], { held, acks: 3, askedAtMs: 0 });
    expect(await promiseBrokenBy(world.pass(2000))).toBe(undefined);
    await checker.acks.check(machines[0], { held, acks: 4, askedAtMs: 0 });
    expect(await promiseBrokenBy(world.pass(2000))).toBe('W1');
  });

  test('counts a node that held it, and lost its disk since it was asked for, and no other', async () => {
    const scene = await begun();
    const { machines, world, checker, losses } = scene;
    void write(scene, 3);
    await world.pass(3000);
    const [written] = scene.ledger.writes;
    if (written?.dot === undefined) throw new Error('it was written');
    const acked = { held: [{ dot: written.dot, key: 'x' }], acks: 3 };
    await off(scene, machines[2]);
    await losses.beforeDiskLost(machines[2]);
    await machines[2].wipe();
    const lostAtMs = world.time.nowMs;
    await checker.acks.check(machines[0], { ...acked, askedAtMs: lostAtMs });
    expect(await promiseBrokenBy(world.pass(2000))).toBe(undefined);
    await checker.acks.check(machines[0], { ...acked, askedAtMs: lostAtMs + 1 });
    expect(await promiseBrokenBy(world.pass(2000))).toBe('W1');
  });
});

describe('E1', () => {
  test('holds of events that all are told, and of one that is refused', async () => {
    const scene = await begun();
    const { eventCheck, machines, world } = scene;
    const sent = await Promise.all(Array.from({ length: 150 }, () => eventCheck.send(machines[0], 'a')));
    expect(await promiseBrokenBy(world.pass(3000))).toBe(undefined);
    expect(sent[0]).toMatchObject({ isRefused: false });
    expect(sent.at(-1)).toMatchObject({ isRefused: true });
    expect(sent.map(({ told }) => told.size)).toEqual(sent.map(({ isRefused }) => (isRefused ? 0 : 3)));
  });

  test('is broken by an event that nobody sent', async () => {
    const { machines, world } = await begun();
    void machines[0].running?.node.broadcast('a', 'of nobody');
    expect(await promiseBrokenBy(world.pass(3000))).toBe('E1');
  });

  test('is broken by an event under another name, or of another node', async () => {
    const scene = await begun();
    await scene.eventCheck.send(scene.machines[0], 'a');
    void scene.machines[1].running?.node.broadcast('a', 'event 0');
    expect(await promiseBrokenBy(scene.world.pass(3000))).toBe('E1');
  });

  test('is broken by an event that is told twice', async () => {
    const scene = await begun();
    await scene.eventCheck.send(scene.machines[0], 'a');
    void scene.machines[0].running?.node.broadcast('a', 'event 0');
    expect(await promiseBrokenBy(scene.world.pass(3000))).toBe('E1');
  });
});

describe('where one is not as the others,', () => {
  test('E2 is broken by who is told nothing', async () => {
    const scene = await begun();
    const { machines } = scene;
    const send = scene.eventCheck.send.bind(scene.eventCheck);
    scene.eventCheck.send = async (machine, name) => {
      const sent = await send(machine, name);
      sent.told.delete(machines[0].life);
      return sent;
    };
    expect(await promiseBrokenBy(checkInCalm(scene))).toBe('E2');
  });

  test('A1 is broken by an extreme that is nobody’s, and A2 by a sum that is not that of all', async () => {
    const scene = await begun();
    const { aggregateCheck, machines, world } = scene;
    const asked = aggregateCheck.ask(machines[0]);
    await world.pass(3000);
    const result = await asked;
    if (result === undefined) throw new Error('it was answered');
    aggregateCheck.checkTrue(machines[0], result);
    expect(await promiseBrokenBy(world.pass(2000))).toBe(undefined);
    aggregateCheck.checkTrue(machines[0], { ...result, sum: result.sum * (1 + 2e-6) });
    expect(await promiseBrokenBy(world.pass(2000))).toBe('A2');
  });

  test('A1 is broken by a number that no node has', async () => {
    const { aggregateCheck, machines, world } = await begun();
    machines[1].running?.node.contribute('mark', () => 7);
    void aggregateCheck.ask(machines[0]);
    expect(await promiseBrokenBy(world.pass(3000))).toBe('A1');
  });

  test('W2 is broken by who does not hold what it should', async () => {
    const scene = await begun();
    scene.machines[1].disk.isFull = true;
    const broken = await promiseBrokenBy(checkInCalm(scene));
    expect(broken).toBe('W2');
  });
});
