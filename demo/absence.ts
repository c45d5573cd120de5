/** The demo's fourth node: it holds an old copy, misses the deletes, and comes back after their tombstones are gone. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type DemoCluster, SETTINGS } from './demo-cluster.ts';
import { NodeProcess, STORE } from './node-process.ts';
import { PLACES } from './places.ts';
import { kilobytes, say, seconds, until } from './telling.ts';

const COPY_MS = 60_000;
const OWN_KEY = 'only-d';

/** Copies everything from B, is stopped, and is written to while it is alone. */
export async function copyAndLeave(cluster: DemoCluster, folder: string): Promise<NodeProcess> {
  // Not A: whoever waits for all peers that it knows would wait for D.
  const node = new NodeProcess('D', folder, [...SETTINGS, '--peer', cluster.node('B').address]);
  cluster.watch(node);
  const startedAt = performance.now();
  await node.start();
  await until('D to hold a copy', COPY_MS, async () => (await node.count()) === PLACES.length);
  await node.signal('SIGTERM');
  const put = spawn(process.execPath, [STORE, 'put', '--data', node.dir, OWN_KEY, 'written while alone'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(put, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`store put ended with exit code ${code}`);
  say(
    `D joins, has a copy after ${seconds(startedAt)}, and is stopped. A key is written to its folder meanwhile.`,
  );
  return node;
}

/** Its stale entries vanish, its own write survives; nothing that was deleted comes back anywhere. */
export async function comeBack(cluster: DemoCluster, node: NodeProcess, expected: number): Promise<void> {
  say('D comes back: it holds all that was deleted, and nobody has the tombstones any more.');
  const startedAt = performance.now();
  await node.start();
  const all = [...cluster.nodes, node];
  await until('all four to agree', COPY_MS, async () => {
    const counts = await Promise.all(all.map((one) => one.count()));
    return counts.every((count) => count === expected + 1);
  });
  const exports = await Promise.all(all.map((one) => one.exportHash()));
  if (new Set(exports.map(({ hash }) => hash)).size > 1)
    throw new Error('the exports of the four nodes differ');
  const { peers } = await node.status();
  const wire = peers.reduce((sum, { bytesReceived, bytesSent }) => sum + bytesReceived + bytesSent, 0);
  say(
    `  it compared itself with B: all four are equal after ${seconds(startedAt)}, ${kilobytes(wire)} over the wire`,
  );
  say(`  nothing came back; "${String(await cluster.node('C').get(OWN_KEY))}" is everywhere`);
}
