/**
 * The check of fingerprints after an unclean stop (R8), against a raw scan of the same folder.
 *
 * A store is filled and its process killed. Then, by turns, each in a fresh process: a node opens it, which is timed from
 * the moment it is open until its status says that the check is through, and is killed again; classic-level reads all
 * records of the database. In further rounds, not counted for the ratio, point reads go on meanwhile.
 */

import { join } from 'node:path';
import type { Bench } from './harness/bench.ts';
import type { Benchmark, Row, Settings } from './harness/benchmark.ts';
import { type Delays, delayRows, startControl, whileReading } from './harness/delays.ts';
import { count, medianAndWorst, ratio, seconds } from './harness/figures.ts';
import { median } from './harness/statistics.ts';
import type { Cost } from './worker/cpu.ts';

const SET = 'data';

export const check: Benchmark = {
  name: 'check',
  title: 'the check of all entries after an unclean stop, against a raw scan',
  description: `After \`kill -9\` a node looks at every record again before it serves. Timed from its opening until its status says
that it is through, against classic-level reading all records of the same folder with \`nextv(1000)\`, by turns, each in a
fresh process. Point reads, one each 2 ms, are made in further rounds; their delay counts from when they were due.`,
  defaults: { keys: 1_000_000, rounds: 5 },
  run,
};

async function run({ keys, rounds }: Settings, bench: Bench): Promise<readonly Row[]> {
  const dir = bench.newPath();
  await fill(bench, dir, keys);
  const control = await startControl(bench);
  const checks: Cost[] = [];
  const scans: Cost[] = [];
  const delays: Delays[] = [];
  let records = 0;
  for (let round = 1; round <= rounds; round++) {
    const checked = await checkOnce(bench, dir);
    const scan = await bench.during(async (worker) => {
      await worker.call('openRaw', join(dir, 'db'));
      return worker.call('scanRaw');
    });
    const read = await readDuringCheck(bench, dir, keys, control);
    checks.push(checked);
    scans.push(scan);
    delays.push(read);
    records = scan.records;
    bench.say(`round ${round}: check ${seconds(checked.ms)}, raw scan ${seconds(scan.ms)}`);
  }
  const ratioOf = (of: (cost: Cost) => number): number =>
    median(checks.map((checked, round) => of(scans[round] as Cost) / of(checked)));
  const times = (costs: readonly Cost[]): string =>
    medianAndWorst(
      costs.map(({ ms }) => ms),
      seconds,
    );
  return [
    { what: `check of ${count(keys)} entries`, figure: times(checks) },
    { what: `raw scan of the folder, ${count(records)} records`, figure: times(scans) },
    {
      what: 'speed of the check as a share of the raw scan',
      figure: ratio(ratioOf(({ ms }) => ms)),
      target: '0.5 or more',
    },
    { what: 'the same by processor time', figure: ratio(ratioOf(({ cpuMs }) => cpuMs)) },
    ...delayRows(delays, ['the node'], 'while it checks', 'none over 20 ms'),
  ];
}

async function fill(bench: Bench, dir: string, keys: number): Promise<void> {
  const worker = bench.start();
  await worker.call('openNode', { dir, nodeId: 'a' });
  await worker.call('fill', SET, 0, keys);
  await worker.call('compactNode');
  await worker.kill();
}

async function checkOnce(bench: Bench, dir: string): Promise<Cost> {
  const worker = bench.start();
  await worker.call('openNode', { dir, nodeId: 'a' });
  const cost = await worker.call('untilChecked');
  await worker.kill();
  return cost;
}

async function readDuringCheck(
  bench: Bench,
  dir: string,
  records: number,
  control: Awaited<ReturnType<typeof startControl>>,
): Promise<Delays> {
  const worker = bench.start();
  await worker.call('openNode', { dir, nodeId: 'a' });
  const { delays } = await whileReading({ set: SET, records, nodes: [worker], control }, () =>
    worker.call('untilChecked'),
  );
  await worker.kill();
  return delays;
}
