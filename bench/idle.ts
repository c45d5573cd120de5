/** Bytes that nodes exchange when there is nothing to tell, and what one write adds. */

import type { Bench } from './harness/bench.ts';
import type { Benchmark, Row, Settings } from './harness/benchmark.ts';
import { count } from './harness/figures.ts';
import type { Bytes } from './worker/exchange-commands.ts';

const SET = 'data';
const RESTARTS = 1000;
/** A key has 20 bytes, a value 100. */
const ENTRY_BYTES = 120;
const SMALL = 100_000;

export const idle: Benchmark = {
  name: 'idle',
  title: 'bytes of an idle exchange, and of one write after many restarts',
  description: `Two nodes hold the same; bytes are those of a round over TCP, frames included, averaged over 20 rounds or more. Then a store is opened,
written one key, and closed, ${count(RESTARTS)} times over, so that as many actors wrote to it. Of one write: bytes of the \`sync\`
that brings it over, less its key and value. One round: bytes do not vary.`,
  defaults: { keys: 1_000_000, rounds: 1 },
  run,
};

async function run({ keys }: Settings, bench: Bench): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const entries of new Set([Math.min(SMALL, keys), keys])) {
    const { idleBytes, writeBytes } = await exchanges(bench, bench.newPath(), entries);
    rows.push(...rowsOf(`${count(entries)} entries`, idleBytes, writeBytes, false));
    bench.say(`${count(entries)} entries are done`);
  }
  const dir = bench.newPath();
  await bench.during((worker) => worker.call('restart', dir, SET, RESTARTS));
  bench.say('the restarts are done');
  const { idleBytes, writeBytes } = await exchanges(bench, dir, 0);
  return [...rows, ...rowsOf(`${count(RESTARTS)} actors`, idleBytes, writeBytes, true)];
}

interface Exchanges {
  readonly idleBytes: Bytes;
  readonly writeBytes: Bytes;
}

/** Of the node in `dir`, to which `entries` are written before, and another. */
async function exchanges(bench: Bench, dir: string, entries: number): Promise<Exchanges> {
  return bench.during((full) =>
    bench.during(async (other) => {
      const address = await full.call('openNode', { dir, nodeId: 'a' });
      await full.call('fill', SET, 0, entries);
      const otherDir = bench.newPath();
      const idleBytes = await other.call('idleBytes', otherDir, address);
      await other.call('openNode', { dir: otherDir, nodeId: 'b', peers: [address] });
      await other.call('sync');
      const before = await other.call('wireBytes');
      await full.call('overwrite', SET, Math.max(entries, RESTARTS), 1, 1);
      await other.call('sync');
      const after = await other.call('wireBytes');
      return {
        idleBytes,
        writeBytes: { received: after.received - before.received, sent: after.sent - before.sent },
      };
    }),
  );
}

function rowsOf(
  what: string,
  { received, sent }: Bytes,
  written: Bytes,
  hasTargetForWrite: boolean,
): readonly Row[] {
  const overhead = written.received + written.sent - ENTRY_BYTES;
  return [
    {
      what: `${what}: idle round, received; sent`,
      figure: `${received.toFixed(0)} bytes; ${sent.toFixed(0)} bytes`,
      target: 'under 100 bytes each',
    },
    {
      what: `${what}: one write, without its key and value`,
      figure: `${count(overhead)} bytes`,
      ...(hasTargetForWrite ? { target: 'under 1,000 bytes' } : {}),
    },
  ];
}
