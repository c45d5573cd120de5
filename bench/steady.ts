/** A node under steady load for a long time: what it takes on disk and in memory, and whether it stays fast. */

import { setTimeout as pause } from 'node:timers/promises';
import { env } from 'node:process';
import type { Bench } from './harness/bench.ts';
import type { Benchmark, Row, Settings } from './harness/benchmark.ts';
import { count, mebibytes, ratio, seconds } from './harness/figures.ts';
import { megabytes } from './harness/sizes.ts';
import { highest, median } from './harness/statistics.ts';
import type { WorkerProcess } from './harness/worker-process.ts';

const SET = 'data';
/** A key has 20 bytes, a value 100. */
const ENTRY_BYTES = 120;
const FULL_SPEED_OPERATIONS = 100_000;
const IN_FLIGHT = 1024;
const LOOKS = 40;
const DELTAS = 5;
const MINUTES_DEFAULT = 20;
const MINUTES_VARIABLE = 'BOATO_BENCH_MINUTES';

export const steady: Benchmark = {
  name: 'steady',
  title: `random overwrites at half of full speed, for ${MINUTES_DEFAULT} minutes or ${MINUTES_VARIABLE}`,
  description: `The speed of synced puts over random keys, ${count(IN_FLIGHT)} in flight, is measured; then half as many a second are written, for
${MINUTES_DEFAULT} minutes (\`${MINUTES_VARIABLE}\`: another number). Live data is the bytes of the keys and values that are there. A second
node, a process of its own, takes what was written in a second before that and after it, ${DELTAS} times each (first all that
came between; then both compact what there is to compact). Own memory is resident without the pages of files, which the system takes back as it likes.`,
  defaults: { keys: 1_000_000, rounds: 1 },
  run,
};

async function run({ keys }: Settings, bench: Bench): Promise<readonly Row[]> {
  const minutes = minutesWanted();
  const [dir, otherDir] = [bench.newPath(), bench.newPath()];
  const fullSpeed = await bench.during(async (worker) => {
    await worker.call('openNode', { dir, nodeId: 'a' });
    await worker.call('fill', SET, 0, keys);
    await worker.call('compactNode');
    return speedOf(worker, keys);
  });
  const [node, other] = [bench.start(), bench.start()];
  const address = await node.call('openNode', { dir, nodeId: 'a' });
  // The dot cache is warm from the start, as it is after some time.
  await node.call('fill', SET, 0, keys);
  await other.call('openNode', { dir: otherDir, nodeId: 'b', peers: [address] });
  await other.call('sync');
  const perSecond = Math.floor(fullSpeed / 2);
  bench.say(`full speed is ${count(fullSpeed)} puts a second`);
  const before = await deltas(node, other, keys, perSecond);

  const diskBytes: number[] = [];
  const startedAt = performance.now();
  await node.call('startMemory');
  await node.call('startWrites', SET, keys, perSecond);
  for (let look = 1; look <= LOOKS; look++) {
    await pause((minutes * 60_000) / LOOKS);
    diskBytes.push(await node.call('diskBytes', dir));
  }
  const written = await node.call('stopWrites');
  const writtenMs = performance.now() - startedAt;
  const memory = await node.call('memory');
  bench.say(`${count(written)} puts are done`);

  const { ms: caughtUpMs } = await other.call('sync');
  const after = await deltas(node, other, keys, perSecond);
  await node.call('settle');
  await node.call('compactNode');
  const compactedBytes = await node.call('diskBytes', dir);
  const liveBytes = keys * ENTRY_BYTES;
  const { ownStartBytes, ownPeakBytes, ownEndBytes } = memory;
  return [
    {
      what: 'puts a second: full speed; wanted; reached',
      figure: [fullSpeed, perSecond, written / (writtenMs / 1000)].map(count).join('; '),
    },
    { what: 'puts in all, over entries', figure: `${count(written)}, ${count(keys)}` },
    {
      what: 'live data; on disk at most meanwhile; compacted',
      figure: [liveBytes, highest(diskBytes), compactedBytes].map(megabytes).join('; '),
    },
    {
      what: 'compacted, on disk over live data',
      figure: ratio(compactedBytes / liveBytes),
      target: '2 or less',
    },
    {
      what: 'own memory at the start, at its highest, at the end',
      figure: [ownStartBytes, ownPeakBytes, ownEndBytes].map(mebibytes).join(', '),
    },
    { what: 'all that was written comes to the other node', figure: seconds(caughtUpMs) },
    {
      what: 'what was written in a second comes to the other node: before; after',
      figure: `${seconds(before)}; ${seconds(after)}`,
    },
    { what: 'the time after over that before', figure: ratio(after / before), target: '1.5 or less' },
  ];
}

/** Puts a second, as many as there can be. */
async function speedOf(node: WorkerProcess, keys: number): Promise<number> {
  const operations = FULL_SPEED_OPERATIONS;
  const workload = { kind: 'put', set: SET, records: keys, operations, inFlight: IN_FLIGHT } as const;
  await node.call('settle');
  await node.call('prepare', { ...workload, round: 1 });
  const { ms } = await node.call('run', true);
  return operations / (ms / 1000);
}

/** Median time that a second's writes take to come to the other node, after all before them. */
async function deltas(
  node: WorkerProcess,
  other: WorkerProcess,
  keys: number,
  perSecond: number,
): Promise<number> {
  const times: number[] = [];
  await other.call('sync');
  // What came before has changed everything: both compact for some time.
  await Promise.all([node.call('settle'), other.call('settle')]);
  for (let round = 1; round <= DELTAS; round++) {
    await node.call('startWrites', SET, keys, perSecond);
    await pause(1000);
    await node.call('stopWrites');
    times.push((await other.call('sync')).ms);
  }
  return median(times);
}

function minutesWanted(): number {
  const text = env[MINUTES_VARIABLE];
  const minutes = Number(text ?? MINUTES_DEFAULT);
  if (minutes > 0 && minutes <= 24 * 60) return minutes;
  throw new Error(`${MINUTES_VARIABLE} must be a number of minutes up to a day, not ${text}`);
}
