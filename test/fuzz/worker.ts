/** The thread that fuzzes: one target after another, told by messages. What it is at lies in memory that is shared. */

import { ftruncateSync, openSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { Coverage } from './coverage.ts';
import { readCorpus } from './corpus.ts';
import { fuzzTarget, type Fuzzed } from './fuzz-target.ts';
import { TARGETS } from './targets.ts';

export interface WorkerTask {
  readonly targets: readonly string[];
  /** Of each. */
  readonly seconds: number;
  readonly seed: number;
  /** Count of inputs begun, and length of the last; then its bytes. */
  readonly current: SharedArrayBuffer;
  /** Where the last input lies, too: memory that runs out may end the process, and all of its threads. */
  readonly lastInput: string;
}

export interface WorkerReport {
  readonly target: string;
  readonly inputs: number;
  readonly kept: readonly Uint8Array[];
  readonly tookMs: number;
  readonly corpus: number;
  readonly found: { readonly input: Uint8Array; readonly reason: string; readonly stack: string } | undefined;
}

export async function fuzzAll(coverage: Coverage): Promise<void> {
  const { targets, seconds, seed, current, lastInput } = workerData as WorkerTask;
  const head = new Int32Array(current, 0, 2);
  const bytes = new Uint8Array(current, 8);
  const file = openSync(lastInput, 'w');
  for (const name of targets) {
    const target = TARGETS[name];
    if (target === undefined) throw new Error(`there is no target ${name}`);
    parentPort?.postMessage({ begins: name });
    const corpus = (await readCorpus(name)).map((input) => input.bytes);
    const startedMs = performance.now();
    coverage.forget();
    const fuzzed = await fuzzTarget(
      target,
      { corpus, seconds, seed },
      {
        hasReachedMore: (isCounted) => coverage.hasGrown(isCounted),
        onInput: (input) => {
          ftruncateSync(file, input.length);
          writeSync(file, input, 0, input.length, 0);
          bytes.set(input);
          Atomics.store(head, 1, input.length);
          Atomics.add(head, 0, 1);
        },
      },
    );
    parentPort?.postMessage(reportOf(name, fuzzed, performance.now() - startedMs, corpus.length));
  }
}

function reportOf(target: string, fuzzed: Fuzzed, tookMs: number, corpus: number): WorkerReport {
  const { inputs, kept, found } = fuzzed;
  const told =
    found === undefined
      ? undefined
      : {
          input: found.input,
          reason: found.error.message,
          stack: String((found.error.cause as Error | undefined)?.stack ?? found.error.stack),
        };
  return { target, inputs, kept, tookMs, corpus, found: told };
}
