/** A first copy over TLS, against the same copy over plain TCP. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { NodeOptions } from 'boato';
import type { Bench } from './harness/bench.ts';
import type { Benchmark, Row, Settings } from './harness/benchmark.ts';
import { count, medianAndWorst, ratio, seconds } from './harness/figures.ts';
import { median } from './harness/statistics.ts';

const SET = 'data';
const STORE = join(import.meta.dirname, '..', 'bin', 'store.js');

type Tls = Pick<NodeOptions, 'tlsCert' | 'tlsKey' | 'tlsCa'>;

interface Round {
  readonly plainMs: number;
  readonly tlsMs: number;
}

export const tls: Benchmark = {
  name: 'tls',
  title: 'a first copy over TLS, against one over plain TCP',
  description: `An empty node syncs with a full one over loopback, each a process of its own, started for the round; by turns over
plain TCP and over TLS with certificates on both sides. Timed from the opening of the empty one until all is on disk and
both are equal.`,
  defaults: { keys: 200_000, rounds: 5 },
  run,
};

async function run({ keys, rounds }: Settings, bench: Bench): Promise<readonly Row[]> {
  const certificates = await makeCertificates(bench);
  const dir = bench.newPath();
  await bench.during(async (worker) => {
    await worker.call('openNode', { dir, nodeId: 'a' });
    await worker.call('fill', SET, 0, keys);
    await worker.call('compactNode');
  });
  const measured: Round[] = [];
  for (let round = 1; round <= rounds; round++) {
    const plainMs = await copy(bench, dir, keys, { a: {}, b: {} });
    const tlsMs = await copy(bench, dir, keys, certificates);
    measured.push({ plainMs, tlsMs });
    bench.say(`round ${round}: TLS ${seconds(tlsMs)}, plain ${seconds(plainMs)}`);
  }
  const figures = (of: (round: Round) => number): number[] => measured.map(of);
  const timed = (what: string, of: (round: Round) => number): Row => {
    return { what, figure: medianAndWorst(figures(of), seconds) };
  };
  return [
    timed(`${count(keys)} entries into an empty node, over TLS`, ({ tlsMs }) => tlsMs),
    timed('over plain TCP', ({ plainMs }) => plainMs),
    {
      what: 'speed as a share of plain TCP',
      figure: ratio(median(figures(({ plainMs, tlsMs }) => plainMs / tlsMs))),
    },
  ];
}

async function makeCertificates(bench: Bench): Promise<{ readonly a: Tls; readonly b: Tls }> {
  const folder = bench.newPath();
  const store = async (...args: readonly string[]): Promise<void> => {
    await promisify(execFile)(process.execPath, [STORE, 'certs', ...args, '--out', folder]);
  };
  await store('init');
  for (const node of ['a', 'b']) await store('node', node);
  const tlsOf = (node: string): Tls => ({
    tlsCert: join(folder, `${node}.crt`),
    tlsKey: join(folder, `${node}.key`),
    tlsCa: join(folder, 'ca.crt'),
  });
  return { a: tlsOf('a'), b: tlsOf('b') };
}

function copy(bench: Bench, dir: string, keys: number, options: { a: Tls; b: Tls }): Promise<number> {
  return bench.during((full) =>
    bench.during(async (empty) => {
      const address = await full.call('openNode', { dir, nodeId: 'a', ...options.a });
      await full.call('settle');
      const startedAt = performance.now();
      await empty.call('openNode', { dir: bench.newPath(), nodeId: 'b', peers: [address], ...options.b });
      await empty.call('sync');
      const ms = performance.now() - startedAt;
      const [there, here] = await Promise.all([full, empty].map((node) => node.call('stateOf')));
      if (there?.contextHash !== here?.contextHash || here?.entries !== keys)
        throw new Error('the nodes are not equal after a sync');
      return ms;
    }),
  );
}
