/** Which key: a few are hot, most are cold, and large values have keys of their own. */

import type { Random } from '../../ports/random.ts';
import { integerIn } from '../streams.ts';

const LARGE_KEYS = 6;

/** About half of the draws fall on an eighth of the keys, in the manner of Zipf. */
export function drawKey(random: Random, keys: number): string {
  return `key-${Math.floor(keys * random.fraction() ** 3)}`;
}

/** Different ones, as many as there are at most. */
export function drawKeys(random: Random, keys: number, count: number): string[] {
  const drawn = new Set<string>();
  for (let attempt = 0; attempt < count; attempt++) drawn.add(drawKey(random, keys));
  return [...drawn];
}

export function drawLargeKey(random: Random): string {
  return `large-${integerIn(random, 0, LARGE_KEYS)}`;
}
