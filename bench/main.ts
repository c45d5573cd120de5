/** `npm run bench`: runs benchmarks one after another, and writes down what they measured. */

import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BENCHMARKS } from './benchmarks.ts';
import { type Arguments, parseArguments, usage, WrongArguments } from './harness/arguments.ts';
import { Bench } from './harness/bench.ts';
import type { Benchmark, Settings } from './harness/benchmark.ts';
import { machine } from './harness/machine.ts';
import { table, writeResults } from './harness/results.ts';

/** Of the package, from `dist-bench`. */
const PACKAGE = new URL('../', import.meta.url);
const RESULTS = fileURLToPath(new URL('bench/RESULTS.md', PACKAGE));

async function main(args: readonly string[]): Promise<number> {
  let parsed: Arguments;
  try {
    parsed = parseArguments(args, BENCHMARKS);
  } catch (error) {
    if (!(error instanceof WrongArguments)) throw error;
    console.error(`bench: ${error.message}`);
    return 2;
  }
  if (parsed.help) {
    console.log(usage(BENCHMARKS));
    return 0;
  }
  const { names } = parsed;
  const chosen = BENCHMARKS.filter(({ name }) => names.length === 0 || names.includes(name));
  for (const benchmark of chosen) await measure(benchmark, parsed);
  return 0;
}

async function measure(benchmark: Benchmark, { keys, rounds, profile, dry }: Arguments): Promise<void> {
  const { name, defaults } = benchmark;
  const settings: Settings = { keys: keys ?? defaults.keys, rounds: rounds ?? defaults.rounds };
  const command = `npm run bench -- ${name} --keys ${settings.keys} --rounds ${settings.rounds}`;
  console.error(command);
  const machineNow = machine(PACKAGE);
  const bench = new Bench(await mkdtemp(join(tmpdir(), 'boato-bench-')), profile);
  let isInterrupted = false;
  const interrupt = (): void => {
    isInterrupted = true;
    void bench.close().then(() => process.exit(130));
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const rows = await benchmark.run(settings, bench);
    console.log(table(rows));
    if (!dry) writeResults(RESULTS, { benchmark, command, machine: machineNow, rows }, BENCHMARKS);
  } catch (error) {
    // What was asked of processes that are gone now fails; the exit is on its way.
    if (!isInterrupted) throw error;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await bench.close();
  }
}

process.exitCode = await main(process.argv.slice(2));
