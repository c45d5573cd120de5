/** Reads in several processes while something goes on, with an idle process beside them as the control. */

import type { ReadDelays } from '../worker/probe-commands.ts';
import type { Bench } from './bench.ts';
import type { Row } from './benchmark.ts';
import { medianAndWorst, milliseconds } from './figures.ts';
import type { SetName } from './records.ts';
import type { WorkerProcess } from './worker-process.ts';

const CONTROL_SET: SetName = 'ctrl';
const CONTROL_RECORDS = 10_000;

/** A node of its own that nobody talks to and that has little to do. */
export async function startControl(bench: Bench): Promise<WorkerProcess> {
  const control = bench.start();
  await control.call('openNode', { dir: bench.newPath(), nodeId: 'control' });
  await control.call('fill', CONTROL_SET, 0, CONTROL_RECORDS);
  return control;
}

export interface Readers {
  /** Records of the set, from the first on, that are there throughout; of a set for each node. */
  readonly set: SetName | readonly SetName[];
  readonly records: number;
  readonly nodes: readonly WorkerProcess[];
  readonly control: WorkerProcess;
}

export interface Delays {
  /** In the order of the nodes. */
  readonly nodes: readonly ReadDelays[];
  readonly control: ReadDelays;
}

export async function whileReading<T>(
  { set, records, nodes, control }: Readers,
  work: () => Promise<T>,
): Promise<{ result: T; delays: Delays }> {
  await Promise.all([
    control.call('startReads', CONTROL_SET, CONTROL_RECORDS),
    ...nodes.map((node, at) =>
      node.call('startReads', typeof set === 'string' ? set : (set[at] as SetName), records),
    ),
  ]);
  const result = await work();
  const [controlDelays, ...nodeDelays] = await Promise.all(
    [control, ...nodes].map((worker) => worker.call('stopReads')),
  );
  return { result, delays: { nodes: nodeDelays, control: controlDelays as ReadDelays } };
}

/** `whose`: in the order of the nodes. */
export function delayRows(
  rounds: readonly Delays[],
  whose: readonly string[],
  when: string,
  target: string,
): readonly Row[] {
  const written = (delays: readonly ReadDelays[]): string => {
    const longest = medianAndWorst(
      delays.map(({ longestMs }) => longestMs),
      milliseconds,
    );
    const p99 = medianAndWorst(
      delays.map(({ p99Ms }) => p99Ms),
      milliseconds,
    );
    return `${longest}; 99 of 100 below ${p99}`;
  };
  return [
    ...whose.map((name, at) => ({
      what: `longest delay of a read on ${name}, ${when}`,
      figure: written(rounds.map(({ nodes }) => nodes[at] as ReadDelays)),
      target,
    })),
    { what: `the same in an idle control process`, figure: written(rounds.map(({ control }) => control)) },
  ];
}
