/** Two different machines, by number. */

import type { Random } from '../../ports/random.ts';
import { integerIn } from '../streams.ts';

/** There must be two. */
export function drawTwo(random: Random, nodes: number): readonly [number, number] {
  const one = integerIn(random, 0, nodes);
  const other = integerIn(random, 0, nodes - 1);
  return [one, other < one ? other : other + 1];
}
