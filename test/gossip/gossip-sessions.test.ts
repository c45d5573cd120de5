import { describe, expect, test } from 'vitest';
import { packer } from '../../src/adapters/msgpack-packer.ts';
import type { NodeId } from '../../src/core/actor.ts';
import { helloOf } from '../../src/gossip/handshake.ts';
import { encodeMessage } from '../../src/gossip/message-codec.ts';
import type { StoredSession } from '../../src/ports/replica.ts';
import { entryKey } from '../../src/storage/keyspace.ts';
import {
  addressOf,
  GossipCluster,
  keysSent,
  MAX_DRIFT_MS,
  putMany,
  type Sent,
  SESSION_TIMEOUT_MS,
  type TestNode,
  TOMBSTONE_TTL_MS,
} from '../support/gossip-fixture.ts';
import { contents, utf8 } from '../support/replica-fixture.ts';

const KEYS = 20;

/** Chunks of one entry each, so that sessions can be broken anywhere. */
async function filledNode(cluster: GossipCluster, host: string, first: number = 0): Promise<TestNode> {
  const node = await cluster.start(host, { chunkBytes: 1 });
  for (const write of putMany(KEYS, 'value', first)) await node.write(write);
  return node;
}

/** Once `chunks` chunks went from one host to the other; the last of them has not arrived yet. */
function whenSent(cluster: GossipCluster, from: string, to: string, chunks: number, then: () => void): void {
  let seen = 0;
  cluster.onSend = (sent) => {
    if (sent.from === from && sent.to === to && keysSent(sent).length > 0 && ++seen === chunks) then();
  };
}

function sentOf(sent: readonly Sent[], from: string, to: string, type: string): Sent[] {
  return sent.filter(
    (one) => one.from === from && one.to === to && one.message !== 'malformed' && one.message.type === type,
  );
}

function failures(sent: readonly Sent[], from: string): string[] {
  return sent.flatMap((one) =>
    one.from === from && one.message !== 'malformed' && one.message.type === 'failure'
      ? [one.message.code]
      : [],
  );
}

async function count(node: TestNode): Promise<number> {
  return Object.keys(await contents(node.replica)).length;
}

/** `b` got nine of the keys of `a`, and then the network broke. */
async function brokenSession(): Promise<{ cluster: GossipCluster; a: TestNode; b: TestNode }> {
  const cluster = new GossipCluster();
  const a = await filledNode(cluster, 'a');
  whenSent(cluster, 'a', 'b', 10, () => cluster.network.cut('a', 'b'));
  const b = await cluster.start('b', { peers: ['a'] });
  await cluster.pass(0);
  cluster.takeSent();
  expect(await count(b)).toBe(9);
  return { cluster, a, b };
}

/** `b` holds nine keys of `a`, which stands still; `c` has keys of its own, and none of `a`. */
async function stalledSession(bytesPerSecond: number = 0): Promise<{
  cluster: GossipCluster;
  a: TestNode;
  b: TestNode;
  c: TestNode;
}> {
  const cluster = new GossipCluster();
  const a = await filledNode(cluster, 'a');
  const c = await filledNode(cluster, 'c', 100);
  whenSent(cluster, 'a', 'b', 9, () => cluster.stall('a', 'b', bytesPerSecond));
  const b = await cluster.start('b', { peers: ['a', 'c'] });
  await cluster.pass(0);
  expect(await count(b)).toBe(9);
  return { cluster, a, b, c };
}

describe('a session without progress', () => {
  test('is set aside after 2 s, and the next peer is pulled from', async () => {
    const { cluster, b } = await stalledSession();
    await cluster.pass(1999);
    expect(await count(b)).toBe(9);
    expect(await b.gossip.pulled()).toMatchObject([{ peer: 'a', state: 'running', entries: 9 }]);

    // Bytes are counted twice a second, and the stalled peer may have a second turn before the other one.
    await cluster.pass(2 * 2500 - 1999);

    expect(await count(b)).toBe(9 + KEYS);
    expect(await b.gossip.pulled()).toMatchObject([{ peer: 'a', entries: 9 }]);
    await cluster.stopAll();
  });

  test('is set aside after 10 s in which bytes only trickle, is not tried before a message ends, and goes on then', async () => {
    const { cluster, a, b, c } = await stalledSession(1);
    // Else it would close the connection because nothing answers it.
    cluster.stall('b', 'a', 1);
    await cluster.pass(9000);
    expect(await count(b)).toBe(9);
    expect(await b.gossip.pulled()).toMatchObject([{ peer: 'a', state: 'running', entries: 9 }]);
    await cluster.pass(2000);
    expect(await count(b)).toBe(9 + KEYS);
    await c.put('later', '1');
    await cluster.pass(2000);
    expect(await count(b)).toBe(9 + KEYS + 1);
    cluster.resume('b', 'a');
    cluster.resume('a', 'b');
    await cluster.pass(15_000);
    expect(await count(b)).toBe(2 * KEYS + 1);
    expect(await contents(a.replica)).toEqual(await contents(b.replica));
    await cluster.stopAll();
  });

  test('is set aside after 10 s if its server, whose disk hangs, goes on with everything else; others have all turns', async () => {
    const cluster = new GossipCluster();
    const a = await filledNode(cluster, 'a');
    // Opening a session reads from disk; rounds are opened, and answered, from memory.
    let goOn: () => void = () => {};
    const hanging = new Promise<undefined>((resolve) => (goOn = () => resolve(undefined)));
    a.replica.pin = () => hanging;
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.pass(100);
    const c = await cluster.start('c', { peers: ['b'] });
    await c.put('k', '1');
    cluster.takeSent();
    await cluster.pass(9000);
    expect(await contents(b.replica)).toEqual({});
    expect(sentOf(cluster.takeSent(), 'a', 'b', 'summary').length).toBeGreaterThan(5);
    await cluster.pass(3000);
    expect(await contents(b.replica)).toEqual({ k: '1' });
    await c.put('k', '2');
    await cluster.pass(3000);
    expect(await contents(b.replica)).toEqual({ k: '2' });
    goOn();
    await cluster.stopAll();
  });

  test('goes on later where it stopped: no key comes twice', async () => {
    const { cluster, a, b } = await stalledSession();
    await cluster.pass(10_000);
    const before = cluster.takeSent().filter(({ from }) => from === 'a');

    cluster.resume('a', 'b');
    await cluster.pass(15_000);

    const after = cluster.takeSent().filter(({ from }) => from === 'a');
    const keys = [...before, ...after].flatMap(keysSent).filter((key) => key < 'key-0100');
    // What the network held back is still on its way, and too late; it counts as under way.
    expect(new Set(keys).size).toBe(KEYS);
    expect(keys.length).toBeLessThanOrEqual(KEYS + 1);
    expect(sentOf(after, 'a', 'b', 'opened').flatMap(keysSent)).toEqual([]);
    expect(await b.gossip.pulled()).toEqual([]);
    expect(await count(b)).toBe(2 * KEYS);
    expect(await contents(a.replica)).toEqual(await contents(b.replica));
    await cluster.stopAll();
  });
});

describe('a served session', () => {
  test('is kept for 30 s after its last message, and not longer', async () => {
    const { cluster, a } = await brokenSession();
    expect(a.gossip.served()).toMatchObject([{ peer: 'b', order: 'key' }]);
    await cluster.pass(SESSION_TIMEOUT_MS - 1);
    expect(a.gossip.served()).toHaveLength(1);
    await cluster.pass(1);
    expect(a.gossip.served()).toEqual([]);
    await cluster.stopAll();
  });

  test('is gone at once when its puller says that it is done', async () => {
    const cluster = new GossipCluster();
    const a = await filledNode(cluster, 'a');
    await cluster.start('b', { peers: ['a'] });
    await cluster.pass(0);
    expect(sentOf(cluster.takeSent(), 'b', 'a', 'done')).toHaveLength(1);
    expect(a.gossip.served()).toEqual([]);
    await cluster.stopAll();
  });

  test('that ended makes the puller begin anew, with what it has', async () => {
    const { cluster, a, b } = await brokenSession();
    await cluster.pass(SESSION_TIMEOUT_MS);
    cluster.takeSent();

    cluster.network.heal('a', 'b');
    await cluster.converge(35_000);

    const sent = cluster.takeSent();
    expect(failures(sent, 'a')).toEqual(['unknown-session']);
    expect(sentOf(sent, 'b', 'a', 'open')).toHaveLength(1);
    // Nothing was claimed of the first session, but single entries that are here are known to be.
    expect(await contents(b.replica)).toEqual(await contents(a.replica));
    await cluster.stopAll();
  });

  test.each(['stopped', 'killed'])('is void when the server is %s and starts again', async (end) => {
    const { cluster, a, b } = await brokenSession();
    const copy = await a.disk.copy();
    const stopped = await cluster.stop(a);
    const again = await cluster.start('a', { disk: end === 'stopped' ? stopped : copy, seed: 7 });
    cluster.takeSent();

    cluster.network.heal('a', 'b');
    await cluster.converge(35_000);

    expect(failures(cluster.takeSent(), 'a')).toEqual(['unknown-session']);
    expect(await contents(b.replica)).toEqual(await contents(again.replica));
    expect(b.warnings()).toEqual([]);
    await cluster.stopAll();
  });

  test('belongs to the node that opened it: another one can neither go on with it nor end it', async () => {
    const { cluster, a, b } = await brokenSession();
    const [{ name, cursor }] = (await b.replica.storedSessions()) as [StoredSession];
    const connection = await cluster.transport('thief').dial(addressOf('a'));
    connection.start({ onMessage: () => {}, onClose: () => {} });
    const settings = { tombstoneTtlMs: TOMBSTONE_TTL_MS, maxDriftMs: MAX_DRIFT_MS };
    const contact = { host: '', port: 0, startedMs: 0 };
    const thief = { nodeId: 'thief' as NodeId, clusterId: 'test', bootNonce: 1, settings, contact };
    await connection.send(encodeMessage(helloOf(thief), packer));

    await connection.send(
      encodeMessage({ type: 'next', request: 1, session: name, cursor, compress: true }, packer),
    );
    await connection.send(encodeMessage({ type: 'done', session: name }, packer));
    await cluster.pass(0);

    expect(failures(cluster.takeSent(), 'a')).toEqual(['unknown-session']);
    expect(a.gossip.served()).toMatchObject([{ peer: 'b' }]);
    await cluster.stopAll();
  });
});

describe('a node that is bootstrapping', () => {
  test('serves its own writes, and nothing of what it holds in part', async () => {
    const { cluster, a, b } = await brokenSession();
    await b.put('own', '1');
    const c = await cluster.start('c', { peers: ['b'] });
    await cluster.pass(5000);
    expect(await contents(c.replica)).toEqual({ own: '1' });

    cluster.network.heal('a', 'b');
    await cluster.converge(35_000);
    expect(await count(c)).toBe(KEYS + 1);
    expect(await contents(c.replica)).toEqual(await contents(a.replica));
    await cluster.stopAll();
  });

  test('hands on what it holds in part once its source cannot have kept the copy any more', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a', { chunkBytes: 1 });
    await a.put('before', '1');
    const c = await cluster.start('c', { peers: ['a', 'b'] });
    await cluster.converge();
    cluster.network.cut('a', 'c');
    for (const write of putMany(KEYS)) await a.write(write);
    whenSent(cluster, 'a', 'b', 10, () => cluster.network.cut('a', 'b'));
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.pass(0);
    await b.put('own', '1');

    await cluster.pass(2 * SESSION_TIMEOUT_MS + 5000);

    expect(await count(b)).toBe(1 + 9);
    expect(await contents(c.replica)).toEqual(await contents(b.replica));
    await cluster.stopAll();
  });

  test('gives its own writes to the very node that fills it', async () => {
    const { cluster, a, b } = await brokenSession();
    await b.put('own', '1');
    cluster.network.heal('a', 'b');
    await cluster.converge(35_000);
    expect(await contents(a.replica)).toHaveProperty('own', '1');
    expect(await contents(b.replica)).toEqual(await contents(a.replica));
    await cluster.stopAll();
  });
});

/** A bit of one entry of the node turns over while it is stopped. */
async function damage(cluster: GossipCluster, node: TestNode): Promise<TestNode> {
  const disk = await cluster.stop(node);
  const store = await disk.open();
  const key = entryKey(utf8('key-0011'));
  const record = (await store.get(key))?.slice() ?? new Uint8Array(1);
  record[record.length - 6] = (record[record.length - 6] ?? 0) ^ 1;
  await store.write([{ type: 'put', key, value: record }], { sync: true });
  await store.close();
  return cluster.start('a', { disk, chunkBytes: 1, seed: 5 });
}

describe('a node with a damaged disk', () => {
  test('serves nobody once the damage was met: nobody adopts what it claims', async () => {
    const cluster = new GossipCluster();
    const a = await damage(cluster, await filledNode(cluster, 'a'));
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.pass(5000);
    expect(a.replica.notServing()).toBe('a record on its disk is damaged');
    expect(failures(cluster.takeSent(), 'a')).toContain('not-serving');
    expect(await contents(b.replica)).not.toHaveProperty('key-0011');
    expect(b.replica.contextHash()).not.toBe(a.replica.contextHash());

    const c = await cluster.start('c', { peers: ['a'] });
    await cluster.pass(5000);
    expect(await contents(c.replica)).toEqual({});
    expect(sentOf(cluster.takeSent(), 'a', 'c', 'opened')).toEqual([]);
    expect(a.gossip.served()).toEqual([]);
    await cluster.stopAll();
  });

  test('serves nobody, not even what is whole', async () => {
    const cluster = new GossipCluster();
    const whole = await filledNode(cluster, 'a');
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.converge();
    const a = await damage(cluster, whole);
    // An empty node reads everything, and meets the damage.
    await cluster.start('c', { peers: ['a'] });
    await cluster.pass(40_000);
    expect(a.replica.notServing()).toBeDefined();

    await a.put('new', '1');
    await cluster.pass(5000);

    expect(await count(b)).toBe(KEYS);
    await cluster.stopAll();
  });

  test('does not forget it when it starts again', async () => {
    const cluster = new GossipCluster();
    const a = await damage(cluster, await filledNode(cluster, 'a'));
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.pass(5000);
    await cluster.stop(b);
    const disk = await cluster.stop(a);
    const again = await cluster.start('a', { disk, seed: 6 });
    const c = await cluster.start('c', { peers: ['a'] });
    await cluster.pass(5000);
    expect(again.replica.notServing()).toBe('a record on its disk is damaged');
    expect(await contents(c.replica)).toEqual({});
    await cluster.stopAll();
  });

  test('gives up what it has seen, and heals from the others, who get on without it meanwhile', async () => {
    const cluster = new GossipCluster();
    const whole = await filledNode(cluster, 'a');
    const c = await cluster.start('c', { peers: ['a'] });
    await cluster.converge();
    const a = await damage(cluster, whole);
    const b = await cluster.start('b', { peers: ['a', 'c'] });
    await cluster.pass(5000);
    await c.put('new', '1');
    await cluster.pass(5000);
    expect((await a.replica.getMany([utf8('new')]))[0]).toBeUndefined();
    expect((await b.replica.getMany([utf8('new')]))[0]?.value).toEqual(utf8('1'));

    // What a node does by itself.
    expect(await a.replica.check()).toBe('1 records cannot be read');
    expect(a.replica.notServing()).toBeUndefined();
    await cluster.converge(60_000);
    for (const node of [a, b, c]) expect(await count(node)).toBe(KEYS + 1);
    await cluster.pass(5000);
    expect(a.replica.isHealing()).toBe(false);
    await cluster.stopAll();
  });
});
