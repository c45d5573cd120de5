/** Processes that have a store of Boato open, or classic-level, and their records. */

import type { StoreOptions } from 'boato';
import type { Bench } from './bench.ts';
import type { SetName } from './records.ts';
import type { WorkerProcess } from './worker-process.ts';

export async function startStore(bench: Bench, options: StoreOptions): Promise<WorkerProcess> {
  const worker = bench.start();
  await worker.call('openSpeedStore', options);
  return worker;
}

export async function startRaw(bench: Bench, path: string): Promise<WorkerProcess> {
  const worker = bench.start();
  await worker.call('openSpeedRaw', path);
  return worker;
}

export async function fillAndCompact(worker: WorkerProcess, set: SetName, records: number): Promise<void> {
  await worker.call('fillSubject', set, records);
  await worker.call('compactSubject');
}
