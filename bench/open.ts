/** How long a store takes to open after a clean stop, against a raw opening. */

import { join } from 'node:path';
import type { Bench } from './harness/bench.ts';
import type { Benchmark, Row, Settings } from './harness/benchmark.ts';
import { count, medianAndWorst, milliseconds, ratio } from './harness/figures.ts';
import { median } from './harness/statistics.ts';
import { startRaw, startStore } from './harness/subjects.ts';

const SET = 'data';
/** Beyond twice what classic-level takes. */
const ALLOWED_MS = 20;

export const open: Benchmark = {
  name: 'open',
  title: 'opening a store after a clean stop, against a raw opening',
  description: `A store of Boato and a database of classic-level with the same keys and values are opened by turns, each in a fresh process,
and closed in order. The files are in the page cache. The first opening of each, which reads what its log had left from
filling, is not counted.`,
  defaults: { keys: 1_000_000, rounds: 9 },
  run,
};

async function run({ keys, rounds }: Settings, bench: Bench): Promise<readonly Row[]> {
  const folder = bench.newPath();
  const options = { dir: join(folder, 'boato') };
  const rawPath = join(folder, 'raw');
  for (const start of [
    () => startStore(bench, { ...options, durability: 'os' }),
    () => startRaw(bench, rawPath),
  ]) {
    const worker = await start();
    await worker.call('fillSubject', SET, keys);
    await worker.stop();
  }
  const boatoMs: number[] = [];
  const rawMs: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const raw = await bench.during((worker) => worker.call('openSpeedRaw', rawPath));
    const boato = await bench.during((worker) => worker.call('openSpeedStore', options));
    if (round === 0) continue;
    rawMs.push(raw);
    boatoMs.push(boato);
  }
  const allowed = boatoMs.map((ms, round) => ms / (2 * (rawMs[round] as number) + ALLOWED_MS));
  return [
    { what: `opening a store of ${count(keys)} entries`, figure: medianAndWorst(boatoMs, milliseconds) },
    { what: 'opening classic-level', figure: medianAndWorst(rawMs, milliseconds) },
    {
      what: `time over twice the raw time and ${ALLOWED_MS} ms`,
      figure: ratio(median(allowed)),
      target: '1 or less',
    },
  ];
}
