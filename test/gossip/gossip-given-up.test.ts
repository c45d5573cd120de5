import { expect, test } from 'vitest';
import { GossipCluster, putMany, type Sent, type TestNode } from '../support/gossip-fixture.ts';
import { contents } from '../support/replica-fixture.ts';

/** So many single dots make a node compare that may be sent them again. */
const KEYS = 1100;

function comparisons(sent: readonly Sent[]): string[] {
  return sent
    .flatMap(({ from, to, message }) =>
      message !== 'malformed' && message.type === 'compare' ? [`${from} with ${to}`] : [],
    )
    .toSorted();
}

async function givenUp(
  cluster: GossipCluster,
  host: string,
  first: number,
  peers: string[],
): Promise<TestNode> {
  const node = await cluster.start(host, { peers });
  await node.write(...putMany(KEYS, 'value', first));
  await node.replica.giveUp('a test wants it');
  return node;
}

test('nodes that all gave up compare once with each other, and send deltas from then on', async () => {
  const cluster = new GossipCluster();
  cluster.network.cut('a', 'b');
  const a = await givenUp(cluster, 'a', 0, []);
  const b = await givenUp(cluster, 'b', KEYS, ['a']);
  await cluster.pass(1000);
  cluster.takeSent();

  cluster.network.heal('a', 'b');
  await cluster.converge(60_000);

  expect(comparisons(cluster.takeSent())).toEqual(['a with b', 'b with a']);
  expect(await contents(b.replica)).toEqual(await contents(a.replica));
  expect(a.replica.counts.looseDots).toBe(2 * KEYS);
  // All of them are single dots for good: nobody has received what those actors wrote.
  await a.put('later', '1');
  await cluster.converge();
  expect(comparisons(cluster.takeSent())).toEqual([]);
  expect(await contents(b.replica)).toHaveProperty('later', '1');
  await cluster.stopAll();
});
