/**
 * Comparisons (R9) of nodes that hold nearly the same, against raw scans.
 *
 * Node A is filled; B, C and D copy it. Before each round A deletes ten keys, waits for longer than the TTL of tombstones,
 * and collects: the others still hold ten keys that nothing but a comparison tells them to drop. Then one of them, or all
 * three, sync with A. Timed from the call until what was found is adopted. Raw: classic-level holding the same keys and
 * values in a process of its own, read by turns with the comparisons. Point reads go on in every process meanwhile,
 * but for the rounds whose time counts.
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { Bench } from './harness/bench.ts';
import type { Benchmark, Row, Settings } from './harness/benchmark.ts';
import { type Delays, delayRows, startControl, whileReading } from './harness/delays.ts';
import { count, kilobytes, mebibytes, medianAndWorst, ratio, seconds } from './harness/figures.ts';
import { median } from './harness/statistics.ts';
import type { WorkerProcess } from './harness/worker-process.ts';
import type { Compared } from './worker/node-commands.ts';

const SET = 'data';
const DIFFERENT = 10;
const TTL_MS = 2000;
const WRITES_PER_SECOND = 200;

export const comparison: Benchmark = {
  name: 'comparison',
  title: 'two nodes compare that differ in ten keys, against two raw scans',
  description: `Nodes that hold the same, but for ${DIFFERENT} keys that one of them deleted and whose tombstones it has collected: only a
comparison tells. Each node is a process of its own, over loopback TCP; timed from the call of \`sync\` until what was
found is adopted, against classic-level reading the same keys and values twice, by turns. Bytes are those of both ends
together. Point reads, one each 2 ms in each process, are made in further rounds and count from when they were due; the control
process is idle. With
live writes both nodes overwrite ${WRITES_PER_SECOND} random keys a second; their bytes include those writes.`,
  defaults: { keys: 1_000_000, rounds: 3 },
  run,
};

interface Cluster {
  readonly server: WorkerProcess;
  readonly pullers: readonly WorkerProcess[];
  readonly control: WorkerProcess;
  readonly raw: WorkerProcess;
  readonly keys: number;
  /** Keys from here on are there still. */
  deleted: number;
}

interface Round {
  readonly ms: number;
  readonly bytes: number;
  /** By classic-level, once. */
  readonly rawMs: number;
  /** Absent where no reads were made. */
  readonly delays: Delays | undefined;
  readonly memoryBytes: readonly number[];
}

async function run({ keys, rounds }: Settings, bench: Bench): Promise<readonly Row[]> {
  const cluster = await startCluster(bench, keys, rounds);
  const [first] = cluster.pullers as [WorkerProcess];
  const measure = async (what: string, once: () => Promise<Round>): Promise<readonly Round[]> => {
    const measured: Round[] = [];
    for (let round = 1; round <= rounds; round++) {
      const figures = await once();
      const { ms, rawMs } = figures;
      measured.push(figures);
      bench.say(`${what}, round ${round}: ${seconds(ms)}, a raw scan ${seconds(rawMs)}`);
    }
    return measured;
  };
  const quiet = await measure('two nodes', () => compareOnce(cluster, [first], 'nothing'));
  const read = await measure('two nodes, with reads', () => compareOnce(cluster, [first], 'reads'));
  for (const puller of cluster.pullers) await puller.call('sync');
  const three = await measure('three pullers', () => compareOnce(cluster, cluster.pullers, 'reads'));
  const live = await measure('live writes', async () => {
    const round = await compareOnce(cluster, [first], 'reads and writes');
    await first.call('sync');
    return round;
  });
  return [
    { what: `entries of each node; that differ`, figure: `${count(keys)}; ${DIFFERENT}` },
    {
      what: 'raw scan',
      figure: medianAndWorst(
        quiet.map(({ rawMs }) => rawMs),
        seconds,
      ),
    },
    ...rowsOf('two nodes', quiet, ['A', 'B'], true),
    ...rowsOf('two nodes, while they are read', read, ['A', 'B'], false),
    ...rowsOf('two nodes with live writes', live, ['A', 'B'], false),
    ...rowsOf('three pullers at once', three, ['A', 'B', 'C', 'D'], false),
  ];
}

function rowsOf(
  what: string,
  rounds: readonly Round[],
  nodes: readonly string[],
  hasTargets: boolean,
): readonly Row[] {
  const figures = (of: (round: Round) => number): number[] => rounds.map(of);
  const delays = rounds.flatMap(({ delays: ofRound }) => ofRound ?? []);
  return [
    {
      what: `${what}: comparison`,
      figure: medianAndWorst(
        figures(({ ms }) => ms),
        seconds,
      ),
    },
    {
      what: `${what}: time over two raw scans`,
      figure: ratio(median(figures(({ ms, rawMs }) => ms / (2 * rawMs)))),
      ...(hasTargets ? { target: '3 or less' } : {}),
    },
    {
      what: `${what}: bytes on the wire`,
      figure: medianAndWorst(
        figures(({ bytes }) => bytes),
        kilobytes,
      ),
      ...(hasTargets ? { target: 'under 100 KB' } : {}),
    },
    {
      what: `${what}: highest resident memory of ${nodes.join(', ')}`,
      figure: nodes
        .map((_, at) => mebibytes(median(figures(({ memoryBytes }) => memoryBytes[at] as number))))
        .join(', '),
    },
    ...(delays.length === 0 ? [] : delayRows(delays, nodes, what, 'none over 20 ms')),
  ];
}

async function startCluster(bench: Bench, keys: number, rounds: number): Promise<Cluster> {
  const raw = bench.start();
  await raw.call('openRaw', bench.newPath());
  await raw.call('fillRaw', SET, keys);
  const server = bench.start();
  const common = { tombstoneTtlMs: TTL_MS };
  const address = await server.call('openNode', { dir: bench.newPath(), nodeId: 'a', ...common });
  // What the rounds delete comes on top.
  await server.call('fill', SET, 0, keys + 4 * rounds * DIFFERENT);
  const pullers: WorkerProcess[] = [];
  for (const nodeId of ['b', 'c', 'd']) {
    const puller = bench.start();
    await puller.call('openNode', { dir: bench.newPath(), nodeId, peers: [address], ...common });
    const { ms } = await puller.call('sync');
    bench.say(`node ${nodeId} has copied all in ${seconds(ms)}`);
    pullers.push(puller);
  }
  for (const node of [server, ...pullers]) await node.call('compactNode');
  return { server, pullers, raw, control: await startControl(bench), keys, deleted: 0 };
}

async function compareOnce(
  cluster: Cluster,
  pullers: readonly WorkerProcess[],
  beside: 'nothing' | 'reads' | 'reads and writes',
): Promise<Round> {
  const { server, raw, control, keys } = cluster;
  const { ms: rawMs } = await raw.call('scanRaw');
  await server.call('deleteRecords', SET, keys + cluster.deleted, DIFFERENT);
  cluster.deleted += DIFFERENT;
  await pause(TTL_MS + 100);
  await server.call('collectAll');
  const nodes = [server, ...pullers];
  await Promise.all(nodes.map((node) => node.call('startMemory')));
  if (beside === 'reads and writes')
    await Promise.all(nodes.map((node) => node.call('startWrites', SET, keys, WRITES_PER_SECOND)));
  const compare = (): Promise<(Compared & { bytes: number })[]> =>
    Promise.all(pullers.map((puller) => puller.call('syncComparing')));
  const { result, delays } =
    beside === 'nothing'
      ? { result: await compare(), delays: undefined }
      : await whileReading({ set: SET, records: keys, nodes, control }, compare);
  await Promise.all(nodes.map((node) => node.call('stopWrites')));
  for (const compared of result) checkDropped(compared);
  const memory = await Promise.all(nodes.map((node) => node.call('memory')));
  return {
    ms: Math.max(...result.map(({ ms }) => ms)),
    bytes: result.reduce((sum, { bytes }) => sum + bytes, 0),
    rawMs,
    delays,
    memoryBytes: memory.map(({ peakBytes }) => peakBytes),
  };
}

function checkDropped({ dropped }: Compared): void {
  if (dropped !== DIFFERENT) throw new Error(`a comparison found ${dropped} of ${DIFFERENT} differences`);
}
