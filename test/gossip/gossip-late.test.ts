import { silentLog } from '../../src/adapters/silent-log.ts';
import type { PulledStatus } from '../../src/gossip/pulled-status.ts';
import type { Log } from '../../src/ports/log.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { describe, expect, test } from 'vitest';
import {
  GossipCluster,
  keysSent,
  putMany,
  SESSION_TIMEOUT_MS,
  type TestNode,
  TOMBSTONE_TTL_MS,
} from '../support/gossip-fixture.ts';
import { contents } from '../support/replica-fixture.ts';

/** `c` was away while `a` deleted a key, and the deletion was collected at `a` and `b`. */
async function lateNode(
  log: Log = silentLog,
): Promise<{ cluster: GossipCluster; a: TestNode; b: TestNode; c: TestNode }> {
  const cluster = new GossipCluster();
  const a = await cluster.start('a');
  const b = await cluster.start('b', { peers: ['a'] });
  const c = await cluster.start('c', { peers: ['a', 'b'], log });
  await a.put('deleted', '1');
  await a.put('kept', '1');
  await cluster.converge();
  cluster.network.cut('a', 'c');
  cluster.network.cut('b', 'c');
  await a.del('deleted');
  await cluster.pass(TOMBSTONE_TTL_MS + 5000);
  for (const node of [a, b]) expect(await node.replica.collect()).toEqual({ collected: 1, kept: 0 });
  await c.put('own', '1');
  cluster.network.heal('a', 'c');
  cluster.network.heal('b', 'c');
  cluster.takeSent();
  await cluster.pass(45_000);
  return { cluster, a, b, c };
}

describe('a node that was away while a deletion was collected', () => {
  test('rejoins by itself: what it wrote survives, what was deleted vanishes, what is new comes', async () => {
    const { cluster, a, b, c } = await lateNode();
    await a.put('new', '1');
    await cluster.converge();
    for (const node of [a, b, c]) {
      expect(await contents(node.replica)).toEqual({ kept: '1', own: '1', new: '1' });
      expect(node.warnings()).toEqual([]);
    }
    await cluster.stopAll();
  });

  test('says so in one line: what was kept, dropped, taken, and sent', async () => {
    const log = new RecordingLog();
    const { cluster } = await lateNode(log);
    await cluster.converge();
    expect(log.lines.filter((line) => line.includes('compared'))).toEqual([
      'info Away for longer than deletions are kept, this node compared what it holds with a peer: own writes that it lacked were kept, stale entries dropped, missing ones taken. {"peer":"b","kept":1,"dropped":1,"taken":0,"sent":1}',
    ]);
    await cluster.stopAll();
  });

  test('counts all of it, and shows in the status how far it came', async () => {
    const log = new RecordingLog();
    const cluster = new GossipCluster();
    const a = await cluster.start('a');
    const b = await cluster.start('b', { peers: ['a'], log });
    for (const write of putMany(20)) await a.write(write);
    await b.put('deleted by both', '1');
    await b.put('replaced by a', '1');
    await b.put('replaced by b', '1');
    await cluster.converge();
    cluster.network.cut('a', 'b');
    for (let at = 0; at < 5; at++) await a.del(`key-000${at}`);
    await cluster.pass(TOMBSTONE_TTL_MS + 5000);
    expect(await a.replica.collect()).toEqual({ collected: 5, kept: 0 });
    await b.put('own 1', '1');
    await b.put('own 2', '1');
    await b.put('replaced by a', 'earlier');
    await cluster.pass(10);
    await a.put('replaced by a', 'later');
    await a.put('replaced by b', 'earlier');
    await cluster.pass(10);
    await b.put('replaced by b', 'later');
    await b.del('own 3');
    await a.put('new', '1');

    const statuses: (readonly PulledStatus[])[] = [];
    cluster.onSend = ({ from, message }) => {
      if (from === 'b' && message !== 'malformed' && ['list', 'done'].includes(message.type))
        void b.gossip.pulled().then((status) => statuses.push(status));
    };
    cluster.network.heal('a', 'b');
    await cluster.converge(60_000);
    expect(log.lines.filter((line) => line.includes('compared'))).toEqual([
      expect.stringMatching(/^info Away .*\{"peer":"a","kept":4,"dropped":5,"taken":3,"sent":5\}$/),
    ]);
    const total = 27;
    expect(statuses).toMatchObject([
      [{ peer: 'a', state: 'comparing', compared: { read: total, total, settled: 0 } }],
      [{ peer: 'a', state: 'comparing', compared: { settled: 9, kept: 4, dropped: 5 } }],
    ]);
    expect(await contents(b.replica)).toEqual(await contents(a.replica));
    await cluster.stopAll();
  });

  test('does so as well when it comes back under the same name with an empty folder', async () => {
    const { cluster, a, c } = await lateNode();
    await cluster.stop(c);
    const again = await cluster.start('c', { peers: ['a', 'b'], seed: 9 });
    await cluster.converge();
    expect(await contents(again.replica)).toEqual(await contents(a.replica));
    expect(again.warnings()).toEqual([]);
    await cluster.stopAll();
  });
});

/** `b` got half of what `a` has; then the session ended at `a`, and a deletion was collected there. */
async function brokenBootstrap(
  writesItself: boolean,
): Promise<{ cluster: GossipCluster; a: TestNode; b: TestNode }> {
  const cluster = new GossipCluster();
  const a = await cluster.start('a', { chunkBytes: 1 });
  for (const write of putMany(20)) await a.write(write);
  let chunks = 0;
  cluster.onSend = (sent) => {
    if (keysSent(sent).length > 0 && ++chunks === 10) cluster.network.cut('a', 'b');
  };
  const b = await cluster.start('b', { peers: ['a'] });
  await cluster.pass(1000);
  expect(Object.keys(await contents(b.replica))).toHaveLength(9);
  if (writesItself) await b.put('own', '1');
  await a.del('key-0003');
  await cluster.pass(SESSION_TIMEOUT_MS + TOMBSTONE_TTL_MS);
  expect(await a.replica.collect()).toEqual({ collected: 1, kept: 0 });
  cluster.network.heal('a', 'b');
  return { cluster, a, b };
}

describe('a first copy that broke off and cannot be resumed', () => {
  test.each([
    ['goes on by comparing', false],
    ['and was written to meanwhile goes on by comparing, and its writes reach the others', true],
  ])('%s: nothing that was deleted comes back', async (_, writesItself) => {
    const { cluster, a, b } = await brokenBootstrap(writesItself);
    await cluster.converge(60_000);
    const shown = await contents(a.replica);
    expect(await contents(b.replica)).toEqual(shown);
    expect(Object.keys(shown)).toHaveLength(19 + (writesItself ? 1 : 0));
    expect('key-0003' in shown).toBe(false);
    await cluster.stopAll();
  });
});
