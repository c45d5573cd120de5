/** Chance from the machine, good enough for names that nobody should guess. */

import { randomFillSync } from 'node:crypto';
import type { Random } from '../ports/random.ts';

function uint32(): number {
  return randomFillSync(new Uint32Array(1))[0] as number;
}

export const systemRandom: Random = { uint32, fraction: () => uint32() / 2 ** 32 };
