/** Reads of random keys of a store, against raw ones. */

import { join } from 'node:path';
import { speedRows } from './harness/against-raw.ts';
import type { Bench } from './harness/bench.ts';
import type { Benchmark, Row, Settings } from './harness/benchmark.ts';
import { byTurns } from './harness/by-turns.ts';
import { ratio } from './harness/figures.ts';
import { median } from './harness/statistics.ts';
import { fillAndCompact, startRaw, startStore } from './harness/subjects.ts';
import type { WorkerProcess } from './harness/worker-process.ts';
import type { Workload } from './worker/workload.ts';

const SET = 'data';

export const reads: Benchmark = {
  name: 'reads',
  title: 'reads of random keys, against raw reads',
  description: `Random records, all of which are there, are read by turns from a store of Boato and from classic-level, which holds the
same keys and values; each is a process of its own. Both were compacted and opened anew.`,
  defaults: { keys: 1_000_000, rounds: 5 },
  run,
};

interface Case {
  readonly what: string;
  readonly workload: Pick<Workload, 'kind' | 'operations' | 'inFlight'>;
  /** Speed as a share of raw, at least. */
  readonly target: number;
}

const CASES: readonly Case[] = [
  { what: 'get, one at a time', workload: { kind: 'get', operations: 50_000, inFlight: 1 }, target: 0.8 },
  { what: 'get, 32 at a time', workload: { kind: 'get', operations: 200_000, inFlight: 32 }, target: 0.8 },
  {
    what: 'getMany of 1,000, one at a time',
    workload: { kind: 'getMany', operations: 200_000, inFlight: 1 },
    target: 0.7,
  },
];

async function run({ keys, rounds }: Settings, bench: Bench): Promise<readonly Row[]> {
  const folder = bench.newPath();
  const openBoato = (): Promise<WorkerProcess> =>
    startStore(bench, { dir: join(folder, 'boato'), durability: 'os' });
  const openRaw = (): Promise<WorkerProcess> => startRaw(bench, join(folder, 'raw'));
  for (const open of [openBoato, openRaw]) {
    const worker = await open();
    await fillAndCompact(worker, SET, keys);
    await worker.stop();
  }
  const contestants = { boato: await openBoato(), raw: await openRaw(), control: bench.start() };
  const rows: Row[] = [];
  for (const { what, workload, target } of CASES) {
    const measured = await byTurns(contestants, { ...workload, set: SET, records: keys }, rounds, false);
    rows.push(...speedRows(what, measured, workload.operations, target));
    bench.say(`${what}: ${ratio(median(measured.map((round) => round.raw.ms / round.boato.ms)))} of raw`);
  }
  return rows;
}
