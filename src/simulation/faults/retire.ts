/**
 * A machine is gone for good, and an operator asks another node to forget its node for ever; where that is refused, another
 * one, some time later.
 */

import { BoatoError } from '../../core/errors.ts';
import { shownBy } from '../checker/shown-members.ts';
import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';
import { fractionIn, oneOf } from '../streams.ts';
import type { Fault } from './faults.ts';
import { forgetBy } from './forget.ts';
import { drawTwo } from './two-machines.ts';
import { whileDown } from './while-down.ts';

export interface Retire {
  readonly machine: number;
  /** Who is asked first. */
  readonly by: number;
  readonly ending: 'leave' | 'kill' | 'power';
  /** Until somebody is asked. */
  readonly afterMs: number;
}

/** Before it leaves, it waits until all have what it wrote, so long at most; else it stays. */
const SYNC_MS = 5000;

const AGAIN_MS = 5000;
const ATTEMPTS = 12;

export const retire: Fault<Retire> = {
  draw: (random, nodes) => {
    const [machine, by] = drawTwo(random, nodes);
    return {
      machine,
      by,
      ending: oneOf(random, ['leave', 'kill', 'power'] as const),
      // It takes some seconds until one who is silent counts as down.
      afterMs: Math.round(fractionIn(random, 1000, 40_000)),
    };
  },
  inject: (scene, { machine: number, by, ending, afterMs }) => {
    const { world, pending } = scene;
    const machine = world.machine(number);
    if (!mayGo(scene, machine)) return false;
    const state = { isOver: false };
    pending.until(SYNC_MS, () => (state.isOver = true));
    const end = (): boolean =>
      !state.isOver && whileDown(scene, machine, ending, 0, () => remove(scene, machine));
    const node = machine.running?.node;
    if (ending !== 'leave') {
      if (!end()) return false;
    } else if (node === undefined || machine.life.isPaused) return false;
    else void node.sync({ wait: true, timeoutMs: SYNC_MS }).then(end, end);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++)
      pending.later(afterMs + attempt * AGAIN_MS, () => {
        if (!machine.isGone || scene.retired.has(machine.nodeId)) return;
        const asked = world.machine((by + attempt) % (world.machines.length + world.gone.length));
        void forgetOthers(scene, asked, machine).then(() => forgetForEver(scene, asked, machine));
      });
    return true;
  },
};

/** Most are to stay, and those whose names all are told. */
function mayGo({ world }: Scene, machine: Machine): boolean {
  const { machines, gone, options } = world;
  if (options.seeds === undefined || machines.indexOf(machine) < options.seeds) return false;
  return machines.length > Math.max(2, (machines.length + gone.length) / 2) && !hasClone(world, machine);
}

/** Its name lives on. */
function hasClone({ clones }: Scene['world'], machine: Machine): boolean {
  return clones.some(({ nodeId }) => nodeId === machine.nodeId);
}

async function remove({ world, losses, watchClients }: Scene, machine: Machine): Promise<void> {
  if (hasClone(world, machine)) return;
  // Nobody could say what a damaged one would still know, if it came back.
  const isDamaged = losses.isDamaged(machine);
  await losses.beforeDiskLost(machine);
  if (isDamaged) await machine.wipe();
  world.removeForGood(machine);
  for (const client of watchClients)
    if (client.machine === machine) client.moveTo(world.machines[0] as Machine);
  world.events.note(machine.name, 'is gone for good');
}

/** All that are gone for good but `gone`, as members only: nobody is retired while one is away. Never fails. */
export async function forgetOthers(scene: Scene, by: Machine, gone: Machine | undefined): Promise<void> {
  for (const other of scene.world.gone) {
    const isAway = shownBy(by)?.some(({ nodeId }) => nodeId === other.nodeId) === true;
    // It may live for all that is known there.
    if (other !== gone && isAway) await forgetBy(scene, by, other).catch(() => undefined);
  }
}

/** Why not; `undefined`: it is forgotten for ever. Never settles if the process ends meanwhile. */
export async function forgetForEver(scene: Scene, by: Machine, gone: Machine): Promise<string | undefined> {
  const { world, memberCheck, checker } = scene;
  const { nodeId } = gone;
  const { running } = by;
  const shown = shownBy(by);
  if (running === undefined || shown === undefined) return 'the node that is asked is not open';
  const isMember = (machine: Machine): boolean =>
    machine.nodeId !== nodeId && shown.some((member) => member.nodeId === machine.nodeId);
  // Of two that bear one name, nobody can say which was asked.
  const members = world.machines.filter((machine) => isMember(machine) && !hasClone(world, machine));
  checker.retirements.beforeAsked(by, nodeId, members);
  try {
    const { runs } = await running.node.forget(nodeId, { forEver: true });
    if (runs > 0) checker.retirements.confirmed(by, nodeId);
    memberCheck.forgot(
      by,
      shown.find((member) => member.nodeId === nodeId),
    );
    scene.retired.add(nodeId);
    scene.count('retired');
    world.events.note(by.name, `has forgotten ${nodeId} for ever, with ${runs} runs`);
    return undefined;
  } catch (error) {
    if (!(error instanceof BoatoError)) world.time.fail(error);
    const code = error instanceof BoatoError ? error.code : '';
    if (code === 'MEMBER_UNSETTLED') scene.count('unsettled');
    world.events.note(by.name, `does not forget ${nodeId} for ever: ${String(error)}`);
    return error instanceof Error ? error.message : String(error);
  }
}
