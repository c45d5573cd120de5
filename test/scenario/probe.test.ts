import { test } from 'vitest';
import { GossipCluster } from '/work/main/test/support/gossip-fixture.ts';
test('probe', async () => {
  const c = new GossipCluster();
  const a = await c.start('a');
  await a.put('k', 'v');
  const b = await c.start('b', { peers: ['a'] });
  await c.pass(0);
  console.log(c.transcript());
  await c.pass(3000);
  console.log(c.transcript());
  await b.put('k2', 'v2');
  await c.converge();
  console.log(c.transcript());
  const t = Date.now();
  await c.pass(60_000);
  console.log('took', Date.now() - t, c.takeSent().length);
  await c.stopAll();
});
