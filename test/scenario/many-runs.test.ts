import { beforeAll, describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../src/adapters/memory-store.ts';
import { SimulatedClock } from '../../src/adapters/simulated-clock.ts';
import { GossipCluster, INTERVAL_MS, summarize, TOMBSTONE_TTL_MS } from '../support/gossip-fixture.ts';
import { pull } from '../support/pull.ts';
import { openTestReplica, put } from '../support/replica-fixture.ts';

const NODES = 10;
const RUNS = 1000;

/** After such a silence a node writes as a new actor, as after a restart. */
const SILENCE_MS = TOMBSTONE_TTL_MS / 4;

/** Rows that moved lately are told apart. */
const LATELY_MS = 12 * INTERVAL_MS;

/** The disks of two of ten nodes, each of which has written in a thousand runs, and has seen what the others wrote. */
async function twoOfTen(): Promise<readonly [MemoryDisk, MemoryDisk]> {
  const clock = new SimulatedClock();
  const disks = Array.from({ length: NODES }, () => new MemoryDisk());
  const replicas = await Promise.all(
    disks.map((disk, index) => {
      return openTestReplica({ nodeId: `node-${index}`, clock, disk, tombstoneTtlMs: TOMBSTONE_TTL_MS });
    }),
  );
  for (let run = 0; run < RUNS; run++) {
    await clock.advance(SILENCE_MS);
    for (const replica of replicas) await replica.write([put(replica.nodeId, `of run ${run}`)]);
  }
  const [first, second] = replicas as [(typeof replicas)[0], (typeof replicas)[0]];
  for (const other of replicas.slice(1)) await pull(first, other);
  await pull(second, first);
  for (const replica of replicas) await replica.close();
  return [disks[0] as MemoryDisk, disks[1] as MemoryDisk];
}

describe('where ten nodes had a thousand runs each', () => {
  let disks: Awaited<ReturnType<typeof twoOfTen>>;

  beforeAll(async () => {
    disks = await twoOfTen();
  }, 60_000);

  /** `a` runs. */
  async function setUp() {
    const cluster = new GossipCluster();
    await cluster.clock.advance(RUNS * SILENCE_MS);
    const a = await cluster.start('node-0', { disk: await disks[0].copy() });
    const startB = async () => {
      return cluster.start('node-1', { disk: await disks[1].copy(), peers: ['node-0'] });
    };
    return { cluster, a, startB };
  }

  test('a node that was away tells and is told what it knows in ten rows', async () => {
    const { cluster, a, startB } = await setUp();
    await a.put('key', 'value');
    await cluster.pass(LATELY_MS);

    const b = await startB();
    await cluster.converge();

    expect(b.replica.counts.actors).toBe(NODES * RUNS + 1);
    expect(cluster.transcript()).toMatchInlineSnapshot(`
      "node-0 → node-1 hello 58 B
      node-1 → node-0 hello 58 B
      node-1 → node-0 summary 38 B
      node-0 → node-1 summary 38 B
      node-0 → node-1 recent 11 B (0 rows)
      node-1 → node-0 recent 11 B (0 rows)
      node-0 → node-1 summary-reply 38 B
      node-1 → node-0 summary-reply 38 B
      node-1 → node-0 recent-reply 21 B (0 rows)
      node-0 → node-1 recent-reply 21 B (0 rows)
      node-0 → node-1 heads 222 B (10 rows)
      node-1 → node-0 heads 222 B (10 rows)
      node-1 → node-0 heads-reply 58 B (2 rows)
      node-0 → node-1 heads-reply 48 B (1 row)
      node-1 → node-0 open 54 B (1 row)
      node-0 → node-1 recent 11 B (0 rows)
      node-1 → node-0 recent-reply 21 B (0 rows)
      node-0 → node-1 heads 222 B (10 rows)
      node-1 → node-0 heads-reply 58 B (2 rows)
      node-0 → node-1 opened 189 B (version order, 1 entry, last)
      node-1 → node-0 done 41 B
      node-1 → node-0 recent 38 B (1 row)
      node-0 → node-1 recent-reply 48 B (1 row)"
    `);
    await cluster.stopAll();
  });

  test('a write costs two nodes that are in touch what it costs after one run', async () => {
    const { cluster, a, startB } = await setUp();
    await startB();
    await cluster.pass(LATELY_MS);
    cluster.takeSent();
    await a.put('key', 'value');

    await cluster.converge();

    expect(cluster.transcript()).toMatchInlineSnapshot(`
      "node-1 → node-0 summary 38 B
      node-0 → node-1 recent 41 B (1 row)
      node-0 → node-1 summary-reply 38 B
      node-1 → node-0 recent-reply 21 B (0 rows)
      node-1 → node-0 recent 11 B (0 rows)
      node-0 → node-1 recent-reply 51 B (1 row)
      node-1 → node-0 open 54 B (1 row)
      node-0 → node-1 opened 192 B (version order, 1 entry, last)
      node-1 → node-0 done 41 B"
    `);
    await cluster.stopAll();
  });

  test('a new node is told the links of all runs, in pieces', async () => {
    const { cluster, a } = await setUp();
    const c = await cluster.start('node-c', { peers: ['node-0'] });

    await cluster.converge();

    expect(c.replica.heads()).toEqual(a.replica.heads());
    expect(c.replica.rows()).toHaveLength(NODES * RUNS);
    expect(summarize(cluster.takeSent())).toMatchInlineSnapshot(`
      "node-0 → node-c hello × 1: 58 B
      node-c → node-0 hello × 1: 58 B
      node-c → node-0 summary × 1: 38 B
      node-0 → node-c summary × 1: 38 B
      node-0 → node-c recent × 2: 22 B
      node-c → node-0 recent × 2: 4990 B
      node-0 → node-c summary-reply × 1: 38 B
      node-c → node-0 summary-reply × 1: 38 B
      node-c → node-0 recent-reply × 2: 42 B
      node-0 → node-c recent-reply × 2: 5010 B
      node-0 → node-c heads × 2: 444 B
      node-c → node-0 heads × 1: 12 B
      node-c → node-0 heads-reply × 2: 462 B
      node-0 → node-c heads-reply × 1: 322 B
      node-c → node-0 chains × 7: 1561 B
      node-0 → node-c chains-reply × 7: 190583 B
      node-c → node-0 open × 1: 100147 B
      node-0 → node-c opened × 1: 190591 B
      node-c → node-0 done × 1: 41 B"
    `);
    await cluster.stopAll();
  });
});
