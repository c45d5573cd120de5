/**
 * After everything was healed: nodes that are gone for good are forgotten for ever, unless what is missing of them perhaps
 * never comes; then all nodes know it, no row of theirs is left but for entries that name it (P7), and nobody lets a
 * process of that name in (P4).
 */

import { nodeIdOf } from '../../core/actor.ts';
import { speaksFor } from '../../core/retirement.ts';
import { forgetForEver, forgetOthers } from '../faults/retire.ts';
import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';
import { askPlainly, write } from '../workload/writing.ts';
import { BrokenPromise, type PromiseName } from './broken-promise.ts';
import { type DiskState, hasSeen, type SeenRow } from './disk-state.ts';
import { shownBy, shownText } from './shown-members.ts';

/** All must have found each other, have healed, and have pulled from each other; a doubt of a clock takes a minute to end. */
const SETTLE_WITHIN_MS = 240_000;
const AGAIN_MS = 3000;

/**
 * Rows go with the next collection after the last entry that names their actor; a doubt of a clock, which takes a minute to
 * end, comes first.
 */
const PRUNE_WITHIN_MS = 120_000;

/** Long enough to be dialled by all, and to dial all. */
const REFUSED_FOR_MS = 40_000;

/** Why a node is not forgotten for ever, if something of it is missing: that lasts if it went with the disk of that node. */
const MISSING = 'perhaps never will';
/** Others that may last. */
const LASTING = ['with a partial view', 'ran far ahead'] as const;

/** Operators see to who is gone. Throws `BrokenPromise`. */
export async function settleGone(scene: Scene): Promise<void> {
  for (const machine of scene.world.gone)
    if (!scene.retired.has(machine.nodeId)) await settle(scene, machine);
}

async function settle(scene: Scene, gone: Machine): Promise<void> {
  const { world } = scene;
  const state = { reason: 'nobody was asked' as string | undefined };
  const { machines, time } = world;
  const untilMs = time.nowMs + SETTLE_WITHIN_MS;
  for (let attempt = 0; state.reason !== undefined && time.nowMs < untilMs; attempt++) {
    await world.pass(AGAIN_MS);
    const by = machines[attempt % machines.length] as Machine;
    await world.through(forgetOthers(scene, by, gone));
    await world.through(
      forgetForEver(scene, by, gone).then((reason) => {
        // That nobody has heard of it is no better.
        state.reason = reason?.includes('knows no member') === true ? undefined : reason;
      }),
    );
    if (world.agree() && isLasting(scene, gone, state.reason ?? '')) break;
  }
  const { reason } = state;
  if (reason === undefined) return;
  if (!isLasting(scene, gone, reason))
    throw broken(scene, 'M1', `${gone.nodeId} cannot be forgotten for ever: ${reason}`);
  scene.count('neverRetired');
  for (const machine of machines) await world.through(forgetOthers(scene, machine, undefined));
}

function isLasting({ checker }: Scene, { nodeId }: Machine, reason: string): boolean {
  if (reason.includes(MISSING)) return checker.retirements.mayNeverSettle(nodeId);
  return LASTING.some((lasting) => reason.includes(lasting));
}

/** All agree by now. Throws `BrokenPromise`. */
export async function checkRetired(scene: Scene): Promise<void> {
  const { world, checker } = scene;
  const names = [...scene.retired].filter((nodeId) =>
    checker.stateOf(world.machines[0])?.retiredAt.has(nodeId),
  );
  for (const nodeId of names) {
    const { machines } = world;
    const without = machines.find((machine) => checker.stateOf(machine)?.retiredAt.has(nodeId) === false);
    if (without !== undefined)
      throw broken(scene, 'P3', `${without.name} does not know that ${nodeId} is retired`);
    const isPruned = (): boolean =>
      machines.every((machine) => leftOf(checker.stateOf(machine), nodeId).length === 0);
    if ((await world.until(isPruned, 100, PRUNE_WITHIN_MS)) === undefined)
      throw broken(scene, 'P7', `rows of ${nodeId} are left, which is retired`);
    const gone = world.gone.find((machine) => machine.nodeId === nodeId);
    if (gone !== undefined) await checkRefused(scene, gone);
  }
}

/** Rows that say no more than the retirement, though no entry names their actors. */
function leftOf(state: DiskState | undefined, nodeId: string): readonly SeenRow[] {
  const named = new Set([...(state?.entryByKey.values() ?? [])].map(({ actor }) => actor));
  const retiredAt = state?.retiredAt.get(nodeId);
  return [...(state?.rowByActor.values() ?? [])].filter(
    (row) => nodeIdOf(row.actor) === nodeId && speaksFor(retiredAt, row) && !named.has(row.actor),
  );
}

/** The machine was not gone after all: it starts with its disk as it was, and somebody writes there. */
async function checkRefused(scene: Scene, gone: Machine): Promise<void> {
  const { world, losses, ledger, checker } = scene;
  const back = world.addClone(gone);
  const { members } = gone.disk;
  await back.disk.replaceBy(await gone.disk.copy(), true, members);
  losses.beforeClone(gone, back);
  back.start();
  await world.until(() => back.running !== undefined, 10, REFUSED_FOR_MS);
  const from = ledger.writes.length;
  void write(scene, back, [{ key: 'of nobody', valueBytes: 0 }], askPlainly);
  await world.pass(REFUSED_FOR_MS);
  scene.count('refused');
  for (const { key, dot } of ledger.writes.slice(from)) {
    const isSeen = (machine: Machine): boolean => {
      const state = checker.stateOf(machine);
      return (
        dot !== undefined && state !== undefined && state.entryByKey.has(key) && hasSeen(state, dot, key)
      );
    };
    if (world.machines.some(isSeen))
      throw broken(scene, 'P4', `${gone.nodeId} is retired, and was let in again`);
  }
  const isShown = (machine: Machine): boolean =>
    shownBy(machine)?.some(({ nodeId }) => nodeId === gone.nodeId) === true;
  if (world.machines.some(isShown))
    throw broken(scene, 'M3', `${gone.nodeId} is retired, and a member again`);
  await world.through(back.crash(false));
  await losses.beforeDiskLost(back);
  world.removeClone(back);
}

function broken({ world }: Scene, promise: PromiseName, what: string): BrokenPromise {
  return new BrokenPromise(promise, `${what}; ${shownText(world.machines)}`, { atMs: world.time.nowMs });
}
