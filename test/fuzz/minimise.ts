/** The smallest input, as far as taking pieces out and zeroing bytes leads, that breaks the same promise. */

import { performance } from 'node:perf_hooks';

const MS_MAX = 3000;

/** `shows`: whether an input breaks it. */
export async function minimise(
  input: Uint8Array,
  shows: (candidate: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  const endMs = performance.now() + MS_MAX;
  let smallest = input;
  const accept = async (candidate: Uint8Array): Promise<boolean> => {
    if (performance.now() > endMs || !(await shows(candidate))) return false;
    smallest = candidate;
    return true;
  };
  for (let size = Math.ceil(input.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < smallest.length && performance.now() < endMs;) {
      const without = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + size)]);
      if (!(await accept(new Uint8Array(without)))) at += size;
    }
  }
  for (let at = 0; at < smallest.length && performance.now() < endMs; at++) {
    if (smallest[at] === 0) continue;
    const zeroed = smallest.slice();
    zeroed[at] = 0;
    await accept(zeroed);
  }
  return smallest;
}
