import { expect, test } from 'vitest';
import {
  GossipCluster,
  keysSent,
  putMany,
  SESSION_TIMEOUT_MS,
  TOMBSTONE_TTL_MS,
} from '../support/gossip-fixture.ts';
import { contents } from '../support/replica-fixture.ts';

test('a node that starts over while it serves drops what it serves: nobody is misled, nothing counts as damage', async () => {
  const cluster = new GossipCluster();
  // What `b` wrote before it lost its disk: a bootstrapping node serves its own writes, these as well.
  const a = await cluster.start('a', { chunkBytes: 1 });
  const lost = await cluster.start('b', { peers: ['a'] });
  for (const write of putMany(20)) await lost.write(write);
  await cluster.converge();
  await cluster.stop(lost);

  // Its new first copy breaks off after nine keys, and cannot go on: a deletion was collected meanwhile.
  let chunks = 0;
  cluster.onSend = (sent) => {
    if (sent.from === 'a' && keysSent(sent).length > 0 && ++chunks === 10) cluster.network.cut('a', 'b');
  };
  const b = await cluster.start('b', { peers: ['a'], chunkBytes: 1, seed: 9 });
  await cluster.pass(1000);
  expect(Object.keys(await contents(b.replica))).toHaveLength(9);
  await a.del('key-0003');
  await cluster.pass(SESSION_TIMEOUT_MS + TOMBSTONE_TTL_MS);
  expect((await a.replica.collect()).collected).toBe(1);

  // A third node is in the middle of a session with it.
  const c = await cluster.start('c');
  cluster.onSend = (sent) => {
    if (sent.from === 'b' && sent.to === 'c' && keysSent(sent).length > 0) cluster.stall('b', 'c');
  };
  await cluster.stop(b);
  const again = await cluster.start('b', { peers: ['a', 'c'], disk: b.disk, chunkBytes: 1, seed: 10 });
  await cluster.pass(1000);
  expect(again.gossip.served()).toMatchObject([{ peer: 'c' }]);

  cluster.network.heal('a', 'b');
  cluster.onSend = () => {};
  await cluster.until(() => again.replica.contextHash() === a.replica.contextHash());
  // The one of before is gone, and `c` cannot have opened another: it hears nothing.
  expect(again.gossip.served()).toEqual([]);
  cluster.resume('b', 'c');
  await cluster.converge(60_000);

  expect(again.replica.notServing()).toBeUndefined();
  expect(await contents(c.replica)).toEqual(await contents(a.replica));
  expect(await contents(c.replica)).toEqual(await contents(again.replica));
  await cluster.stopAll();
});
