import { expect, test } from 'vitest';
import { GossipCluster, INTERVAL_MS, type TestNode } from '../support/gossip-fixture.ts';
import { contents } from '../support/replica-fixture.ts';

async function twoNodesInSync(): Promise<{ cluster: GossipCluster; a: TestNode; b: TestNode }> {
  const cluster = new GossipCluster();
  const a = await cluster.start('a');
  await a.put('before', '1');
  const b = await cluster.start('b', { peers: ['a'] });
  await cluster.converge();
  // Rows that moved lately are compared again; here everything is old.
  await cluster.pass(12 * INTERVAL_MS);
  cluster.takeSent();
  return { cluster, a, b };
}

test('one write reaches the other node in the next round, in one chunk', async () => {
  const { cluster, a, b } = await twoNodesInSync();
  await a.put('hello', 'world');

  await cluster.converge();

  expect(await contents(b.replica)).toEqual({ before: '1', hello: 'world' });
  expect(cluster.transcript()).toMatchInlineSnapshot(`
    "a → b summary 38 B
    b → a recent 11 B (0 rows)
    b → a summary-reply 38 B
    a → b recent-reply 46 B (1 row)
    a → b recent 36 B (1 row)
    b → a recent-reply 21 B (0 rows)
    b → a open 49 B (1 row)
    a → b opened 179 B (version order, 1 entry, last)
    b → a done 41 B"
  `);
  await cluster.stopAll();
});

test('one delete costs about as much as one write', async () => {
  const { cluster, a, b } = await twoNodesInSync();
  await a.del('before');

  await cluster.converge();

  expect(await contents(b.replica)).toEqual({ before: 'x' });
  expect(cluster.transcript()).toMatchInlineSnapshot(`
    "a → b summary 38 B
    b → a recent 11 B (0 rows)
    b → a summary-reply 38 B
    a → b recent-reply 46 B (1 row)
    a → b recent 36 B (1 row)
    b → a recent-reply 21 B (0 rows)
    b → a open 49 B (1 row)
    a → b opened 174 B (version order, 1 entry, last)
    b → a done 41 B"
  `);
  await cluster.stopAll();
});

test('writes on both nodes meet in one round: each pulls what the other has', async () => {
  const { cluster, a, b } = await twoNodesInSync();
  await a.put('from-a', '1');
  await b.put('from-b', '2');

  await cluster.converge();

  const both = { before: '1', 'from-a': '1', 'from-b': '2' };
  expect(await contents(a.replica)).toEqual(both);
  expect(await contents(b.replica)).toEqual(both);
  expect(cluster.transcript()).toMatchInlineSnapshot(`
    "a → b summary 38 B
    b → a recent 27 B (1 row)
    b → a summary-reply 38 B
    a → b recent-reply 46 B (1 row)
    a → b recent 36 B (1 row)
    b → a recent-reply 37 B (1 row)
    b → a open 65 B (2 rows)
    a → b open 74 B (2 rows)
    a → b opened 192 B (version order, 1 entry, last)
    b → a opened 183 B (version order, 1 entry, last)
    b → a done 41 B
    a → b done 41 B"
  `);
  await cluster.stopAll();
});
