/** Names among the addresses that a node is told to dial. */

import { describe, expect, test } from 'vitest';
import { systemResolver } from '../../src/adapters/system-resolver.ts';
import type { Resolver, Service } from '../../src/ports/resolver.ts';
import { GossipCluster, INTERVAL_MS, type TestNode } from '../support/gossip-fixture.ts';

/** Names and what is behind them; whatever else is asked for is not known. */
class Names implements Resolver {
  readonly hostsByName = new Map<string, readonly string[]>();
  readonly servicesByName = new Map<string, readonly Service[]>();
  readonly asked: string[] = [];

  hosts(name: string): Promise<readonly string[]> {
    this.asked.push(name);
    const hosts = this.hostsByName.get(name);
    return hosts === undefined ? Promise.reject(new Error('ENOTFOUND')) : Promise.resolve(hosts);
  }

  services(name: string): Promise<readonly Service[]> {
    this.asked.push(name);
    const services = this.servicesByName.get(name);
    return services === undefined ? Promise.reject(new Error('ENODATA')) : Promise.resolve(services);
  }
}

function states(node: TestNode): string[] {
  return node.gossip.peers().map(({ address, nodeId, state }) => `${address} ${nodeId ?? '?'} ${state}`);
}

async function started(...hosts: readonly string[]): Promise<GossipCluster> {
  const cluster = new GossipCluster();
  for (const host of hosts) await cluster.start(host);
  return cluster;
}

describe('a name with a port', () => {
  test('that stands for several hosts, leads to all of them', async () => {
    const cluster = await started('b', 'c');
    const resolver = new Names();
    resolver.hostsByName.set('all', ['c', 'b']);
    const a = await cluster.start('a', { peers: ['all'], resolver });
    await cluster.pass(INTERVAL_MS);
    expect(states(a)).toEqual(['b:7000 b connected', 'c:7000 c connected']);
    await cluster.stopAll();
  });

  test('that stands for one host, is dialled as it is, and shown so', async () => {
    const cluster = await started('b');
    const resolver = new Names();
    resolver.hostsByName.set('b', ['10.0.0.1']);
    const a = await cluster.start('a', { peers: ['b'], resolver });
    await cluster.pass(INTERVAL_MS);
    expect(states(a)).toEqual(['b:7000 b connected']);
    await cluster.stopAll();
  });

  test('that stands for a host with an address of either family, leads to one node', async () => {
    const cluster = await started('b');
    const resolver = new Names();
    resolver.hostsByName.set('b', ['::1', '10.0.0.1']);
    const a = await cluster.start('a', { peers: ['b'], resolver });
    await cluster.pass(INTERVAL_MS);
    expect(states(a)).toEqual(['b:7000 b connected']);
    await cluster.stopAll();
  });

  test('is looked up again: who is behind it later, is dialled, and who is gone, is not any more', async () => {
    const cluster = await started('b', 'c', 'd');
    const resolver = new Names();
    resolver.hostsByName.set('all', ['b', 'gone']);
    const a = await cluster.start('a', { peers: ['all'], resolver });
    await cluster.pass(INTERVAL_MS);
    expect(states(a)).toEqual(['b:7000 b connected', 'gone:7000 ? disconnected']);
    resolver.hostsByName.set('all', ['c', 'd']);
    await cluster.pass(35_000);
    // A connection that works is not given up for a name.
    expect(states(a)).toEqual(['b:7000 b connected', 'c:7000 c connected', 'd:7000 d connected']);
    cluster.dials.splice(0);
    await cluster.pass(60_000);
    expect(cluster.dials).toEqual([]);
    await cluster.stopAll();
  });

  test('keeps who is not behind it any more, if it was just saying hello', async () => {
    const cluster = await started('b', 'c', 'd');
    const resolver = new Names();
    resolver.hostsByName.set('all', ['b', 'c']);
    cluster.stall('b', 'a');
    const a = await cluster.start('a', { peers: ['all'], resolver });
    await cluster.pass(INTERVAL_MS);
    resolver.hostsByName.set('all', ['c', 'd']);
    void a.gossip.sync();
    await cluster.pass(INTERVAL_MS);
    cluster.resume('b', 'a');
    await cluster.pass(INTERVAL_MS);
    expect(states(a)).toEqual(['b:7000 b connected', 'c:7000 c connected', 'd:7000 d connected']);
    await cluster.stopAll();
  });

  test('that nobody knows is looked up for ever, after pauses that grow, and says so', async () => {
    const cluster = await started('b', 'c');
    const resolver = new Names();
    const a = await cluster.start('a', { peers: ['all'], resolver });
    await cluster.pass(1_800_000);
    expect(states(a)).toEqual(['all:7000 ? disconnected']);
    expect(a.gossip.peers()[0]?.lastError).toBe('The name all is not known.');
    // Half of 30 s on average.
    expect(resolver.asked.length).toBeGreaterThan(1800 / 30);
    expect(resolver.asked.length).toBeLessThan(1800 / 10);
    resolver.hostsByName.set('all', ['b', 'c']);
    await cluster.pass(35_000);
    expect(states(a)).toEqual(['b:7000 b connected', 'c:7000 c connected']);
    await cluster.stopAll();
  });

  test('that ceases to be known leaves those that were behind it where they are', async () => {
    const cluster = await started('b', 'c');
    const resolver = new Names();
    resolver.hostsByName.set('all', ['b', 'c']);
    const a = await cluster.start('a', { peers: ['all'], resolver });
    await cluster.pass(INTERVAL_MS);
    resolver.hostsByName.delete('all');
    cluster.network.cut('a', 'b');
    await cluster.pass(40_000);
    cluster.network.heal('a', 'b');
    await cluster.pass(35_000);
    expect(states(a)).toEqual(['b:7000 b connected', 'c:7000 c connected']);
    await cluster.stopAll();
  });

  test('is looked up at once when a round is asked for', async () => {
    const cluster = await started('b');
    const resolver = new Names();
    const a = await cluster.start('a', { peers: ['b'], resolver });
    await cluster.pass(300_000);
    resolver.hostsByName.set('b', ['10.0.0.1']);
    expect(await cluster.finish(a.gossip.sync())).toMatchObject({ peers: 1, inSync: 1 });
    await cluster.stopAll();
  });
});

describe('a name without a port', () => {
  test('leads to where its service runs', async () => {
    const cluster = await started('b');
    const resolver = new Names();
    resolver.servicesByName.set('_boato._tcp.cluster', [
      { host: 'b', port: 7000 },
      { host: 'no host', port: 7000 },
      { host: 'b', port: 0 },
    ]);
    const a = await cluster.start('a', { resolver });
    void a.gossip.join('cluster');
    await cluster.pass(INTERVAL_MS);
    expect(states(a)).toEqual(['b:7000 b connected']);
    await cluster.stopAll();
  });

  test('may be that of the service itself', async () => {
    const cluster = await started('b');
    const resolver = new Names();
    resolver.servicesByName.set('_peer._tcp.cluster', [{ host: 'b', port: 7000 }]);
    const a = await cluster.start('a', { resolver });
    void a.gossip.join('_peer._tcp.cluster');
    await cluster.pass(INTERVAL_MS);
    expect(states(a)).toEqual(['b:7000 b connected']);
    await cluster.stopAll();
  });

  test('is that of a host at the usual port, if no such service is known', async () => {
    const cluster = await started('b');
    const resolver = new Names();
    resolver.hostsByName.set('b', ['10.0.0.1']);
    const a = await cluster.start('a', { resolver });
    void a.gossip.join('b');
    await cluster.pass(0);
    expect(resolver.asked).toEqual(['_boato._tcp.b', 'b']);
    expect(cluster.dials.map(({ to }) => to)).toEqual(['b']);
    expect(states(a)).toEqual([expect.stringMatching(/^b:7531 /u)]);
    await cluster.stopAll();
  });
});

test('a node stops though a name is being looked up', async () => {
  const cluster = new GossipCluster();
  const never = new Promise<never>(() => {});
  const resolver: Resolver = { hosts: () => never, services: () => never };
  await cluster.start('a', { peers: ['all'], resolver });
  await cluster.pass(INTERVAL_MS);
  await cluster.stopAll();
});

test('an address is not looked up', async () => {
  const cluster = new GossipCluster();
  const resolver = new Names();
  const a = await cluster.start('a', { resolver });
  void a.gossip.join('10.0.0.1:1');
  void a.gossip.join('[::1]:1');
  await cluster.pass(100_000);
  expect(resolver.asked).toEqual([]);
  expect(cluster.dials.length).toBeGreaterThan(2);
  await cluster.stopAll();
});

test('the resolver of the machine knows the machine', async () => {
  expect(await systemResolver.hosts('localhost')).toContainEqual(
    expect.stringMatching(/^(?:127\.0\.0\.1|::1)$/u),
  );
});
