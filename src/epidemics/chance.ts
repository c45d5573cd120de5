/** Draws from the Random port. */

import type { Random } from '../ports/random.ts';

/** A node of `nodes` other than `self`, each as likely. */
export function otherOf(random: Random, nodes: number, self: number): number {
  const drawn = Math.floor(random.fraction() * (nodes - 1));
  return drawn < self ? drawn : drawn + 1;
}

/** As `otherOf`, `count` different ones; all others if there are no more. */
export function othersOf(random: Random, nodes: number, self: number, count: number): readonly number[] {
  const wanted = Math.min(count, nodes - 1);
  const others = new Set<number>();
  // Floyd's sampling (Bentley and Floyd 1987): one draw for each, whatever their number.
  for (let end = nodes - 1 - wanted; end < nodes - 1; end++) {
    const drawn = Math.floor(random.fraction() * (end + 1));
    others.add(others.has(drawn) ? end : drawn);
  }
  return [...others].map((drawn) => (drawn < self ? drawn : drawn + 1));
}

export function isChosen(random: Random, probability: number): boolean {
  return random.fraction() < probability;
}
