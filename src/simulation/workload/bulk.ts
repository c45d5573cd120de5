/** Much at once: writes that nobody awaits, or batches of hundreds of entries, one after another. */

import type { Random } from '../../ports/random.ts';
import type { Machine } from '../machine.ts';
import type { Profile } from '../profile.ts';
import type { Scene } from '../scene.ts';
import { integerIn } from '../streams.ts';
import { drawKey } from './keys.ts';
import { askPlainly, type DrawnWrite, write } from './writing.ts';

export interface Bulk {
  readonly kind: 'bulk';
  /** Batches one after another; otherwise all at once, each by itself. */
  readonly batches: boolean;
  /** Where their keys begin, of which there are `keys`. */
  readonly from: number;
  readonly count: number;
  readonly keys: number;
}

const IMPORT_BATCH = 200;

export function drawStorm(random: Random, { keys }: Profile): Bulk {
  return { kind: 'bulk', batches: false, from: 0, count: integerIn(random, 100, 400), keys };
}

export function drawImport(random: Random): Bulk {
  const count = integerIn(random, 200, 800);
  return { kind: 'bulk', batches: true, from: integerIn(random, 0, 400), count, keys: 1000 };
}

export async function bulk(scene: Scene, machine: Machine, step: Bulk): Promise<void> {
  if (!step.batches) {
    const random = scene.world.random(`storm at ${scene.world.time.nowMs}`);
    const writes = Array.from({ length: step.count }, () => ({
      key: drawKey(random, step.keys),
      valueBytes: 0,
    }));
    await Promise.all(writes.map((one) => write(scene, machine, [one], askPlainly)));
    return;
  }
  for (let at = 0; at < step.count; at += IMPORT_BATCH) {
    const length = Math.min(IMPORT_BATCH, step.count - at);
    const writes: DrawnWrite[] = Array.from({ length }, (_, index) => ({
      key: `import-${(step.from + at + index) % step.keys}`,
      valueBytes: 0,
    }));
    await write(scene, machine, writes, askPlainly);
  }
}
