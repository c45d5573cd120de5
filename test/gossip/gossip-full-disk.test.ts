import { expect, test } from 'vitest';
import { GossipCluster } from '../support/gossip-fixture.ts';
import { contents } from '../support/replica-fixture.ts';

test('a node that can take nothing, for want of room, gives what it has', async () => {
  const cluster = new GossipCluster();
  const full = await cluster.start('full');
  const peer = await cluster.start('peer', { peers: ['full'] });
  await cluster.converge();
  await full.put('of the full one', '1');
  let isFull = true;
  full.replica.notTaking = () => (isFull ? 'a write to its disk failed' : undefined);
  await peer.put('of the peer', '1');
  await cluster.pass(10_000);
  expect(await contents(full.replica)).toEqual({ 'of the full one': '1' });
  expect(await contents(peer.replica)).toEqual({ 'of the full one': '1', 'of the peer': '1' });
  isFull = false;
  await cluster.converge();
  expect(await contents(full.replica)).toEqual(await contents(peer.replica));
  await cluster.stopAll();
});
