/** Two different machines, by number. */

import { otherOf } from '../../epidemics/chance.ts';
import type { Random } from '../../ports/random.ts';
import { integerIn } from '../streams.ts';

/** There must be two. */
export function drawTwo(random: Random, nodes: number): readonly [number, number] {
  const one = integerIn(random, 0, nodes);
  return [one, otherOf(random, nodes, one)];
}
