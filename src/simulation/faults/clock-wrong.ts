/** How far clocks are off, as drawn, and what is done when one is right again. */

import type { Random } from '../../ports/random.ts';
import type { Machine } from '../machine.ts';
import type { Scene } from '../scene.ts';
import { fractionIn, isChosen } from '../streams.ts';
import { tendLater } from './operator.ts';

/** In times `maxDriftMs`: every other one within it; of the others some are far beyond. */
const FAR_DRIFTS = 400;

/** In times `maxDriftMs`, ahead or back. */
export function drawDrifts(random: Random): number {
  const sign = isChosen(random, 0.6) ? 1 : -1;
  if (isChosen(random, 0.4)) return sign * fractionIn(random, 0, 1);
  return sign * FAR_DRIFTS ** fractionIn(random, 0, 1);
}

/** It is right from now on, and an operator looks after it. */
export function setRight(scene: Scene, machine: Machine): void {
  machine.clock.setRight();
  scene.world.events.note(machine.name, 'its clock is right');
  tendLater(scene, machine);
}
