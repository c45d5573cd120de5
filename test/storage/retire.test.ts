/** Nodes that are gone for ever, on replicas that exchange real messages. */

import { describe, expect, test } from 'vitest';
import { type NodeId, nodeIdOf } from '../../src/core/actor.ts';
import { isRetired, isRetirement, retirementOf } from '../../src/core/retirement.ts';
import type { NewSession } from '../../src/ports/replica.ts';
import { spaceOf } from '../../src/storage/keyspace.ts';
import type { StoredReplica } from '../../src/storage/stored-replica.ts';
import { Cluster } from '../support/cluster.ts';
import { expectInvariants } from '../support/invariants.ts';
import { readSession } from '../support/pull.ts';
import { contents, del, openTestReplica, put, utf8 } from '../support/replica-fixture.ts';

const GONE = 2;
const GONE_ID = 'n2' as NodeId;
const TTL_MS = 20_000;

/** Node 2 has had some runs, which wrote one key each, and the others hold all of it. */
async function afterRuns(runs: number): Promise<Cluster> {
  const cluster = await Cluster.create(4);
  for (let run = 0; run < runs; run++) {
    await cluster.clock.advance(1);
    await write(cluster, GONE, `run ${run}`);
    await cluster.restart(GONE, true);
  }
  for (const node of [0, 1]) await cluster.pull(node, GONE);
  return cluster;
}

async function write(cluster: Cluster, node: number, key: string): Promise<void> {
  await cluster.write(node, [{ key: utf8(key), value: cluster.nextValue(), expiresAt: undefined }]);
}

function runsOf(replica: StoredReplica, nodeId: NodeId = GONE_ID): number {
  return replica.rows().filter(({ actor }) => nodeIdOf(actor) === nodeId && !isRetirement(actor)).length;
}

function isGone(replica: StoredReplica): boolean {
  return isRetired(GONE_ID, (actor) => replica.row(actor));
}

describe('a node that is gone for ever', () => {
  test('has one row, wherever it had one for each of its runs, and its entries stay', async () => {
    const cluster = await afterRuns(5);
    expect(runsOf(cluster.node(0).replica)).toBe(5);
    const before = await contents(cluster.node(0).replica);
    await cluster.retire(0, GONE);
    // Node 3 held nothing, node 1 all of it.
    for (const node of [1, 3]) await cluster.pull(node, 0);
    for (const { replica } of cluster.living()) {
      expect(runsOf(replica)).toBe(0);
      expect(isGone(replica)).toBe(true);
      expect(await contents(replica)).toEqual(before);
      expect(replica.contextHash()).toBe(cluster.node(0).replica.contextHash());
      await expectInvariants(replica, cluster.acknowledged.all());
      expect((await replica.verify(false)).findings.problems).toEqual([]);
    }
  });

  test('stays so over restarts, and is told in backups and to those who come later', async () => {
    const cluster = await afterRuns(2);
    await cluster.retire(0, GONE);
    const { replica } = cluster.node(0);
    const hash = replica.contextHash();
    await cluster.restart(0, true);
    expect(cluster.node(0).replica.contextHash()).toBe(hash);
    expect(runsOf(cluster.node(0).replica)).toBe(0);
    await cluster.wipe(1);
    await cluster.pull(1, 0);
    expect(runsOf(cluster.node(1).replica)).toBe(0);
    expect(await contents(cluster.node(1).replica)).toEqual(await contents(cluster.node(0).replica));
  });

  test('leaves no record once none of its entries is there any more', async () => {
    const cluster = await afterRuns(3);
    await cluster.retire(0, GONE);
    const { replica } = cluster.node(0);
    const isOfRuns = (key: Uint8Array): boolean =>
      ['row', 'segment', 'singleDot'].includes(spaceOf(key) ?? '');
    const records = async (): Promise<number> => {
      const copy = await (await cluster.node(0).disk.copy()).open();
      const scan = copy.scan({ gte: new Uint8Array(0) });
      const found = (await scan.next(1000)).filter(([key]) => isOfRuns(key)).length;
      await scan.close();
      await copy.close();
      return found;
    };
    const before = await records();
    await replica.collect();
    expect(await records()).toBe(before);
    // A row of its own for node 0, and for each entry that it replaces a stale pair less.
    for (const run of [0, 1, 2]) await replica.write([del(`run ${run}`)]);
    await cluster.clock.advance(TTL_MS + 1);
    await replica.collect();
    expect(replica.counts.actors).toBe(2);
    expect(await records()).toBeLessThan(before);
    expect((await replica.verify(false)).findings.problems).toEqual([]);
    await cluster.restart(0, true);
    expect(cluster.node(0).replica.counts.actors).toBe(2);
  });

  test('is known so far by who hears of it late: what was deleted meanwhile does not come back', async () => {
    const cluster = await afterRuns(1);
    await cluster.pull(3, GONE);
    await cluster.node(0).replica.write([del('run 0')]);
    await cluster.clock.advance(TTL_MS + 1);
    await cluster.node(0).replica.collect();
    await cluster.retire(0, GONE);
    await write(cluster, 3, 'while away');
    await cluster.pull(3, 0);
    await cluster.pull(0, 3);
    for (const node of [0, 3])
      expect(Object.keys(await contents(cluster.node(node).replica))).toEqual(['while away']);
    expect(cluster.node(3).replica.contextHash()).toBe(cluster.node(0).replica.contextHash());
  });

  test('is known by what comes late of a run that nobody had heard of', async () => {
    const cluster = await Cluster.create(4);
    await write(cluster, GONE, 'early');
    await cluster.pull(3, GONE);
    await cluster.wipe(GONE);
    await cluster.clock.advance(1);
    await write(cluster, GONE, 'late');
    await cluster.pull(0, GONE);
    const { replica } = cluster.node(0);
    await replica.retire(GONE_ID);
    const [early] = cluster.rumours;
    if (early === undefined) throw new Error('a write is a rumour');
    const dots = early.entries.map(({ key, actor, version }) => ({ key, actor, version }));
    expect(replica.unseen(dots)).toEqual([]);
    expect(await replica.applyRumour(early)).toBe('known');
    await cluster.pull(0, 3);
    expect(Object.keys(await contents(replica))).toEqual(['late']);
    expect((await replica.verify(false)).findings.problems).toEqual([]);
  });

  test('does not bring back its last write, which comes late, after nothing names its actor any more', async () => {
    const cluster = await afterRuns(1);
    await cluster.retire(0, GONE);
    const { replica } = cluster.node(0);
    await replica.write([del('run 0')]);
    await cluster.clock.advance(TTL_MS + 1);
    await replica.collect();
    const [last] = cluster.rumours;
    if (last === undefined) throw new Error('a write is a rumour');
    const [entry] = last.entries;
    expect(replica.counts.actors).toBe(2);
    expect(replica.row(retirementOf(GONE_ID))?.closed).toBe(entry?.version);
    expect(replica.unseen(last.entries)).toEqual([]);
    expect(await replica.applyRumour(last)).toBe('known');
    expect(await contents(replica)).toEqual({});
  });

  test('and that comes back writes on: what was born later has a row of its own', async () => {
    const cluster = await afterRuns(1);
    await cluster.node(0).replica.retire(GONE_ID);
    await cluster.clock.advance(1);
    await cluster.node(GONE).replica.write([put('later', 'v')]);
    await cluster.pull(0, GONE);
    expect(runsOf(cluster.node(0).replica)).toBe(1);
    expect(Object.keys(await contents(cluster.node(0).replica))).toEqual(['later', 'run 0']);
  });
});

describe('nobody is taken for gone for ever', () => {
  test('of whose writes something came ahead of its past', async () => {
    const cluster = await Cluster.create(3);
    await write(cluster, 1, 'a');
    await cluster.pull(GONE, 1);
    await write(cluster, GONE, 'a');
    await cluster.tell(0, 1);
    const { replica } = cluster.node(0);
    await expect(replica.retire(GONE_ID)).rejects.toMatchObject({
      code: 'MEMBER_UNSETTLED',
      message:
        'Node n2 is not forgotten for ever: something of what it wrote, or had seen when it wrote, has not arrived here, and perhaps never will.',
    });
    expect(isGone(replica)).toBe(false);
    await cluster.pull(0, GONE);
    expect(await replica.retire(GONE_ID)).toBe(1);
  });

  test('who wrote with a clock that ran far ahead', async () => {
    const cluster = await Cluster.create(3);
    for (const node of [0, GONE]) cluster.setClock(node, 600_000);
    await write(cluster, GONE, 'a');
    await cluster.pull(0, GONE);
    cluster.setClock(0, 0);
    await expect(cluster.node(0).replica.retire(GONE_ID)).rejects.toMatchObject({ code: 'MEMBER_UNSETTLED' });
  });

  test('by a node that forgot what it had seen', async () => {
    const cluster = await afterRuns(1);
    const { replica } = cluster.node(0);
    await replica.giveUp('a test');
    await expect(replica.retire(GONE_ID)).rejects.toThrow('this node has not yet a whole copy of the data');
    expect(isGone(replica)).toBe(false);
  });

  test('while a comparison runs, which tells by the rows what was seen', async () => {
    const cluster = await afterRuns(2);
    const { replica } = cluster.node(0);
    const { chunks } = await readSession(replica, cluster.node(1).replica);
    const pinned = await replica.beginComparison(chunks[0]?.session as NewSession);
    await expect(replica.retire(GONE_ID)).rejects.toThrow(
      'this node compares itself with another one just now',
    );
    expect(runsOf(replica)).toBe(2);
    await pinned.close();
    replica.endComparison();
    expect(await replica.retire(GONE_ID)).toBe(2);
  });

  test('who never wrote; and a second time there is nothing to do', async () => {
    const replica = await openTestReplica();
    expect(await replica.retire(GONE_ID)).toBe(0);
    expect(replica.rows()).toEqual([]);
    const cluster = await afterRuns(2);
    expect(await cluster.node(0).replica.retire(GONE_ID)).toBe(2);
    expect(await cluster.node(0).replica.retire(GONE_ID)).toBe(0);
  });
});

test('a node that gives up its context forgets who is gone for ever, and hears of it again', async () => {
  const cluster = await afterRuns(2);
  await cluster.retire(0, GONE);
  await cluster.pull(1, 0);
  await cluster.node(1).replica.giveUp('a test');
  expect(isGone(cluster.node(1).replica)).toBe(false);
  await cluster.converge();
  expect(isGone(cluster.node(1).replica)).toBe(true);
  expect(await contents(cluster.node(1).replica)).toEqual(await contents(cluster.node(0).replica));
});
