/**
 * A comparison (R9) of two nodes that have nothing in common: it ends, both are equal afterwards, memory stays flat.
 *
 * Both are filled with a set of their own, and lose a record: they find that damage when they are opened again, and give up
 * their contexts. So they compare at once, where otherwise a delta would come first. B syncs with A (push-pull: A compares with B as well), until both are equal.
 */

import { join } from 'node:path';
import type { Bench } from './harness/bench.ts';
import type { Benchmark, Row, Settings } from './harness/benchmark.ts';
import { type Delays, delayRows, startControl, whileReading } from './harness/delays.ts';
import { count, mebibytes, seconds } from './harness/figures.ts';
import type { SetName } from './harness/records.ts';
import type { WorkerProcess } from './harness/worker-process.ts';
import type { Memory } from './worker/probe-commands.ts';

const SETS = ['left', 'rght'] as const;
const NODES = ['A', 'B'];
const END_MS = 20 * 60_000;

export const disjoint: Benchmark = {
  name: 'disjoint',
  title: 'two nodes compare that have nothing in common',
  description: `Two nodes with a set of their own each have given up their contexts (a record of each was damaged), so that they compare
at once instead of sending a delta. Each is a process of its own, over loopback TCP; timed from the first \`sync\` until both show the same fingerprint
and hash of contexts; then all entries of both are read, and must be equal. One round: it is about the end, and memory.`,
  defaults: { keys: 1_000_000, rounds: 1 },
  run,
};

async function run({ keys }: Settings, bench: Bench): Promise<readonly Row[]> {
  const [a, b] = [bench.start(), bench.start()];
  const address = await startDamaged(a, { dir: bench.newPath(), nodeId: 'a', set: SETS[0], keys });
  await startDamaged(b, { dir: bench.newPath(), nodeId: 'b', set: SETS[1], keys, peers: [address] });
  const nodes = [a, b] as const;
  const control = await startControl(bench);
  bench.say('both are filled');
  await Promise.all(nodes.map((node) => node.call('startMemory')));
  const startedAt = performance.now();
  const delays: Delays[] = [];
  let bytes = 0;
  for (let syncs = 1; !(await areEqual(nodes)); syncs++) {
    if (performance.now() - startedAt > END_MS) throw new Error(`not equal after ${syncs - 1} rounds`);
    // Own records are there throughout.
    const { result, delays: read } = await whileReading({ set: SETS, records: keys, nodes, control }, () =>
      b.call('sync'),
    );
    bytes += result.bytes;
    delays.push(read);
    if (result.ms > 10_000) bench.say(`round ${syncs}: ${seconds(result.ms)}`);
  }
  const ms = performance.now() - startedAt;
  const memory = await Promise.all(nodes.map((node) => node.call('memory')));
  const [hashOfA, hashOfB] = await Promise.all(nodes.map((node) => node.call('hashOfAll')));
  const { entries } = await a.call('stateOf');
  if (hashOfA !== hashOfB || entries !== 2 * keys)
    throw new Error(`the nodes are not equal: ${hashOfA}, ${hashOfB}, ${entries} entries`);
  return [
    {
      what: 'entries of each node before; of both after',
      figure: `${count(keys)}; ${count(entries)}`,
      target: 'equal',
    },
    { what: 'until both are equal', figure: `${seconds(ms)}, ${count((2 * keys) / (ms / 1000))} entries/s` },
    { what: 'bytes on the wire, for each entry', figure: (bytes / (2 * keys)).toFixed(0) },
    ...memory.map((of, at) => ({
      what: `resident memory of ${NODES[at]}: at the start, highest, at the end; highest without mapped files`,
      figure: memoryFigure(of),
      target: 'flat',
    })),
    ...delayRows(delays, NODES, 'in each round', ''),
  ];
}

/** A node that holds `keys` records and has given up its context, because one more is lost. Resolves to its address. */
async function startDamaged(
  node: WorkerProcess,
  of: { dir: string; nodeId: string; set: SetName; keys: number; peers?: readonly string[] },
): Promise<string> {
  const { dir, nodeId, set, keys, peers = [] } = of;
  await node.call('openNode', { dir, nodeId });
  await node.call('fill', set, 0, keys + 1);
  await node.call('closeNode');
  await node.call('openRaw', join(dir, 'db'));
  await node.call('loseEntry', set, keys);
  await node.call('closeRaw');
  const address = await node.call('openNode', { dir, nodeId, peers });
  await node.call('untilGivenUp');
  return address;
}

async function areEqual(nodes: readonly WorkerProcess[]): Promise<boolean> {
  const [first, second] = await Promise.all(nodes.map((node) => node.call('stateOf')));
  return first?.contextHash === second?.contextHash && first?.fingerprint === second?.fingerprint;
}

function memoryFigure({ startBytes, peakBytes, endBytes, ownPeakBytes }: Memory): string {
  return `${[startBytes, peakBytes, endBytes].map(mebibytes).join(', ')}; ${mebibytes(ownPeakBytes)}`;
}
