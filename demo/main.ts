/** The demo of the README: three nodes, real data, a kill, a cut, deletes; equal at the end or a reason why not. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DemoCluster } from './demo-cluster.ts';
import { comeBack, copyAndLeave } from './absence.ts';
import { cutAndHeal, deleteAndCollect, finish, importAndKill, startNodes } from './steps.ts';
import { say } from './telling.ts';

const USAGE = `Usage: npm run demo [-- --keep]

Three nodes replicate 135,233 places, survive a kill and a cut, delete, collect, and agree; a fourth one misses the
deletes and comes back.
  --keep   leave the nodes running at the end, until Ctrl-C`;

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    say(USAGE);
    return 0;
  }
  const unknown = args.find((argument) => argument !== '--keep');
  if (unknown !== undefined) {
    console.error(`demo: ${unknown} is not known; there is only --keep.`);
    return 2;
  }
  const startedAt = performance.now();
  const folder = await mkdtemp(join(tmpdir(), 'boato-demo-'));
  const cluster = await DemoCluster.create(folder);
  const interrupted = new Promise<'interrupted'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve('interrupted'));
  });
  try {
    const outcome = await Promise.race([run(cluster, folder, startedAt), interrupted]);
    if (outcome === 'done' && args.includes('--keep')) {
      tellHowToTalk(cluster);
      await interrupted;
    }
    if (outcome === 'interrupted') say(process.stdout.isTTY ? '\nInterrupted.' : 'Interrupted.');
    await cleanUp(cluster, folder);
    return outcome === 'done' ? 0 : 130;
  } catch (error) {
    await cluster.stop();
    console.error(
      `demo: ${error instanceof Error ? error.message : String(error)}; the logs are in ${folder}.`,
    );
    return 1;
  }
}

async function run(cluster: DemoCluster, folder: string, startedAt: number): Promise<'done'> {
  await startNodes(cluster);
  await importAndKill(cluster);
  const absent = await copyAndLeave(cluster, folder);
  await cutAndHeal(cluster);
  const left = await deleteAndCollect(cluster);
  await comeBack(cluster, absent, left);
  await absent.signal('SIGTERM');
  await finish(cluster, startedAt);
  return 'done';
}

function tellHowToTalk(cluster: DemoCluster): void {
  say('The nodes go on until Ctrl-C. In another terminal:');
  for (const node of cluster.nodes) say(`  node bin/store.js status --data ${node.dir}`);
  say(`  node bin/store.js get 2267057 --data ${cluster.node('B').dir}`);
}

async function cleanUp(cluster: DemoCluster, folder: string): Promise<void> {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
  say('The nodes are stopped, and their folders removed.');
}

process.exitCode = await main(process.argv.slice(2));
// Whatever an interrupted step still waits for, there is nothing left to do.
process.exit();
