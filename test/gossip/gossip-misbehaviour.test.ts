import { describe, expect, test } from 'vitest';
import { packer } from '../../src/adapters/msgpack-packer.ts';
import type { NodeId } from '../../src/core/actor.ts';
import { firstShare } from '../../src/gossip/aggregate.ts';
import { helloOf } from '../../src/gossip/handshake.ts';
import { decodeMessage, encodeMessage } from '../../src/gossip/message-codec.ts';
import type { NewRequest } from '../../src/gossip/pending-requests.ts';
import {
  addressOf,
  GossipCluster,
  INTERVAL_MS,
  MAX_DRIFT_MS,
  TOMBSTONE_TTL_MS,
} from '../support/gossip-fixture.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { contents } from '../support/replica-fixture.ts';
import { ScriptedPeer } from '../support/scripted-peer.ts';

const NONSENSE = Uint8Array.of(0x91, 0x63);

function helloAs(nodeId: string): Uint8Array {
  const settings = { tombstoneTtlMs: TOMBSTONE_TTL_MS, maxDriftMs: MAX_DRIFT_MS };
  const contact = { host: '', port: 0, startedMs: 0 };
  const said = { nodeId: nodeId as NodeId, clusterId: 'test', bootNonce: 1, settings, contact };
  return encodeMessage(helloOf(said), packer);
}

/** Dials a, sends `messages`, and answers with what a says, in short. */
async function say(
  cluster: GossipCluster,
  messages: readonly Uint8Array[],
  host = 'liar',
): Promise<string[]> {
  const heard: string[] = [];
  const connection = await cluster.transport(host).dial(addressOf('a'));
  connection.start({
    onMessage: (bytes) => {
      const message = decodeMessage(bytes, packer);
      heard.push(message.type === 'reject' ? `${message.code}: ${message.reason}` : message.type);
    },
    onClose: () => heard.push('end'),
  });
  for (const message of messages) void connection.send(message);
  await cluster.pass(0);
  connection.close();
  await cluster.pass(0);
  return heard;
}

describe('a peer that breaks the protocol', () => {
  test('is told to wait when it comes again too soon, by name, and ever longer', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a');
    const messages = [helloAs('liar'), NONSENSE];
    expect(await say(cluster, messages)).toEqual(['hello', 'summary', 'end']);
    expect(await say(cluster, messages)).toEqual([
      'hello',
      'misbehaved: it broke the protocol, and may come again after 1 s',
      'end',
    ]);
    await cluster.pass(1000);
    expect(await say(cluster, messages)).toEqual(['hello', 'summary', 'end']);
    await cluster.pass(1000);
    expect((await say(cluster, messages)).at(1)).toMatch(/^misbehaved: .* after 1 s$/);
    expect(a.gossip.malformed).toBe(2);
    // Another node of that host is none of it.
    expect(await say(cluster, [helloAs('other')])).toContain('summary');
    await cluster.stopAll();
  });

  test('and says no name waits by its host, without a hello', async () => {
    const cluster = new GossipCluster();
    await cluster.start('a');
    expect(await say(cluster, [NONSENSE])).toEqual(['hello', 'end']);
    expect(await say(cluster, [helloAs('liar')])).toEqual([expect.stringMatching(/^misbehaved: /), 'end']);
    expect(await say(cluster, [helloAs('c')], 'elsewhere')).toContain('summary');
    await cluster.stopAll();
  });

  test('does not keep out nodes of its host that are connected', async () => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a');
    const b = await cluster.start('b', { peers: ['a'] });
    await cluster.pass(INTERVAL_MS);
    for (let times = 0; times < 3; times++)
      expect(await say(cluster, [NONSENSE], 'b')).toEqual(['hello', 'end']);
    expect(await say(cluster, [helloAs('b')], 'b')).toContain('hello');
    await a.put('k', '1');
    await cluster.converge();
    expect(await contents(b.replica)).toEqual({ k: '1' });
    await cluster.stopAll();
  });

  test('is told in one line, and shown as a warning, however often it comes', async () => {
    const cluster = new GossipCluster();
    const log = new RecordingLog();
    const a = await cluster.start('a', { log });
    for (let times = 0; times < 20; times++) {
      await say(cluster, [helloAs('liar'), NONSENSE]);
      await cluster.pass(2000);
    }
    expect(a.gossip.malformed).toBeGreaterThan(2);
    expect(a.gossip.malformed).toBeLessThan(8);
    expect(log.lines.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringMatching(/^warn Node liar at liar:\d+ broke the protocol \(a message of unknown type\)/),
    ]);
    expect(a.gossip.warnings()).toMatchObject([{ code: 'PEER_MISBEHAVED', peer: 'liar' }]);
    await cluster.stopAll();
  });

  test('under a new name each time does not flood the log', async () => {
    const cluster = new GossipCluster();
    const log = new RecordingLog();
    const a = await cluster.start('a', { log });
    for (let name = 0; name < 100; name++) await say(cluster, [helloAs(`liar-${name}`), NONSENSE]);
    expect(a.gossip.malformed).toBe(100);
    expect(log.lines.filter((line) => line.startsWith('warn'))).toHaveLength(21);
    await cluster.stopAll();
  });

  test('is dialled ever more slowly, though each connection lasted for a while', async () => {
    const cluster = new GossipCluster();
    await cluster.transport('liar').listen(addressOf('liar'), (connection) => {
      connection.start({ onMessage: () => {}, onClose: () => {} });
      void connection.send(helloAs('liar'));
      cluster.clock.after(1500, () => void connection.send(NONSENSE));
    });
    await cluster.start('a', { peers: ['liar'] });
    await cluster.pass(300_000);
    const at = cluster.dials.map(({ atMs }) => atMs);
    const pauses = at.slice(1).map((ms, index) => ms - (at[index] ?? 0));
    expect(pauses[0]).toBeGreaterThanOrEqual(2500);
    // As of the sixth offence; half a minute later one is made up for at most.
    expect(Math.min(...pauses.slice(6))).toBeGreaterThanOrEqual(16_000);
    await cluster.stopAll();
  });

  test.each<NewRequest>([
    { type: 'heads', rows: [], all: true },
    { type: 'chains', rows: [], steps: 1 },
    { type: 'events', events: [] },
    {
      type: 'aggregate',
      name: 'n',
      asker: 'peer' as NodeId,
      epoch: 1,
      ageMs: 0,
      number: 1,
      applied: 0,
      share: firstShare(1, true),
    },
  ])('is one that speaks version 1 and asks what version 2 has brought: $type', async (request) => {
    const cluster = new GossipCluster();
    const a = await cluster.start('a');
    for (const [version, malformed] of [
      [2, 0],
      [1, 1],
    ] as const) {
      const peer = await ScriptedPeer.dial(cluster, 'a', version);
      peer.ask(request);
      await cluster.pass(10);
      expect(a.gossip.malformed).toBe(malformed);
    }
    await cluster.stopAll();
  });
});
