/** Everything that is done to a cluster, by kind: how it is drawn, and how it is done. */

import type { Random } from '../../ports/random.ts';
import type { Scene } from '../scene.ts';
import { type Crash, crash } from './crash.ts';
import { type Partition, partition } from './partition.ts';

/** One kind of fault. What is drawn is plain data, told to people as JSON. */
export interface Fault<Drawn extends object> {
  draw(random: Random, nodes: number): Drawn;
  /** Does it, and sees to its end. `false`: it could not be done now, say to a machine that is down. */
  inject(scene: Scene, drawn: Drawn): boolean;
}

interface DrawnByKind {
  readonly crash: Crash;
  readonly partition: Partition;
}

export type FaultKind = keyof DrawnByKind;

export const FAULTS: { readonly [Kind in FaultKind]: Fault<DrawnByKind[Kind]> } = { crash, partition };

export type FaultStep = {
  readonly [Kind in FaultKind]: { readonly kind: Kind } & DrawnByKind[Kind];
}[FaultKind];

export function inject(scene: Scene, step: FaultStep): boolean {
  const fault = FAULTS[step.kind] as unknown as Fault<object>;
  return fault.inject(scene, step);
}
