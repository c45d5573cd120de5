/**
 * After everything was healed, and all agree: what needs the others, and may fail under faults, must not fail now. All are
 * told an event (E2), aggregates are right (A2), and a write is held by as many as were asked for (W2).
 */

import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';
import { acknowledged } from '../workload/acknowledged.ts';
import { BrokenPromise, type PromiseName } from './broken-promise.ts';

/** Pauses between two attempts to dial somebody grow to half a minute. */
const LINK_WITHIN_MS = 90_000;

const TOLD_WITHIN_MS = 2000;
const ACKS_WITHIN_MS = 10_000;
const AGREE_WITHIN_MS = 60_000;

/** In larger clusters who tells all of them does not tell each itself: rumours may pass somebody by (Demers' residue). */
const ALL_TOLD_MACHINES_MAX = 5;

/** Who asks for an aggregate: each asks all. */
const ASKING_MAX = 2;

/** Throws `BrokenPromise`. */
export async function checkInCalm(scene: Scene): Promise<void> {
  const { world, checker } = scene;
  // First, since whoever is told, or asked, must be connected.
  for (const machine of world.machines) await checkHeld(scene, machine);
  await checkTold(scene);
  await checkAggregates(scene);
  if ((await world.until(() => world.agree(), 100, AGREE_WITHIN_MS)) === undefined)
    throw broken(scene, 'P3', undefined, `the nodes do not agree again after ${AGREE_WITHIN_MS} ms`);
  await checker.atEnd();
}

/** As soon as the machine is connected with all others, or with as many as with a partial view it is. */
async function checkHeld(scene: Scene, machine: Machine): Promise<void> {
  const { world } = scene;
  const { machines, options, time } = world;
  const untilMs = time.nowMs + LINK_WITHIN_MS;
  const state = { peers: machines.length - 1, isHeld: false };
  while (!state.isHeld) {
    if (options.sampler === 'partial')
      await world.through(countPeers(machine).then((count) => void (state.peers = count)));
    const write = { writes: [{ key: `calm-${machine.name}`, valueBytes: 0 }], acks: 1 + state.peers };
    const isAlone = state.peers === 0 && machines.length > 1;
    if (!isAlone)
      await world.through(
        acknowledged(scene, machine, { ...write, timeoutMs: ACKS_WITHIN_MS }).then((isEnough) => {
          state.isHeld = isEnough === true;
        }),
      );
    if (!state.isHeld && time.nowMs >= untilMs)
      throw broken(
        scene,
        'W2',
        machine,
        `not all of ${state.peers} others hold a write, after ${LINK_WITHIN_MS} ms`,
      );
    if (!state.isHeld) await world.pass(1000);
  }
}

async function countPeers({ running }: Machine): Promise<number> {
  const status = await running?.node.status();
  const connected = status?.peers.filter(({ state }) => state === 'connected') ?? [];
  return new Set(connected.map(({ nodeId }) => nodeId)).size;
}

async function checkTold(scene: Scene): Promise<void> {
  const { world, eventCheck } = scene;
  const { machines } = world;
  const sent = [];
  for (const machine of machines) sent.push(await eventCheck.send(machine, 'in-calm'));
  await world.pass(TOLD_WITHIN_MS);
  for (const machine of machines) {
    const isTold = sent.map(({ told }) => told.has(machine.life));
    const isEnough =
      machines.length <= ALL_TOLD_MACHINES_MAX ? !isTold.includes(false) : isTold.includes(true);
    if (!isEnough || sent.some(({ isRefused }) => isRefused))
      throw broken(
        scene,
        'E2',
        machine,
        `of the events of ${machines.length} nodes it was told ${isTold.join(', ')}`,
      );
  }
}

async function checkAggregates(scene: Scene): Promise<void> {
  const { world, aggregateCheck } = scene;
  const ask = async (machine: Machine): Promise<void> =>
    aggregateCheck.checkTrue(machine, await aggregateCheck.ask(machine));
  await world.through(Promise.all(world.machines.slice(0, ASKING_MAX).map(ask)).then(() => undefined));
}

function broken(
  { world }: Scene,
  promise: PromiseName,
  machine: Machine | undefined,
  what: string,
): BrokenPromise {
  return new BrokenPromise(promise, what, { machine: machine?.name, atMs: world.time.nowMs });
}
