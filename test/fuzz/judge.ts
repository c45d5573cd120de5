/** Runs a target on an input, and holds it to its promises: what it throws, how long it takes, what memory it holds. */

import { getHeapStatistics } from 'node:v8';
import { Broken, type Target } from './target.ts';

/** Of the processor: what a slow one needs for the smallest input, and for each byte of a large one. */
const MS_MAX = 1000;
const MS_PER_BYTE_MAX = 0.002;

/** What thousands of inputs leave for the garbage collector, and what a decoder may make of each byte. */
const HELD_BYTES_MAX = 64 * 2 ** 20;
const HELD_PER_BYTE_MAX = 24;

/** A bad run is tried again, lest it only paid for the garbage of those before. */
const TRIES = 3;

/** Throws `Broken` if the target does not keep a promise. Whatever else it throws is one, too. */
export async function judge(target: Target, input: Uint8Array): Promise<void> {
  const msMax = MS_MAX + MS_PER_BYTE_MAX * input.length;
  const heldMax = HELD_BYTES_MAX + HELD_PER_BYTE_MAX * input.length;
  for (let attempt = 1; ; attempt++) {
    const held = heldBytes();
    const started = process.cpuUsage();
    await runOn(target, input);
    const { user, system } = process.cpuUsage(started);
    const tookMs = (user + system) / 1000;
    const grew = heldBytes() - held;
    if (tookMs <= msMax && grew <= heldMax) return;
    if (attempt < TRIES) continue;
    if (tookMs > msMax) throw new Broken('it takes too long');
    throw new Broken('it takes too much memory');
  }
}

async function runOn(target: Target, input: Uint8Array): Promise<void> {
  try {
    // Most targets are synchronous: to await these, too, would take longer than to run them.
    const running = target.run(input);
    if (running !== undefined) await running;
  } catch (error) {
    if (error instanceof Broken) throw error;
    throw new Broken(`an undocumented error: ${String(error).slice(0, 60)}`, { cause: error });
  }
}

function heldBytes(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}
