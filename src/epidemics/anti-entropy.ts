/** Anti-entropy without loss, cycle by cycle: the simple epidemic of Demers et al. 1987, section 1.3. */

import type { Random } from '../ports/random.ts';
import { otherOf } from './chance.ts';

export type AntiEntropyMode = 'push' | 'pull' | 'push-pull';

export interface AntiEntropyOptions {
  readonly nodes: number;
  /** Of them, how many have not heard at first: fewer than all. */
  readonly susceptible: number;
  readonly mode: AntiEntropyMode;
}

/** How many have not heard: at first, and after each cycle until all have. In a cycle each node turns to one other. */
export function antiEntropy(
  { nodes, susceptible, mode }: AntiEntropyOptions,
  random: Random,
): readonly number[] {
  let lacking = Array.from({ length: nodes }, (_, node) => node < susceptible);
  const course = [susceptible];
  while ((course.at(-1) as number) > 0) {
    const next = [...lacking];
    for (let node = 0; node < nodes; node++) {
      const other = otherOf(random, nodes, node);
      if (mode !== 'push' && lacking[other] === false) next[node] = false;
      if (mode !== 'pull' && lacking[node] === false) next[other] = false;
    }
    lacking = next;
    course.push(lacking.filter(Boolean).length);
  }
  return course;
}
