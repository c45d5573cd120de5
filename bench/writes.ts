/** Writes over random keys of a store, against raw ones. */

import { join } from 'node:path';
import { speedRows } from './harness/against-raw.ts';
import type { Bench } from './harness/bench.ts';
import type { Benchmark, Row, Settings } from './harness/benchmark.ts';
import { byTurns } from './harness/by-turns.ts';
import { ratio } from './harness/figures.ts';
import { median } from './harness/statistics.ts';
import { fillAndCompact, startRaw, startStore } from './harness/subjects.ts';
import type { Workload } from './worker/workload.ts';

const SET = 'data';

export const writes: Benchmark = {
  name: 'writes',
  title: 'writes over random keys, against raw writes',
  description: `Random records of a full store are overwritten, by turns in a store of Boato and in classic-level, which holds the same
keys and values; each is a process of its own, and waits until both have compacted what there is to compact. Synced:
\`durability: 'fsync'\` against \`{ sync: true }\`; not synced: \`'os'\` against none. The dot cache is warm when all keys were
written since the store was opened, and cold when it has no room (\`dotCacheBytes: 0\`). Before the first round come puts
that are not counted, 20,000 of them at least: what has hardly run is interpreted.`,
  defaults: { keys: 1_000_000, rounds: 5 },
  run,
};

interface Case {
  readonly what: string;
  readonly workload: Pick<Workload, 'kind' | 'operations' | 'inFlight'>;
  /** Speed as a share of raw, at least. */
  readonly target: number;
}

interface Opening {
  readonly durability: 'os' | 'fsync';
  readonly isWarm: boolean;
  readonly cases: readonly Case[];
}

function openings(keys: number): readonly Opening[] {
  const many = Math.max(10_000, keys / 4);
  const puts = { kind: 'put', operations: many, inFlight: 1024 } as const;
  return [
    {
      durability: 'os',
      isWarm: true,
      cases: [
        { what: 'put, 1,024 in flight, not synced, cache warm', workload: puts, target: 0.8 },
        {
          what: 'batch of 1,000, one at a time, not synced, cache warm',
          workload: { kind: 'batch', operations: many, inFlight: 1 },
          target: 0.5,
        },
      ],
    },
    {
      durability: 'os',
      isWarm: false,
      cases: [{ what: 'put, 1,024 in flight, not synced, cache cold', workload: puts, target: 0.4 }],
    },
    {
      durability: 'fsync',
      isWarm: true,
      cases: [
        {
          what: 'put, 64 in flight, synced, cache warm',
          workload: { kind: 'put', operations: 10_000, inFlight: 64 },
          target: 4,
        },
        {
          what: 'put, one at a time, synced, cache warm',
          workload: { kind: 'put', operations: 1000, inFlight: 1 },
          target: 0.8,
        },
      ],
    },
  ];
}

async function run({ keys, rounds }: Settings, bench: Bench): Promise<readonly Row[]> {
  const folder = bench.newPath();
  const control = bench.start();
  const rows: Row[] = [];
  for (const { durability, isWarm, cases } of openings(keys)) {
    const dotCache = isWarm ? {} : { dotCacheBytes: 0 };
    const boato = await startStore(bench, { dir: join(folder, 'boato'), durability, ...dotCache });
    const raw = await startRaw(bench, join(folder, 'raw'));
    if (isWarm) for (const worker of [boato, raw]) await fillAndCompact(worker, SET, keys);
    for (const { what, workload, target } of cases) {
      const contestants = { boato, raw, control };
      const sync = durability === 'fsync';
      const measured = await byTurns(contestants, { ...workload, set: SET, records: keys }, rounds, sync);
      rows.push(...speedRows(what, measured, workload.operations, target));
      bench.say(`${what}: ${ratio(median(measured.map((round) => round.raw.ms / round.boato.ms)))} of raw`);
    }
    for (const worker of [boato, raw]) await worker.stop();
  }
  return rows;
}
