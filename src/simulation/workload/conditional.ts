/** Conditional writes: compare-and-set against what this node shows. */

import { compareDots, type Dot } from '../../core/entry.ts';
import type { Random } from '../../ports/random.ts';
import { BrokenPromise } from '../checker/broken-promise.ts';
import type { Machine } from '../machine.ts';
import type { Profile } from '../profile.ts';
import type { Scene } from '../scene.ts';
import { isChosen } from '../streams.ts';
import { drawKey } from './keys.ts';
import { askPlainly, write } from './writing.ts';

export interface Conditional {
  readonly kind: 'conditional';
  readonly key: string;
  /** Replaces nothing but what was read before; otherwise nothing at all. */
  readonly replaces: boolean;
}

export function drawConditional(random: Random, { keys }: Profile): Conditional {
  return { kind: 'conditional', key: drawKey(random, keys), replaces: isChosen(random, 0.6) };
}

export async function conditional(
  scene: Scene,
  machine: Machine,
  { key, replaces }: Conditional,
): Promise<void> {
  const { time } = scene.world;
  await write(scene, machine, [{ key, valueBytes: 0 }], async (node, [operation]) => {
    if (operation?.type !== 'put') return [];
    const read = replaces ? await node.getEntry(key) : undefined;
    const condition = read === undefined ? { ifAbsent: true } : { ifVersion: read };
    const [dot] = await askPlainly(node, [{ ...operation, ...condition }]);
    if (dot !== undefined && read !== undefined && compareDots(dot, read as unknown as Dot) <= 0)
      throw new BrokenPromise('R1', 'a write is not larger than what it replaced', {
        machine: machine.name,
        key,
        dot,
        atMs: time.nowMs,
      });
    return dot === undefined ? [] : [dot];
  });
}
