/** A machine that a run was cut down by: steps of the plan may still name it, and nothing comes of them. */

import { Machine } from './machine.ts';

export class AbsentMachine extends Machine {
  override start(): void {}
}
