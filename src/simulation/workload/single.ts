/** Single writes, and small batches. */

import type { Random } from '../../ports/random.ts';
import type { Machine } from '../machine.ts';
import type { Profile } from '../profile.ts';
import type { Scene } from '../scene.ts';
import { exponential, integerIn, isChosen } from '../streams.ts';
import { drawKey, drawKeys, drawLargeKey } from './keys.ts';
import { askPlainly, type DrawnWrite, write } from './writing.ts';

export interface Single {
  readonly kind: 'single';
  /** Several are a batch. */
  readonly writes: readonly DrawnWrite[];
}

const EXPIRING_MEAN_MS = 15_000;

/** Beyond it values lie apart (4 KiB). */
const LARGE_BYTES_MIN = 4000;
const LARGE_BYTES_MAX = 6000;

export function drawPut(random: Random, { keys }: Profile): Single {
  return { kind: 'single', writes: [{ key: drawKey(random, keys), valueBytes: drawBytes(random) }] };
}

export function drawDeletion(random: Random, { keys }: Profile): Single {
  return { kind: 'single', writes: [{ key: drawKey(random, keys) }] };
}

export function drawExpiring(random: Random, { keys }: Profile): Single {
  const ttlMs = 1 + Math.round(exponential(random, EXPIRING_MEAN_MS));
  return { kind: 'single', writes: [{ key: drawKey(random, keys), valueBytes: 0, ttlMs }] };
}

export function drawLarge(random: Random): Single {
  const key = drawLargeKey(random);
  const isDeletion = isChosen(random, 0.2);
  return {
    kind: 'single',
    writes: [isDeletion ? { key } : { key, valueBytes: integerIn(random, LARGE_BYTES_MIN, LARGE_BYTES_MAX) }],
  };
}

export function drawBatch(random: Random, { keys }: Profile): Single {
  const writes = drawKeys(random, keys, integerIn(random, 2, 9)).map((key) =>
    isChosen(random, 0.75) ? { key, valueBytes: drawBytes(random) } : { key },
  );
  return { kind: 'single', writes };
}

export function single(scene: Scene, machine: Machine, { writes }: Single): Promise<void> {
  return write(scene, machine, writes, askPlainly);
}

/** Mostly a few bytes. */
function drawBytes(random: Random): number {
  return Math.floor(exponential(random, 30));
}
