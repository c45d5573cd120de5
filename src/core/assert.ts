/** Broken invariants: a defect of ours, never of the user's; left on in production. */

export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition)
    throw new Error(`Invariant broken: ${invariant}. This is a defect of Boato; please report it.`);
}
