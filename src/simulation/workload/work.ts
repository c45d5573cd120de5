/** What users do: drawn before the run, done when its time comes. */

import type { Random } from '../../ports/random.ts';
import type { Profile } from '../profile.ts';
import type { Scene } from '../scene.ts';
import { integerIn } from '../streams.ts';
import { type Acknowledged, acknowledged, drawAcknowledged } from './acknowledged.ts';
import { askAll, type Asking, drawAsking, drawTelling, tell, type Telling } from './asking-all.ts';
import { type Bulk, bulk, drawImport, drawStorm } from './bulk.ts';
import { type Conditional, conditional, drawConditional } from './conditional.ts';
import { drawNoting, note, type Noting } from './documents.ts';
import { drawRead, type Read, read } from './read.ts';
import { drawBatch, drawDeletion, drawExpiring, drawLarge, drawPut, type Single, single } from './single.ts';
import {
  tag,
  add,
  type Counting,
  drawCounting,
  drawTagging,
  drawViewing,
  type Tagging,
  view,
  type Viewing,
} from './views.ts';
import { drawMove, type Move, move } from './watching.ts';

type What =
  | Single
  | Bulk
  | Conditional
  | Read
  | Move
  | Acknowledged
  | Telling
  | Asking
  | Counting
  | Tagging
  | Viewing
  | Noting;

export type WorkStep = { readonly machine: number } & What;

type Draw = (random: Random, profile: Profile) => What;

/** How often each kind is drawn, relative to the others. */
const WEIGHTED: readonly (readonly [weight: number, draw: Draw])[] = [
  [46, drawPut],
  [14, drawDeletion],
  [10, drawBatch],
  [8, drawExpiring],
  [4, drawLarge],
  [6, drawConditional],
  [8, drawRead],
  [3, drawMove],
  [6, drawAcknowledged],
  [4, drawTelling],
  [0.7, drawAsking],
  [6, drawCounting],
  [5, drawTagging],
  [2, drawViewing],
  [5, drawNoting],
];
/** Rare, since each is hundreds of writes; only where the profile asks for them. */
const WEIGHTED_BULK: typeof WEIGHTED = [
  [0.3, drawStorm],
  [0.3, drawImport],
];

export function drawWork(random: Random, nodes: number, profile: Profile): WorkStep {
  const kinds = profile.bulk ? [...WEIGHTED, ...WEIGHTED_BULK] : WEIGHTED;
  let left = random.fraction() * kinds.reduce((sum, [weight]) => sum + weight, 0);
  let draw: Draw = drawPut;
  for (const [weight, kind] of kinds) {
    if (left >= 0) draw = kind;
    left -= weight;
  }
  return { machine: integerIn(random, 0, nodes), ...draw(random, profile) };
}

/** Does it, if the machine is up. Never fails: what becomes of it is in the ledger. */
export async function work(scene: Scene, step: WorkStep): Promise<void> {
  const machine = scene.world.machine(step.machine);
  switch (step.kind) {
    case 'single':
      return single(scene, scene.world.reached(machine), step);
    case 'bulk':
      return bulk(scene, scene.world.reached(machine), step);
    case 'conditional':
      return conditional(scene, scene.world.reached(machine), step);
    case 'read':
      return read(scene, machine, step);
    case 'move':
      return move(scene, machine, step);
    case 'acknowledged':
      await acknowledged(scene, scene.world.reached(machine), step);
      return undefined;
    case 'telling':
      return tell(scene, scene.world.reached(machine), step);
    case 'asking':
      return askAll(scene, scene.world.reached(machine));
    case 'counting':
      return add(scene, scene.world.reached(machine), step);
    case 'tagging':
      return tag(scene, scene.world.reached(machine), step);
    case 'viewing':
      return view(scene, scene.world.reached(machine), step);
    case 'noting':
      return note(scene, scene.world.reached(machine), step);
  }
}
