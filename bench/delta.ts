/** What a thousand writes cost to bring to another node, against reading and writing them raw. */

import type { Bench } from './harness/bench.ts';
import type { Benchmark, Row, Settings } from './harness/benchmark.ts';
import { count, kilobytes, medianAndWorst, milliseconds, ratio } from './harness/figures.ts';
import { median } from './harness/statistics.ts';
import type { WorkerProcess } from './harness/worker-process.ts';

const SET = 'data';
const WRITTEN = 1000;
/** A key has 20 bytes, a value 100. */
const PAYLOAD_BYTES = WRITTEN * 120;

export const delta: Benchmark = {
  name: 'delta',
  title: 'a thousand writes come to another node, against reading and writing them raw',
  description: `Two nodes are equal, each a process of its own. ${count(WRITTEN)} random records are overwritten at one; then the other syncs,
over loopback TCP, timed until it has adopted all of it on disk and both are equal. Raw: in one process, classic-level
reads the same records from one database of as many keys with \`getMany\`, and writes them to another in a synced batch, by
turns. Payload is the bytes of keys and values; bytes on the wire are those of both directions, not compressed, rumours
off. The first round is not counted.`,
  defaults: { keys: 1_000_000, rounds: 9 },
  run,
};

interface Round {
  readonly ms: number;
  readonly rawMs: number;
  readonly bytes: number;
}

async function run({ keys, rounds }: Settings, bench: Bench): Promise<readonly Row[]> {
  const raw = bench.start();
  await raw.call('openCopySource', bench.newPath());
  await raw.call('openCopyTarget', bench.newPath());
  await raw.call('fillCopies', SET, keys);
  const [writer, reader] = [bench.start(), bench.start()];
  // What rumours brought before the round could not be told from what it brought.
  const options = { compression: 'never', rumours: false } as const;
  const address = await writer.call('openNode', { dir: bench.newPath(), nodeId: 'a', ...options });
  await writer.call('fill', SET, 0, keys);
  await reader.call('openNode', { dir: bench.newPath(), nodeId: 'b', peers: [address], ...options });
  const { ms } = await reader.call('sync');
  bench.say(`the other node has copied all in ${milliseconds(ms)}`);
  for (const node of [writer, reader]) await node.call('compactNode');
  const measured: Round[] = [];
  for (let round = 1; round <= rounds + 1; round++) {
    for (const worker of [raw, writer, reader]) await worker.call('settle');
    const rawMs = await raw.call('copyWritten', SET, keys, WRITTEN, round);
    const { ms: syncMs, bytes } = await deltaOnce(writer, reader, keys, round);
    if (round === 1) continue;
    measured.push({ ms: syncMs, rawMs, bytes });
    bench.say(`round ${round - 1}: ${milliseconds(syncMs)}, raw ${milliseconds(rawMs)}`);
  }
  const figures = (of: (round: Round) => number): number[] => measured.map(of);
  return [
    { what: 'entries of each node; written', figure: `${count(keys)}; ${count(WRITTEN)}` },
    {
      what: 'until both are equal',
      figure: medianAndWorst(
        figures((round) => round.ms),
        milliseconds,
      ),
    },
    {
      what: 'read and written raw',
      figure: medianAndWorst(
        figures(({ rawMs }) => rawMs),
        milliseconds,
      ),
    },
    {
      what: 'time over raw',
      figure: ratio(median(figures((round) => round.ms / round.rawMs))),
      target: '8 or less',
    },
    {
      what: 'bytes on the wire; payload',
      figure: `${medianAndWorst(
        figures(({ bytes }) => bytes),
        kilobytes,
      )}; ${kilobytes(PAYLOAD_BYTES)}`,
    },
    {
      what: 'bytes on the wire over payload',
      figure: ratio(median(figures(({ bytes }) => bytes / PAYLOAD_BYTES))),
      target: '1.10 or less',
    },
  ];
}

async function deltaOnce(
  writer: WorkerProcess,
  reader: WorkerProcess,
  keys: number,
  round: number,
): Promise<{ ms: number; bytes: number }> {
  await writer.call('overwrite', SET, keys, WRITTEN, round);
  const synced = await reader.call('sync');
  const [there, here] = await Promise.all([writer, reader].map((node) => node.call('stateOf')));
  if (there?.contextHash !== here?.contextHash || there?.fingerprint !== here?.fingerprint)
    throw new Error('the nodes are not equal after a sync');
  return synced;
}
