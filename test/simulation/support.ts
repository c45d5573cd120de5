/** Virtual time for tests of single parts of the simulator. */

import { streamOf } from '../../src/simulation/streams.ts';
import { VirtualTime } from '../../src/simulation/virtual-time.ts';
import type { Random } from '../../src/ports/random.ts';

export const random = (seed: number = 1): Random => streamOf(seed, 'test');

export async function pass(time: VirtualTime, ms: number): Promise<void> {
  const endMs = time.nowMs + ms;
  while (await time.step(endMs));
}

/** Lets time pass until `work` is settled. */
export async function through<T>(time: VirtualTime, work: Promise<T>): Promise<T> {
  const state = { isThrough: false };
  const settled = (): void => void (state.isThrough = true);
  work.then(settled, settled);
  while (!state.isThrough) await pass(time, 1);
  return work;
}
