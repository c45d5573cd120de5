/** A process of a campaign: runs what it is told to, one run after another, until its parent is gone. */

import { createHash64 } from '../../adapters/xxhash.ts';
import { selectedPlan } from '../replay.ts';
import { run } from '../run.ts';
import { WHOLE } from '../selection.ts';
import type { Answer, Order } from './messages.ts';

const hash64 = await createHash64();

// Of the terminal, to all its processes: the campaign decides what comes of it.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(0));
process.on('message', (order: Order) => void perform(order));

async function perform({ name, without }: Order): Promise<void> {
  const startMs = performance.now();
  const result = await run(selectedPlan(name, { ...WHOLE, without }), hash64);
  const answer: Answer = { result, tookMs: performance.now() - startMs };
  process.send?.(answer);
}
