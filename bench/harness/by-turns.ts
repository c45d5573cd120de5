/** Rounds of the same workload on Boato and on classic-level, each when nothing else goes on. */

import type { Workload } from '../worker/workload.ts';
import type { Timed } from '../worker/speed-commands.ts';
import type { Round } from './against-raw.ts';
import type { WorkerProcess } from './worker-process.ts';

/** What is measured comes after operations that are not: code is compiled, files are open. */
const WARM_UP_SHARE = 0.1;
/** Fewer puts leave a process interpreting, and compiling, a part of what it does. */
const WARM_UP_PUTS = 20_000;

export interface Contestants {
  /** A process that has a store open, or a node. */
  readonly boato: WorkerProcess;
  /** One that has classic-level open. */
  readonly raw: WorkerProcess;
  /** One that does nothing. */
  readonly control: WorkerProcess;
}

/** `sync`: of the writes of classic-level. */
export async function byTurns(
  contestants: Contestants,
  workload: Omit<Workload, 'round'>,
  rounds: number,
  sync: boolean,
): Promise<readonly Round[]> {
  const { boato, raw, control } = contestants;
  const warmUp = { ...workload, operations: warmUpOf(workload), round: 1 };
  for (const worker of [raw, boato]) await runOnce(contestants, worker, warmUp, sync);
  const measured: Round[] = [];
  for (let round = 2; round < rounds + 2; round++) {
    const ofRaw = await runOnce(contestants, raw, { ...workload, round }, sync);
    await control.call('startLoopDelay');
    const ofBoato = await runOnce(contestants, boato, { ...workload, round }, sync);
    const controlLoopDelayMs = await control.call('longestLoopDelayMs');
    measured.push({ raw: ofRaw, boato: ofBoato, controlLoopDelayMs });
  }
  return measured;
}

function warmUpOf({ kind, operations }: Omit<Workload, 'round'>): number {
  const share = Math.ceil(operations * WARM_UP_SHARE);
  return kind === 'put' ? Math.max(share, WARM_UP_PUTS) : share;
}

async function runOnce(
  { boato, raw }: Contestants,
  worker: WorkerProcess,
  workload: Workload,
  sync: boolean,
): Promise<Timed> {
  await worker.call('prepare', workload);
  for (const one of [boato, raw]) await one.call('settle');
  return worker.call('run', sync);
}
