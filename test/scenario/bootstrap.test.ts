import { describe, expect, test } from 'vitest';
import {
  GossipCluster,
  keysSent,
  putMany,
  type Sent,
  summarize,
  type TestNode,
} from '../support/gossip-fixture.ts';
import { contents } from '../support/replica-fixture.ts';

const KEYS = 100;
/** About ten entries. */
const CHUNK_BYTES = 150;

/** `a` holds 100 keys that it wrote one by one, in an order of their own. */
async function filledNode(cluster: GossipCluster): Promise<TestNode> {
  const a = await cluster.start('a', { chunkBytes: CHUNK_BYTES });
  const writes = putMany(KEYS);
  for (let index = 0; index < KEYS; index++) await a.write(...writes.slice((index * 37) % KEYS).slice(0, 1));
  return a;
}

test('an empty node is filled in key order, each entry once', async () => {
  const cluster = new GossipCluster();
  const a = await filledNode(cluster);
  const b = await cluster.start('b', { peers: ['a'] });

  await cluster.converge();

  const sent = cluster.takeSent();
  const keys = sent.flatMap(keysSent);
  expect(keys).toEqual(Object.keys(await contents(a.replica)));
  expect(await contents(b.replica)).toEqual(await contents(a.replica));
  expect(summarize(sent)).toMatchInlineSnapshot(`
    "a → b hello × 1: 43 B
    b → a hello × 1: 43 B
    b → a summary × 1: 38 B
    a → b summary × 1: 38 B
    a → b recent × 2: 54 B
    b → a recent × 2: 38 B
    a → b summary-reply × 1: 38 B
    b → a summary-reply × 1: 38 B
    b → a recent-reply × 2: 42 B
    a → b recent-reply × 2: 74 B
    b → a open × 1: 49 B
    a → b opened × 1: 243 B
    b → a next × 9: 486 B
    a → b next-reply × 9: 1566 B
    b → a done × 1: 41 B"
  `);
  await cluster.stopAll();
});

test('the first chunk comes with the answer to the open, each further one is asked for, and a done ends it', async () => {
  const cluster = new GossipCluster();
  const a = await cluster.start('a', { chunkBytes: 40 });
  for (const write of putMany(6)) await a.write(write);
  await cluster.start('b', { peers: ['a'] });

  await cluster.converge();

  expect(cluster.transcript()).toMatchInlineSnapshot(`
    "a → b hello 43 B
    b → a hello 43 B
    b → a summary 38 B
    a → b summary 38 B
    a → b recent 27 B (1 row)
    b → a recent 11 B (0 rows)
    a → b summary-reply 38 B
    b → a summary-reply 38 B
    b → a recent-reply 21 B (0 rows)
    a → b recent-reply 37 B (1 row)
    b → a open 49 B (1 row)
    a → b recent 27 B (1 row)
    b → a recent-reply 21 B (0 rows)
    a → b opened 144 B (key order, 1 entry)
    b → a next 54 B
    a → b next-reply 75 B (1 entry)
    b → a next 54 B
    a → b next-reply 75 B (1 entry)
    b → a next 54 B
    a → b next-reply 75 B (1 entry)
    b → a next 54 B
    a → b next-reply 75 B (1 entry)
    b → a next 54 B
    a → b next-reply 75 B (1 entry, last)
    b → a done 41 B
    b → a recent 27 B (1 row)
    a → b recent-reply 37 B (1 row)"
  `);
  await cluster.stopAll();
});

/** Cuts a from b when `chunks` chunks were sent; the last of them is lost. */
function cutAfter(cluster: GossipCluster, chunks: number): void {
  let seen = 0;
  cluster.onSend = (sent) => {
    if (keysSent(sent).length > 0 && ++seen === chunks) cluster.network.cut('a', 'b');
  };
}

/** Keys that travelled more than once. */
function sentTwice(sent: readonly Sent[]): string[] {
  const keys = sent.flatMap(keysSent);
  return keys.filter((key, index) => keys.indexOf(key) !== index);
}

function opens(sent: readonly Sent[], from: string): Sent[] {
  return sent.filter(
    ({ from: sender, message }) => sender === from && message !== 'malformed' && message.type === 'open',
  );
}

/** Of the chunk that was under way when the connection broke. */
function keysUnderWay(sent: readonly Sent[]): string[] {
  return sent.map(keysSent).findLast((keys) => keys.length > 0) ?? [];
}

describe('a bootstrap that was broken off is resumed', () => {
  test('after the connection broke: only the chunk under way is sent twice', async () => {
    const cluster = new GossipCluster();
    const a = await filledNode(cluster);
    cutAfter(cluster, 5);
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.pass(5000);
    const before = cluster.takeSent();
    expect(await b.gossip.pulled()).toMatchObject([{ peer: 'a', order: 'key', state: 'set-aside' }]);

    cluster.network.heal('a', 'b');
    await cluster.converge();

    const after = cluster.takeSent();
    expect(sentTwice([...before, ...after])).toEqual(keysUnderWay(before));
    expect(opens([...before, ...after], 'b')).toHaveLength(1);
    expect(await contents(b.replica)).toEqual(await contents(a.replica));
    expect(await b.gossip.pulled()).toEqual([]);
    expect(summarize(before)).toMatchInlineSnapshot(`
      "a → b hello × 1: 43 B
      b → a hello × 1: 43 B
      b → a summary × 1: 38 B
      a → b summary × 1: 38 B
      a → b recent × 2: 54 B
      b → a recent × 1: 11 B
      a → b summary-reply × 1: 38 B
      b → a summary-reply × 1: 38 B
      b → a recent-reply × 2: 42 B
      a → b recent-reply × 1: 37 B
      b → a open × 1: 49 B
      a → b opened × 1: 243 B
      b → a next × 4: 216 B
      a → b next-reply × 4: 696 B"
    `);
    expect(summarize(after)).toMatchInlineSnapshot(`
      "a → b hello × 1: 43 B
      b → a hello × 1: 43 B
      b → a summary × 1: 38 B
      a → b summary × 1: 38 B
      a → b recent × 2: 54 B
      a → b summary-reply × 1: 38 B
      b → a next × 6: 324 B
      b → a summary-reply × 1: 38 B
      b → a recent-reply × 2: 92 B
      a → b open × 2: 98 B
      a → b next-reply × 6: 1044 B
      b → a opened × 2: 176 B
      a → b done × 2: 82 B
      b → a done × 1: 41 B
      b → a recent × 1: 27 B
      a → b recent-reply × 1: 37 B"
    `);
    await cluster.stopAll();
  });

  test.each(['stopped', 'killed'])('after the puller was %s and started again, too', async (end) => {
    const cluster = new GossipCluster();
    const a = await filledNode(cluster);
    cutAfter(cluster, 5);
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.pass(1000);
    const before = cluster.takeSent();

    const copy = await b.disk.copy();
    const stopped = await cluster.stop(b);
    cluster.network.heal('a', 'b');
    const again = await cluster.start('b', {
      peers: ['a'],
      disk: end === 'stopped' ? stopped : copy,
      seed: 3,
    });
    await cluster.converge();

    const after = cluster.takeSent();
    expect(again.replica.wasClean).toBe(end === 'stopped');
    // How far it got is written by a stop, with the first chunk, and every ten seconds.
    const chunks = before.map(keysSent).filter((keys) => keys.length > 0);
    const comesAgain = end === 'stopped' ? keysUnderWay(before) : chunks.slice(1).flat();
    expect(sentTwice([...before, ...after])).toEqual(comesAgain);
    expect(await contents(again.replica)).toEqual(await contents(a.replica));
    await cluster.stopAll();
  });

  test('with what the server had when it began; what was written since comes in a session of its own', async () => {
    const cluster = new GossipCluster();
    const a = await filledNode(cluster);
    cutAfter(cluster, 5);
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.pass(1000);
    const before = cluster.takeSent();
    await a.put('later', '1');
    await a.del('key-0000');

    cluster.network.heal('a', 'b');
    await cluster.converge();

    const after = cluster.takeSent();
    expect(sentTwice([...before, ...after])).toEqual([...keysUnderWay(before), 'key-0000']);
    expect(after.flatMap(keysSent).slice(-2)).toEqual(['later', 'key-0000']);
    expect(await contents(b.replica)).toEqual(await contents(a.replica));
    await cluster.stopAll();
  });
});
