/** After everything was healed: all find each other (M1), and one that leaves and is forgotten stays away (M3). */

import { someOf } from '../../membership/shuffled.ts';
import type { Member } from '../../node/member-api.ts';
import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';
import { forgetBy } from '../faults/forget.ts';
import { forgetOthers } from '../faults/retire.ts';
import { BrokenPromise, type PromiseName } from './broken-promise.ts';
import { shownBy, shownText, showEachOther } from './shown-members.ts';

/**
 * Pauses between two attempts to reach a seed grow to half a minute; one attempt may take 5 s, and the node on the other
 * end may have to be asked for a sign of life first. Who is found is found by the others through the seed.
 */
const FIND_WITHIN_MS = 90_000;

/** A node with a partial view looks for other parts of its cluster less often. */
const FIND_WITHIN_PARTIAL_MS = 600_000;

/**
 * News travel with probes; who has not heard is told with the next exchange of all that is known, about every 30 s. A node
 * that is left alone distrusts itself, and takes a minute to find the others down.
 */
const HEAR_WITHIN_MS = 90_000;

/** Between two exchanges of all that is known each node drops what it need not keep: who is forgotten is not among that. */
const KEPT_MS = 35_000;

/** Long enough for whoever was off to tell others what was before. */
const STAYS_MS = 10_000;

/** After how long all had found each other; `undefined` if there is no membership. Throws `BrokenPromise`. */
export async function checkFound(scene: Scene): Promise<number | undefined> {
  const { machines, options } = scene.world;
  if (options.seeds === undefined) return undefined;
  const withinMs = options.sampler === 'partial' ? FIND_WITHIN_PARTIAL_MS : FIND_WITHIN_MS;
  return within(scene, withinMs, 'M1', () => {
    // Who is retired by a node that knew no such member is one at those that do: operators see it, and forget it there.
    for (const machine of machines) void forgetOthers(scene, machine, undefined);
    return showEachOther(machines);
  });
}

/** One leaves, and is forgotten, while another one is off, and takes it for a member when it starts again. */
export async function checkForgotten(scene: Scene): Promise<void> {
  const { world } = scene;
  const { machines, options } = world;
  if (options.seeds === undefined || machines.length < 3) return;
  const drawn = someOf(machines, 3, world.random('who is forgotten'));
  const [gone, late, by] = drawn as [Machine, Machine, Machine];
  const others = machines.filter((machine) => machine !== gone && machine !== late);
  await world.through(late.crash(false));
  await world.through(gone.leave());
  const showNobody = (asked: readonly Machine[]): boolean =>
    asked.every((machine) => shownBy(machine)?.every(({ nodeId }) => nodeId !== gone.nodeId) === true);
  // Whom it had no link to find it silent instead, if nobody is there who could tell them.
  const isGone = ({ nodeId, status }: Member): boolean =>
    nodeId === gone.nodeId && (status === 'left' || status === 'down');
  await within(scene, HEAR_WITHIN_MS, 'M3', () => others.every((machine) => shownBy(machine)?.some(isGone)));
  await world.through(forgetBy(scene, by, gone));
  await within(scene, HEAR_WITHIN_MS, 'M3', () => showNobody(others));
  await world.pass(KEPT_MS);
  late.start();
  const stayed = [...others, late];
  await within(scene, FIND_WITHIN_MS, 'M3', () => showEachOther(stayed));
  await world.pass(STAYS_MS);
  if (!showNobody(stayed)) throw broken(scene, 'M3', 'one that was forgotten is back');
  gone.start();
  await within(scene, FIND_WITHIN_MS, 'M1', () => showEachOther(machines));
}

async function within(
  scene: Scene,
  withinMs: number,
  promise: PromiseName,
  isSo: () => boolean,
): Promise<number> {
  const afterMs = await scene.world.until(isSo, 100, withinMs);
  if (afterMs !== undefined) return afterMs;
  throw broken(scene, promise, `the members are not what they are, after ${withinMs} ms`);
}

function broken({ world }: Scene, promise: PromiseName, what: string): BrokenPromise {
  return new BrokenPromise(promise, `${what}: ${shownText(world.machines)}`, { atMs: world.time.nowMs });
}
