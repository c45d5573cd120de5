import { describe, expect, test } from 'vitest';
import { createHash64 } from '../../src/adapters/xxhash.ts';
import { FAULTS, type FaultKind, type FaultStep, inject } from '../../src/simulation/faults/faults.ts';
import { heal } from '../../src/simulation/faults/heal.ts';
import { UNHEARD } from '../../src/simulation/losses.ts';
import { drawProfile } from '../../src/simulation/profile.ts';
import { openScene, type Scene } from '../../src/simulation/scene.ts';
import { World } from '../../src/simulation/world.ts';
import { random } from './support.ts';

const NODES = 3;
const hash64 = await createHash64();

interface Setting {
  readonly rumours?: boolean;
  readonly seeds?: number;
}

/** Three nodes that hold a little, and agree. */
async function begun(setting: Setting = {}): Promise<Scene> {
  const { options } = drawProfile('calm', random());
  const world = new World({ seed: 1, nodes: NODES, options: { ...options, ...setting }, hash64 });
  world.startAll();
  await world.until(() => world.running().length === NODES, 10, 1000);
  // Nobody checks: what is written here is in no ledger.
  const scene = { ...openScene(world, hash64), losses: UNHEARD };
  world.afterEvent = () => Promise.resolve();
  for (let round = 0; round < 10; round++) write(scene, round);
  await world.until(() => world.agree(), 100, 60_000);
  return scene;
}

/** A write and a deletion on each machine that runs. */
function write({ world }: Scene, round: number): void {
  for (const { name, running } of world.machines) {
    running?.node.put(`${name} ${round}`, 'x'.repeat(300)).catch(() => undefined);
    running?.node.del(`${name} ${round - 1}`).catch(() => undefined);
  }
}

function draw(kind: FaultKind, seed: number): FaultStep {
  return { kind, ...FAULTS[kind].draw(random(seed), NODES) } as FaultStep;
}

/** Whoever all are told of is not retired. */
function drawDoable(kind: FaultKind, seed: number): FaultStep {
  const step = draw(kind, seed);
  return step.kind === 'retire' ? { ...step, machine: 1, witness: 2, by: 0 } : step;
}

/** Faults of clusters with membership. */
const OF_MEMBERS: ReadonlySet<FaultKind> = new Set<FaultKind>(['leave', 'forget', 'retire']);

describe.each(Object.keys(FAULTS) as FaultKind[])('%s', (kind) => {
  test.each([1, 2])('ends by itself, and all agree again (%i)', async (seed) => {
    const scene = await begun(OF_MEMBERS.has(kind) ? { seeds: 1 } : {});
    const { world } = scene;
    expect(inject(scene, drawDoable(kind, seed))).toBe(true);
    for (let round = 10; round < 20; round++) {
      write(scene, round);
      await world.pass(2000);
    }
    await world.pass(200_000);
    expect(world.machines).toHaveLength(kind === 'retire' ? NODES - 1 : NODES);
    expect(world.running()).toEqual(world.machines);
    expect(world.machines.every(({ clock }) => clock.isRight)).toBe(true);
    expect(world.clones).toEqual([]);
    expect(await world.until(() => world.agree(), 100, 120_000)).toBeDefined();
    await world.end();
  });

  test('is plain data', () => {
    const step = draw(kind, 3);
    expect(JSON.parse(JSON.stringify(step))).toEqual(step);
  });
});

test('healing ends whatever goes on, and all agree soon', async () => {
  const scene = await begun();
  const { world } = scene;
  for (const kind of Object.keys(FAULTS) as FaultKind[]) inject(scene, draw(kind, 1));
  await world.pass(3000);
  await heal(scene);
  expect(await world.until(() => world.agree(), 100, 60_000)).toBeDefined();
  await world.end();
});

test('an interruption after each answer breaks a session at every chunk, and it is resumed there', async () => {
  const scene = await begun({ rumours: false });
  const { world } = scene;
  const [puller, server] = [world.machine(0), world.machine(1)];
  world.network.cut('n0', 'n1');
  world.network.cut('n1', 'n0');
  for (const other of ['n0', 'n1']) {
    world.network.cut(other, 'n2');
    world.network.cut('n2', other);
  }
  for (let key = 0; key < 20; key++)
    await throughWrite(world, server.running?.node.put(`k${key}`, 'x'.repeat(300)));
  const breaks: number[] = [];
  const chunks: string[] = [];
  world.network.onDelivered((from, to, message) => {
    if (from === 'n1' && to === 'n0' && message.length > 300) chunks.push(`${message.length}`);
  });
  const breakBetween = world.network.breakBetween.bind(world.network);
  world.network.breakBetween = (a, b) => {
    breaks.push(chunks.length);
    return breakBetween(a, b);
  };
  inject(scene, {
    kind: 'interruption',
    puller: 0,
    server: 1,
    answers: 1,
    times: 8,
    delayMs: 0,
    what: 'connection',
    forMs: 60_000,
  });
  world.network.heal('n0', 'n1');
  world.network.heal('n1', 'n0');
  await world.pass(60_000);
  expect(breaks).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(puller.running?.live.current.fingerprint()).toEqual(server.running?.live.current.fingerprint());
});

async function throughWrite(world: World, work: Promise<unknown> | undefined): Promise<void> {
  const state = { isThrough: false };
  void work?.then(() => (state.isThrough = true));
  await world.until(() => state.isThrough, 1, 1000);
}
