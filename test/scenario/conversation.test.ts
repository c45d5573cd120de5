/**
 * A node understands, and is understood by, one that speaks version 1 as it was when this was recorded. The fixture must not
 * be made anew for a change of the code: then it would be another version. (`BOATO_RECORD=1` writes it.)
 */

import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { packer } from '../../src/adapters/msgpack-packer.ts';
import { encodeMessage } from '../../src/gossip/message-codec.ts';
import { GossipCluster, putMany, type TestNode } from '../support/gossip-fixture.ts';
import {
  answerAsRecorded,
  askAsRecorded,
  conversationText,
  readConversation,
} from '../support/recorded-conversation.ts';
import { contents, put } from '../support/replica-fixture.ts';

const FILE = new URL('../fixtures/conversation-1.txt', import.meta.url);

/** Nodes round when they connect, and at no other time. */
const QUIET = { gossipIntervalMs: 1_000_000, chunkBytes: 150 };

/** Rows that moved lately are told before digests. */
const LATELY_MS = 15_000;

async function record(): Promise<string> {
  const cluster = new GossipCluster();
  const part = (...hosts: string[]) =>
    cluster.takeSent().filter(({ from, to }) => hosts.includes(from) && hosts.includes(to));
  const server = await cluster.start('server', QUIET);
  for (const write of putMany(20)) await server.write(write);
  const early = await cluster.start('early', { ...QUIET, peers: ['server'] });
  await cluster.converge();
  const disk = await cluster.stop(early);
  await server.write(...['one', 'two', 'three'].map((key) => put(key, 'of a batch')));
  await server.put('key-0001', 'again');
  await server.del('key-0002');
  await cluster.pass(LATELY_MS);
  cluster.takeSent();
  await cluster.start('puller', { ...QUIET, peers: ['server'] });
  await cluster.converge();
  const firstCopy = part('server', 'puller');
  await cluster.stop(server);

  cluster.network.cut('healing', 'puller');
  const healing = await cluster.start('healing', { ...QUIET, peers: ['puller'] });
  await healing.replica.giveUp('for this test');
  cluster.network.heal('healing', 'puller');
  cluster.takeSent();
  await cluster.until(() => healing.replica.state.all.count > 0 && cluster.agree(), 60_000);
  const comparison = part('healing', 'puller');
  await cluster.stop(healing);

  cluster.takeSent();
  await cluster.start('early', { ...QUIET, peers: ['puller'], disk });
  await cluster.converge();
  const delta = part('early', 'puller');
  await cluster.stopAll();
  return conversationText({ 'first copy': firstCopy, comparison, delta });
}

if (process.env['BOATO_RECORD'] !== undefined) writeFileSync(FILE, await record());
const conversation = readConversation(FILE);

/** One that made its first copy from the recorded server. */
async function copyOfRecorded(cluster: GossipCluster): Promise<TestNode> {
  await answerAsRecorded(cluster, 'server', conversation.get('first copy') ?? []);
  await cluster.pass(LATELY_MS);
  const node = await cluster.start('puller', { ...QUIET, peers: ['server'] });
  await cluster.until(() => node.replica.state.all.count > 0 && !node.replica.isBootstrapping());
  return node;
}

describe('with a node of the recorded version 1', () => {
  const all = [...conversation.values()].flat();

  test('every message is read, and would be written in the same bytes', () => {
    for (const { bytes, message } of all) {
      expect(Buffer.from(encodeMessage(message, packer)).toString('hex')).toBe(
        Buffer.from(bytes).toString('hex'),
      );
    }
    expect([...new Set(all.map(({ message }) => message.type))].toSorted()).toMatchInlineSnapshot(`
      [
        "compare",
        "compared",
        "digest",
        "digest-reply",
        "done",
        "fetch",
        "fetch-reply",
        "hello",
        "list",
        "list-reply",
        "next",
        "next-reply",
        "open",
        "opened",
        "recent",
        "recent-reply",
        "summary",
        "summary-reply",
        "sums",
        "sums-reply",
      ]
    `);
  });

  test('a node makes its first copy, and comes to the same', async () => {
    const cluster = new GossipCluster();
    const node = await copyOfRecorded(cluster);
    expect(await contents(node.replica)).toMatchInlineSnapshot(`
      {
        "key-0000": "value",
        "key-0001": "again",
        "key-0002": "x",
        "key-0003": "value",
        "key-0004": "value",
        "key-0005": "value",
        "key-0006": "value",
        "key-0007": "value",
        "key-0008": "value",
        "key-0009": "value",
        "key-0010": "value",
        "key-0011": "value",
        "key-0012": "value",
        "key-0013": "value",
        "key-0014": "value",
        "key-0015": "value",
        "key-0016": "value",
        "key-0017": "value",
        "key-0018": "value",
        "key-0019": "value",
        "one": "of a batch",
        "three": "of a batch",
        "two": "of a batch",
      }
    `);
    const told = conversation
      .get('first copy')
      ?.flatMap(({ from, message }) =>
        from === 'server' && message.type === 'summary-reply' ? [message.contextHash] : [],
      );
    expect([node.replica.contextHash()]).toEqual(told);
    await cluster.stopAll();
  });

  test.each([
    ['healing', 'comparison'],
    ['early', 'delta'],
  ] as const)('that is %s a node gives the same answers as then: a %s', async (host, part) => {
    const cluster = new GossipCluster();
    await copyOfRecorded(cluster);
    const answers = await askAsRecorded(cluster, host, 'puller', conversation.get(part) ?? []);
    expect(answers.recorded.length).toBeGreaterThan(3);
    expect(answers.heard).toEqual(answers.recorded);
    await cluster.stopAll();
  });
});
