import { describe, expect, test } from 'vitest';
import { packer } from '../../src/adapters/msgpack-packer.ts';
import type { NodeId } from '../../src/core/actor.ts';
import { helloOf } from '../../src/gossip/handshake.ts';
import { encodeMessage } from '../../src/gossip/message-codec.ts';
import type { Message } from '../../src/gossip/messages.ts';
import {
  addressOf,
  GossipCluster,
  INTERVAL_MS,
  MAX_DRIFT_MS,
  type TestNode,
  TOMBSTONE_TTL_MS,
} from '../support/gossip-fixture.ts';
import { contents } from '../support/replica-fixture.ts';

function states(node: TestNode): Record<string, string> {
  return Object.fromEntries(node.gossip.peers().map(({ address, state }) => [address, state]));
}

function warningsOf(node: TestNode, code: string): string[] {
  return node.gossip
    .warnings()
    .filter((warning) => warning.code === code)
    .map(({ message }) => message);
}

describe('a node', () => {
  test('skips its own address among its peers, but for a look now and then, without a warning', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a', { peers: ['a', 'b'] });
    const b = await cluster.start('b');
    await a.put('k', '1');

    await cluster.converge();
    await cluster.pass(59_000);
    expect(cluster.dials.filter(({ to }) => to === 'a')).toHaveLength(1);
    await cluster.pass(122_000);

    expect(states(a)).toEqual({ 'a:7000': 'self', 'b:7000': 'connected' });
    expect(cluster.dials.filter(({ to }) => to === 'a')).toHaveLength(4);
    expect(a.warnings()).toEqual([]);
    expect(await cluster.finish(a.gossip.sync())).toMatchObject({ peers: 1, inSync: 1 });
    expect(await contents(b.replica)).toEqual({ k: '1' });
    await cluster.stopAll();
  });

  test('finds the peer at an address that led to itself when it began', async () => {
    const cluster = new GossipCluster();
    cluster.leadsTo.set('seed', 'a');
    const a = await cluster.start('a', { peers: ['seed'] });
    const b = await cluster.start('b');
    await b.put('k', '1');
    await cluster.pass(10_000);
    expect(states(a)).toEqual({ 'seed:7000': 'self' });

    cluster.leadsTo.set('seed', 'b');
    await cluster.finish(a.gossip.sync());
    await cluster.pass(61_000);

    expect(states(a)).toEqual({ 'seed:7000': 'connected' });
    await cluster.converge();
    expect(await contents(a.replica)).toEqual({ k: '1' });
    await cluster.stopAll();
  });

  test('looks for a peer at an address that was its own, though nobody is there', async () => {
    const cluster = new GossipCluster();
    cluster.leadsTo.set('seed', 'a');
    const a = await cluster.start('a', { peers: ['seed'] });
    await cluster.pass(10_000);
    cluster.leadsTo.set('seed', 'b');
    await cluster.pass(70_000);
    expect(states(a)).toEqual({ 'seed:7000': 'disconnected' });
    await cluster.start('b');
    await cluster.pass(31_000);
    expect(states(a)).toEqual({ 'seed:7000': 'connected' });
    await cluster.stopAll();
  });

  test('gossips with peers that dial each other, over one of the two connections', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a', { peers: ['b'] });
    const b = await cluster.start('b', { peers: ['a'] });
    await a.put('from-a', '1');
    await b.put('from-b', '2');

    await cluster.converge();

    expect(await contents(a.replica)).toEqual({ 'from-a': '1', 'from-b': '2' });
    expect(await contents(b.replica)).toEqual({ 'from-a': '1', 'from-b': '2' });
    expect(a.warnings()).toEqual([]);
    await cluster.stopAll();
  });

  test('passes on what it got: two nodes that know only a third one come to hold the same', async () => {
    const cluster = new GossipCluster();
    await cluster.start('hub');
    const a = await cluster.start('a', { peers: ['hub'] });
    const b = await cluster.start('b', { peers: ['hub'] });
    await a.put('from-a', '1');
    await b.put('from-b', '2');

    await cluster.converge();

    expect(await contents(b.replica)).toEqual({ 'from-a': '1', 'from-b': '2' });
    expect(await contents(a.replica)).toEqual(await contents(b.replica));
    await cluster.stopAll();
  });
});

describe('two nodes refuse each other', () => {
  test('if they have one name: both say so in a sentence, and nothing is exchanged', async () => {
    const cluster = new GossipCluster();
    const first = await cluster.start('a', { nodeId: 'twin', seed: 1 });
    await first.put('k', '1');
    const second = await cluster.start('b', { nodeId: 'twin', peers: ['a'], seed: 2 });

    await cluster.pass(5000);

    expect(states(second)).toEqual({ 'a:7000': 'rejected' });
    expect(warningsOf(second, 'PEER_REJECTED').join('\n')).toMatch(
      /two nodes have the name twin: give one of them another name/,
    );
    expect(warningsOf(first, 'PEER_REJECTED').join('\n')).toMatch(
      /two nodes have the name twin: give one of them another name/,
    );
    expect(await contents(second.replica)).toEqual({});
    expect(new Set(cluster.takeSent().map(typeOf))).toEqual(new Set(['hello', 'reject']));
    await cluster.stopAll();
  });

  test('if they belong to different clusters', async () => {
    const cluster = new GossipCluster();
    const shop = await cluster.start('a', { clusterId: 'shop' });
    await shop.put('k', '1');
    const bank = await cluster.start('b', { clusterId: 'bank', peers: ['a'] });

    await cluster.pass(5000);

    expect(states(bank)).toEqual({ 'a:7000': 'rejected' });
    expect(warningsOf(bank, 'PEER_REJECTED').join('\n')).toMatch(/cluster bank.*shop|cluster shop.*bank/);
    expect(await contents(bank.replica)).toEqual({});
    await cluster.stopAll();
  });

  test('and get on as soon as the cause is gone', async () => {
    const cluster = new GossipCluster();
    const other = await cluster.start('a', { clusterId: 'bank' });
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.pass(5000);
    expect(b.warnings()).toHaveLength(1);

    await cluster.stop(other);
    const a = await cluster.start('a', { seed: 5 });
    await a.put('k', '1');
    await cluster.converge(60_000);

    expect(await contents(b.replica)).toEqual({ k: '1' });
    expect(b.warnings()).toEqual([]);
    await cluster.stopAll();
  });
});

test('differing settings are told on both sides, and do no harm', async () => {
  const cluster = new GossipCluster();
  const a = await cluster.start('a', { tombstoneTtlMs: TOMBSTONE_TTL_MS * 2 });
  await a.put('k', '1');
  const b = await cluster.start('b', { peers: ['a'], maxDriftMs: MAX_DRIFT_MS / 2 });

  await cluster.converge();

  for (const [node, other] of [[a, 'b'] as const, [b, 'a'] as const]) {
    expect(node.warnings()).toEqual([`SETTINGS_DIFFER ${other}`]);
    expect(warningsOf(node, 'SETTINGS_DIFFER').join(' ')).toContain('maxDriftMs');
  }
  expect(await contents(b.replica)).toEqual({ k: '1' });
  await cluster.stopAll();
});

describe('a peer whose address was taken over by another node', () => {
  async function moved(): Promise<{
    cluster: GossipCluster;
    a: TestNode;
    b: TestNode;
    shown: () => unknown;
  }> {
    const cluster = new GossipCluster();
    const a = await cluster.start('a', { peers: ['x'] });
    const first = await cluster.start('x', { nodeId: 'b' });
    await first.put('k', '1');
    await cluster.converge(35_000);
    const disk = await cluster.stop(first);
    const b = await cluster.start('y', { nodeId: 'b', disk, peers: ['a'], seed: 7 });
    await cluster.pass(1000);
    const shown = (): unknown =>
      a.gossip.peers().map(({ address, nodeId, state }) => [address, nodeId, state]);
    return { cluster, a, b, shown };
  }

  test('is shown where it is, beside the other one, with what is known of it', async () => {
    const { cluster, a, shown } = await moved();
    expect(shown()).toEqual([['x:7000', 'b', 'connected']]);
    const rounds = a.gossip.peers()[0]?.rounds ?? 0;
    expect(rounds).toBeGreaterThan(0);

    await cluster.start('x', { nodeId: 'c', seed: 9 });
    await cluster.pass(40_000);

    expect(shown()).toEqual([
      ['x:7000', 'c', 'connected'],
      ['y:7000', 'b', 'connected'],
    ]);
    const [, b] = a.gossip.peers();
    expect(b?.rounds).toBeGreaterThan(rounds);
    await cluster.stopAll();
  });

  test('is shown no more if it is gone', async () => {
    const { cluster, b, shown } = await moved();
    await cluster.stop(b);

    await cluster.start('x', { nodeId: 'c', seed: 9 });
    await cluster.pass(40_000);

    expect(shown()).toEqual([['x:7000', 'c', 'connected']]);
    await cluster.stopAll();
  });
});

test('a peer that is away is dialled at once for whoever waits for it, but not more than once a second', async () => {
  const cluster = new GossipCluster();
  const a = await cluster.start('a', { peers: ['b'] });
  await cluster.pass(300_000);
  cluster.dials.splice(0);
  a.gossip.hurry();
  await cluster.pass(0);
  expect(cluster.dials).toHaveLength(1);
  for (let times = 0; times < 100; times++) {
    a.gossip.hurry();
    await cluster.pass(20);
  }
  expect(cluster.dials.length).toBeLessThanOrEqual(3);
  await cluster.stopAll();
});

describe('after a cut', () => {
  test('a node dials again after pauses that grow to at most 30 s, and catches up', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a');
    const b = await cluster.start('b', { peers: ['a'] });
    await a.put('before', '1');
    await cluster.converge();
    await cluster.pass(2 * INTERVAL_MS);
    cluster.dials.length = 0;

    cluster.network.cut('a', 'b');
    await a.put('during-a', '2');
    await b.put('during-b', '3');
    const cutAtMs = cluster.clock.monotonicMs();
    await cluster.pass(300_000);

    expect(states(b)).toEqual({ 'a:7000': 'disconnected' });
    const times = [cutAtMs, ...cluster.dials.map(({ atMs }) => atMs)];
    const pauses = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
    for (const [failures, pause] of pauses.entries()) {
      expect(pause).toBeLessThanOrEqual(Math.min(30_000, 250 * 2 ** failures));
    }
    expect(Math.max(...pauses)).toBeGreaterThan(10_000);

    cluster.network.heal('a', 'b');
    await cluster.converge(35_000);
    const all = { before: '1', 'during-a': '2', 'during-b': '3' };
    expect(await contents(a.replica)).toEqual(all);
    expect(await contents(b.replica)).toEqual(all);
    expect(states(b)).toEqual({ 'a:7000': 'connected' });
    await cluster.stopAll();
  });

  test('the first attempts come soon, so that a short one is hardly noticed', async () => {
    const cluster = new GossipCluster();
    await cluster.start('a');
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.pass(5000);
    cluster.network.cut('a', 'b');
    cluster.network.heal('a', 'b');
    await cluster.pass(250);
    expect(states(b)).toEqual({ 'a:7000': 'connected' });
    await cluster.stopAll();
  });

  test('the first attempts come soon again after a connection that held', async () => {
    const cluster = new GossipCluster();
    await cluster.start('a');
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.pass(0);
    cluster.network.cut('a', 'b');
    await cluster.pass(300_000);
    cluster.network.heal('a', 'b');
    await cluster.pass(40_000);
    expect(states(b)).toEqual({ 'a:7000': 'connected' });

    cluster.network.cut('a', 'b');
    cluster.network.heal('a', 'b');
    await cluster.pass(250);

    expect(states(b)).toEqual({ 'a:7000': 'connected' });
    await cluster.stopAll();
  });

  test('a node that starts before its peer finds it later', async () => {
    const cluster = new GossipCluster();
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.pass(10_000);
    const a = await cluster.start('a');
    await a.put('k', '1');
    await cluster.converge(35_000);
    expect(await contents(b.replica)).toEqual({ k: '1' });
    await cluster.stopAll();
  });
});

/** A stranger that dials `a`, and sends what it likes. */
async function dial(
  cluster: GossipCluster,
): Promise<{ send: (message: Message | Uint8Array) => void; ended: () => boolean }> {
  const connection = await cluster.transport('liar').dial(addressOf('a'));
  let ended = false;
  connection.start({ onMessage: () => {}, onClose: () => (ended = true) });
  return {
    send: (message) =>
      void connection.send(message instanceof Uint8Array ? message : encodeMessage(message, packer)),
    ended: () => ended,
  };
}

describe('a malformed message', () => {
  const hello = helloOf({
    nodeId: 'liar' as NodeId,
    clusterId: 'test',
    bootNonce: 1,
    settings: { tombstoneTtlMs: TOMBSTONE_TTL_MS, maxDriftMs: MAX_DRIFT_MS },
    contact: { host: '', port: 0, startedMs: 0 },
  });

  test.each<[string, (Message | Uint8Array)[]]>([
    ['in place of a hello', [Uint8Array.of(1, 2, 3)]],
    ['after the hello', [hello, Uint8Array.of(0x91, 0x63)]],
    ['that is empty', [hello, new Uint8Array(0)]],
    ['that is a second hello', [hello, hello]],
  ])('%s closes only that connection, and the others go on', async (_, messages) => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a');
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.pass(1000);
    const liar = await dial(cluster);

    for (const message of messages) liar.send(message);
    await cluster.pass(0);

    expect(liar.ended()).toBe(true);
    expect(a.gossip.malformed).toBe(1);
    expect(states(b)).toEqual({ 'a:7000': 'connected' });
    await a.put('k', '1');
    await cluster.converge();
    expect(await contents(b.replica)).toEqual({ k: '1' });
    expect(cluster.dials.filter(({ from }) => from === 'b')).toHaveLength(1);
    await cluster.stopAll();
  });

  test('in answer to a request does so, too', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a');
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.pass(1000);
    const liar = await dial(cluster);
    liar.send(hello);
    await cluster.pass(0);
    expect(liar.ended()).toBe(false);

    // To the summary of the first round: a reply of another kind.
    liar.send({ type: 'digest-reply', request: 1, rows: [], lacking: [] });
    await cluster.pass(0);

    expect(liar.ended()).toBe(true);
    expect(a.gossip.malformed).toBe(1);
    await a.put('k', '1');
    await cluster.converge();
    expect(await contents(b.replica)).toEqual({ k: '1' });
    await cluster.stopAll();
  });

  test('a connection that says no hello is closed after 5 s', async () => {
    const cluster = new GossipCluster();
    await cluster.start('a');
    const silent = await dial(cluster);
    await cluster.pass(4999);
    expect(silent.ended()).toBe(false);
    await cluster.pass(1);
    expect(silent.ended()).toBe(true);
    await cluster.stopAll();
  });
});

function typeOf({ message }: { readonly message: Message | 'malformed' }): string {
  return message === 'malformed' ? message : message.type;
}
