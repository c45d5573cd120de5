/** A first copy of a full node to an empty one, against a raw copy of the same records. */

import { loopDelayRow } from './harness/against-raw.ts';
import type { Bench } from './harness/bench.ts';
import type { Benchmark, Row, Settings } from './harness/benchmark.ts';
import { count, medianAndWorst, ratio, seconds } from './harness/figures.ts';
import { megabytes } from './harness/sizes.ts';
import { highest, median } from './harness/statistics.ts';
import type { WorkerProcess } from './harness/worker-process.ts';

const SET = 'data';
/** A key has 20 bytes, a value 100. */
const RECORD_BYTES = 120;
const NODES = ['the full node', 'the empty node'] as const;

export const bootstrap: Benchmark = {
  name: 'bootstrap',
  title: 'a first copy to an empty node, against a raw copy',
  description: `An empty node syncs with a full one over loopback TCP, each a process of its own, started for the round. Once the
full one has looked through its records after its start, it is timed from the opening of the empty one until all is on disk
and both are equal; then the new one writes, and the full one pulls that, for which the dot index of the new one must be made.
Delays of the event loop are those after that opening. Raw, by turns: one process scans classic-level
with \`nextv(1000)\` and writes the records, with their lengths before them, into a socket; another puts what it reads there
in batches of 1,000, not synced. Memory is the highest that the process had resident, its start included.`,
  defaults: { keys: 1_000_000, rounds: 3 },
  run,
};

interface Round {
  readonly ms: number;
  readonly rawMs: number;
  /** From then on until the full node has pulled a write of the other one, whose dot index must be whole for that. */
  readonly untilServedMs: number;
  readonly bytes: number;
  /** In the order of `NODES`, and of the control. */
  readonly memoryBytes: readonly number[];
  readonly loopDelaysMs: readonly number[];
}

async function run({ keys, rounds }: Settings, bench: Bench): Promise<readonly Row[]> {
  const rawDir = bench.newPath();
  await bench.during(async (worker) => {
    await worker.call('openCopySource', rawDir);
    await worker.call('fillCopies', SET, keys);
  });
  const dir = bench.newPath();
  await bench.during(async (worker) => {
    await worker.call('openNode', { dir, nodeId: 'a' });
    await worker.call('fill', SET, 0, keys);
    await worker.call('compactNode');
  });
  const control = bench.start();
  const measured: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    const rawMs = await copyRaw(bench, rawDir, keys);
    const copied = await copyNode(bench, dir, keys, control);
    measured.push({ rawMs, ...copied });
    bench.say(`round ${round}: ${seconds(copied.ms)}, raw ${seconds(rawMs)}`);
  }
  return rowsOf(keys, measured);
}

async function copyRaw(bench: Bench, sourceDir: string, keys: number): Promise<number> {
  return bench.during(async (source) => {
    await source.call('openCopySource', sourceDir);
    const port = await source.call('serveCopy');
    return bench.during(async (target) => {
      await target.call('openCopyTarget', bench.newPath());
      const { ms, records } = await target.call('copyAll', port);
      if (records !== keys) throw new Error(`${records} of ${keys} records were copied`);
      return ms;
    });
  });
}

async function copyNode(
  bench: Bench,
  sourceDir: string,
  keys: number,
  control: WorkerProcess,
): Promise<Omit<Round, 'rawMs'>> {
  return bench.during((full) =>
    bench.during(async (empty) => {
      const nodes = [full, empty];
      for (const node of nodes) await node.call('startMemory');
      const address = await full.call('openNode', { dir: sourceDir, nodeId: 'a' });
      // The check after a clean stop runs in the background, and no status tells of it.
      await full.call('settle');
      const startedAt = performance.now();
      await empty.call('openNode', { dir: bench.newPath(), nodeId: 'b', peers: [address] });
      for (const worker of [...nodes, control]) await worker.call('startLoopDelay');
      await empty.call('sync');
      const ms = performance.now() - startedAt;
      const { received, sent } = await empty.call('wireBytes');
      await empty.call('fill', SET, 0, 1);
      await full.call('sync');
      const untilServedMs = performance.now() - startedAt - ms;
      const loopDelaysMs = await Promise.all(
        [...nodes, control].map((worker) => worker.call('longestLoopDelayMs')),
      );
      const memory = await Promise.all(nodes.map((node) => node.call('memory')));
      const [there, here] = await Promise.all(nodes.map((node) => node.call('stateOf')));
      if (there?.contextHash !== here?.contextHash || here?.entries !== keys)
        throw new Error('the nodes are not equal after a sync');
      return {
        ms,
        untilServedMs,
        bytes: received + sent,
        memoryBytes: memory.map(({ peakBytes }) => peakBytes),
        loopDelaysMs,
      };
    }),
  );
}

function rowsOf(keys: number, rounds: readonly Round[]): readonly Row[] {
  const figures = (of: (round: Round) => number): number[] => rounds.map(of);
  return [
    {
      what: `${count(keys)} entries into an empty node`,
      figure: medianAndWorst(
        figures(({ ms }) => ms),
        seconds,
      ),
    },
    {
      what: 'until the full node has also pulled a write of the new one',
      figure: medianAndWorst(
        figures(({ untilServedMs }) => untilServedMs),
        seconds,
      ),
    },
    {
      what: 'raw copy',
      figure: medianAndWorst(
        figures(({ rawMs }) => rawMs),
        seconds,
      ),
    },
    {
      what: 'speed as a share of the raw copy',
      figure: ratio(median(figures(({ ms, rawMs }) => rawMs / ms))),
      target: '0.5 or more',
    },
    {
      what: 'bytes on the wire over payload',
      figure: ratio(median(figures(({ bytes }) => bytes / (keys * RECORD_BYTES)))),
    },
    ...NODES.map((name, at) => ({
      what: `highest resident memory of ${name}`,
      figure: megabytes(highest(figures(({ memoryBytes }) => memoryBytes[at] as number))),
      target: 'under 300 MB',
    })),
    ...NODES.map((name, at) =>
      loopDelayRow(
        name,
        rounds.map(({ loopDelaysMs }) => ({
          ms: loopDelaysMs[at] as number,
          controlMs: loopDelaysMs[NODES.length] as number,
        })),
      ),
    ),
  ];
}
