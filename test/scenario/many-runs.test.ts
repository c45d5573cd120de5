import { expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { GossipCluster, summarize, TOMBSTONE_TTL_MS, type TestNode } from '../support/gossip-fixture.ts';
import { openTestReplica, put } from '../support/replica-fixture.ts';

const NODES = 10;
const RUNS = 1000;

test('after many runs', async () => {
  const cluster = new GossipCluster();
  const { clock } = cluster;
  const names = Array.from({ length: NODES }, (_, index) => `node-${index}`);
  const disks = names.map(() => new MemoryDisk());
  let t = Date.now();
  const replicas = await Promise.all(
    names.map((nodeId, index) =>
      openTestReplica({ nodeId, clock, disk: disks[index] as MemoryDisk, tombstoneTtlMs: TOMBSTONE_TTL_MS }),
    ),
  );
  for (let run = 0; run < RUNS; run++) {
    await clock.advance(TOMBSTONE_TTL_MS / 4);
    await Promise.all(replicas.map((replica) => replica.write([put(`key-${replica.nodeId}`, String(run))])));
  }
  for (const replica of replicas) await replica.close();
  console.log('written', Date.now() - t);
  t = Date.now();
  const nodes: TestNode[] = [];
  for (const [index, name] of names.entries()) {
    nodes.push(
      await cluster.start(name, { disk: disks[index] as MemoryDisk, peers: index === 0 ? [] : ['node-0'] }),
    );
  }
  console.log('started', Date.now() - t);
  t = Date.now();
  await cluster.converge(120_000);
  console.log('converged', Date.now() - t, nodes[0]?.replica.counts);
  console.log(summarize(cluster.takeSent()));
  await cluster.pass(15_000);
  cluster.takeSent();
  t = Date.now();
  const disk = await cluster.stop(nodes[9] as TestNode);
  await nodes[0]!.put('key', 'value');
  await cluster.pass(15_000);
  cluster.takeSent();
  await cluster.start('node-9', { disk, peers: ['node-0'] });
  await cluster.converge();
  console.log(cluster.transcript(), Date.now() - t);
  await cluster.start('new', { peers: ['node-0'] });
  await cluster.converge();
  console.log(summarize(cluster.takeSent()), Date.now() - t);
  await cluster.stopAll();
}, 300_000);
