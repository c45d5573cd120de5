/**
 * A machine is gone for good, and an operator asks another node to forget its node for ever; where that is refused, another
 * one, some time later.
 */

import { BoatoError } from '../../core/errors.ts';
import { otherOf } from '../../epidemics/chance.ts';
import type { Random } from '../../ports/random.ts';
import { shownBy } from '../checker/shown-members.ts';
import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';
import { fractionIn, isChosen, oneOf } from '../streams.ts';
import type { Fault } from './faults.ts';
import { forgetBy } from './forget.ts';
import { partition } from './partition.ts';
import { drawTwo } from './two-machines.ts';
import { whileDown } from './while-down.ts';

export interface Retire {
  readonly machine: number;
  /** Who is asked first. */
  readonly by: number;
  readonly ending: 'leave' | 'kill' | 'power';
  /** Cut off from the others with it, and for longer: what it writes then, nobody else has; absent: nobody. */
  readonly witness: number | undefined;
  /** For so long both are alone, */
  readonly aloneMs: number;
  /** and then the witness. */
  readonly witnessMs: number;
  /** Until somebody is asked. */
  readonly afterMs: number;
  /** Whoever is away is forgotten first, though it may come back. */
  readonly insists: boolean;
}

/** Before it leaves, it waits until all have what it wrote, so long at most. */
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
      witness: isChosen(random, 0.5) ? witnessOf(random, nodes, machine) : undefined,
      aloneMs: Math.round(fractionIn(random, 500, 5000)),
      witnessMs: Math.round(fractionIn(random, 1000, 60_000)),
      // It takes some seconds until one who is silent counts as down.
      afterMs: Math.round(fractionIn(random, 1000, 40_000)),
      insists: isChosen(random, 0.3),
    };
  },
  inject: (scene, drawn) => {
    const { machine: number, by, ending, witness, aloneMs, witnessMs, afterMs, insists } = drawn;
    const { world, pending } = scene;
    const machine = world.machine(number);
    if (!mayGo(scene, machine)) return false;
    if (witness === undefined) {
      if (!goes(scene, machine, ending)) return false;
    } else {
      if (!machine.isWanted) return false;
      partition.inject(scene, { part: [number, witness], oneWay: false, forMs: aloneMs + witnessMs });
      pending.later(aloneMs, () => goes(scene, machine, ending));
    }
    for (let attempt = 0; attempt < ATTEMPTS; attempt++)
      pending.later(afterMs + attempt * AGAIN_MS, () => {
        if (!machine.isGone || scene.retired.has(machine.nodeId)) return;
        const asked = world.machine((by + attempt) % (world.machines.length + world.gone.length));
        const others = insists ? [...world.gone, ...world.machines] : world.gone;
        void forgetOthers(scene, asked, machine, others).then(() => forgetForEver(scene, asked, machine));
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

function witnessOf(random: Random, nodes: number, machine: number): number | undefined {
  return nodes < 3 ? undefined : otherOf(random, nodes, machine);
}

/** `false`: it cannot now. */
function goes(scene: Scene, machine: Machine, ending: Retire['ending']): boolean {
  const end = (): boolean => whileDown(scene, machine, ending, 0, () => remove(scene, machine));
  if (ending !== 'leave') return end();
  const { node } = machine.running ?? {};
  if (node === undefined || machine.life.isPaused) return false;
  const state = { isOver: false };
  const endInTime = (): boolean => !state.isOver && end();
  scene.pending.until(2 * SYNC_MS, () => (state.isOver = true));
  void node.sync({ wait: true, timeoutMs: SYNC_MS }).then(endInTime, endInTime);
  return true;
}

async function remove(scene: Scene, machine: Machine): Promise<void> {
  const { world, losses, watchClients } = scene;
  // Meanwhile it may have been copied, or others have gone.
  if (!mayGo(scene, machine)) return;
  // Nobody could say what a damaged one would still know, if it came back.
  const isDamaged = losses.isDamaged(machine);
  await losses.beforeDiskLost(machine);
  if (isDamaged) await machine.wipe();
  world.removeForGood(machine);
  for (const client of watchClients)
    if (client.machine === machine) client.moveTo(world.machines[0] as Machine);
  world.events.note(machine.name, 'is gone for good');
}

/**
 * Those of `others` that are down or have left, but for `gone`, as members only: nobody is retired while one is away. Never
 * fails.
 */
export async function forgetOthers(
  scene: Scene,
  by: Machine,
  gone: Machine | undefined,
  others: readonly Machine[] = scene.world.gone,
): Promise<void> {
  for (const other of others) {
    const status = shownBy(by)?.find(({ nodeId }) => nodeId === other.nodeId)?.status;
    const isAway = status === 'down' || status === 'left';
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
