/** One seed, many independent streams of chance: taking more from one does not change another. */

import { createSeededRandom } from '../adapters/seeded-random.ts';
import type { Random } from '../ports/random.ts';

export { isChosen } from '../epidemics/chance.ts';

/** A stream of its own for each `name`. */
export function streamOf(seed: number, name: string): Random {
  let mixed = seed >>> 0;
  for (let at = 0; at < name.length; at++) mixed = Math.imul(mixed ^ name.charCodeAt(at), 0x01000193) >>> 0;
  return createSeededRandom(mixed);
}

/** An integer from `min` up to, but without, `end`. */
export function integerIn(random: Random, min: number, end: number): number {
  return min + Math.floor(random.fraction() * (end - min));
}

export function fractionIn(random: Random, min: number, max: number): number {
  return min + random.fraction() * (max - min);
}

/** One of `items`, which must not be empty. */
export function oneOf<T>(random: Random, items: readonly T[]): T {
  return items[integerIn(random, 0, items.length)] as T;
}

/** A pause with this mean, as between events that come independently of each other. */
export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random.fraction());
}
