import { describe, expect, test } from 'vitest';
import type { NodeId } from '../../src/core/actor.ts';
import type { UserEvent } from '../../src/gossip/event-codec.ts';
import { BROUGHT_PER_SECOND, OWN_PER_SECOND } from '../../src/gossip/event-mongering.ts';
import { INTERVAL_MS, type Sent, type TestNode } from '../support/gossip-fixture.ts';
import { startMesh } from '../support/mesh.ts';
import { utf8 } from '../support/replica-fixture.ts';
import { ScriptedPeer } from '../support/scripted-peer.ts';

const namesOf = ({ events }: TestNode): string[] => events.map(({ name }) => name);

const tellings = (sent: readonly Sent[]): Sent[] =>
  sent.filter(({ message }) => message !== 'malformed' && message.type === 'events');

describe('a message of a user', () => {
  test('reaches each of 16 nodes once, the one that began it, too, in a quarter of the time between rounds', async () => {
    const { cluster, nodes, first } = await startMesh(16);
    expect(first.gossip.broadcast('deploy', utf8('v'))).toBe(true);
    await cluster.pass(INTERVAL_MS / 4);
    expect(nodes.map(namesOf)).toStrictEqual(nodes.map(() => ['deploy']));
    expect(nodes[9]?.events[0]).toMatchObject({ origin: 'n0', sequence: 1, payload: utf8('v') });
    await cluster.pass(2 * INTERVAL_MS);
    expect(nodes.every(({ events }) => events.length === 1)).toBe(true);
    cluster.takeSent();
    await cluster.pass(INTERVAL_MS);
    expect(tellings(cluster.takeSent())).toStrictEqual([]);
    await cluster.stopAll();
  });

  test('goes on through others where the way is cut, and is told nobody who was away', async () => {
    const { cluster, nodes, first } = await startMesh(4);
    const [, second, third, away] = nodes as [TestNode, TestNode, TestNode, TestNode];
    cluster.network.cut('n0', 'n2');
    for (const host of ['n0', 'n1', 'n2']) cluster.network.cut(host, 'n3');
    first.gossip.broadcast('deploy', utf8('v'));
    await cluster.pass(INTERVAL_MS);
    for (const host of ['n0', 'n1', 'n2']) cluster.network.heal(host, 'n3');
    await cluster.pass(60 * INTERVAL_MS);
    expect([second, third, away].map(namesOf)).toStrictEqual([['deploy'], ['deploy'], []]);
    first.gossip.broadcast('again', utf8('v'));
    await cluster.pass(INTERVAL_MS);
    expect(namesOf(away)).toStrictEqual(['again']);
    await cluster.stopAll();
  });

  test('is told at most once though every other telling, or every other answer, is lost', async () => {
    for (const lost of ['events', 'events-reply'] as const) {
      const { cluster, nodes, first } = await startMesh(8);
      let count = 0;
      cluster.onSend = ({ from, to, message }) => {
        if (message === 'malformed' || message.type !== lost || count++ % 2 === 0) return;
        cluster.network.cut(from, to);
        cluster.network.heal(from, to);
      };
      for (let number = 0; number < 20; number++) {
        first.gossip.broadcast(`event-${number}`, utf8('v'));
        await cluster.pass(50);
      }
      await cluster.pass(5 * INTERVAL_MS);
      for (const node of nodes) expect(new Set(namesOf(node)).size).toBe(node.events.length);
      // A connection that is lost takes all with it that is on its way.
      const told = nodes.reduce((sum, { events }) => sum + events.length, 0);
      expect(told).toBeGreaterThan(20 * 4);
      cluster.onSend = () => {};
      await cluster.stopAll();
    }
  });

  test('of a node that was restarted is no repetition, though it counts from one again', async () => {
    const { cluster, nodes } = await startMesh(3);
    const [first, second] = nodes as [TestNode, TestNode];
    second.gossip.broadcast('before', utf8('v'));
    await cluster.pass(INTERVAL_MS);
    const disk = await cluster.stop(second);
    const again = await cluster.start('n1', { peers: ['n0'], disk, seed: 77 });
    await cluster.pass(2 * INTERVAL_MS);
    again.gossip.broadcast('after', utf8('v'));
    await cluster.pass(INTERVAL_MS);
    expect(namesOf(first)).toStrictEqual(['before', 'after']);
    expect(first.events.map(({ sequence }) => sequence)).toStrictEqual([1, 1]);
    await cluster.stopAll();
  });

  test('is refused when the node has told a second’s worth in less', async () => {
    const { cluster, nodes, first } = await startMesh(2);
    const told = Array.from({ length: 3 * OWN_PER_SECOND }, () => first.gossip.broadcast('e', utf8('v')));
    // What a second brings, and the one that goes beyond it.
    expect(told.filter(Boolean)).toHaveLength(OWN_PER_SECOND + 1);
    await cluster.pass(INTERVAL_MS);
    expect(nodes[1]?.events).toHaveLength(OWN_PER_SECOND + 1);
    expect(first.gossip.broadcast('e', utf8('v'))).toBe(true);
    await cluster.stopAll();
  });
});

function event(sequence: number): UserEvent {
  return { origin: 'far' as NodeId, run: 1, sequence, name: `event-${sequence}`, payload: utf8('v') };
}

describe('a peer', () => {
  test('that brings too many is told that they are not taken, and stays', async () => {
    const { cluster, first } = await startMesh(1);
    const peer = await ScriptedPeer.dial(cluster, 'n0', 2);
    for (let from = 1; from <= 3 * BROUGHT_PER_SECOND; from += 200)
      peer.ask({ type: 'events', events: Array.from({ length: 200 }, (_, at) => event(from + at)) });
    await cluster.pass(10);
    expect(first.events).toHaveLength(BROUGHT_PER_SECOND + 1);
    const answers = peer.heard.flatMap((message) =>
      message.type === 'events-reply' ? [...message.feedback] : [],
    );
    expect(answers.filter((answer) => answer === 2)).toHaveLength(2 * BROUGHT_PER_SECOND - 1);
    expect(peer.isClosed).toBe(false);
    await cluster.pass(INTERVAL_MS);
    peer.ask({ type: 'events', events: [event(2 * BROUGHT_PER_SECOND), event(1)] });
    await cluster.pass(10);
    expect(first.events.at(-1)?.sequence).toBe(2 * BROUGHT_PER_SECOND);
    expect(first.events).toHaveLength(BROUGHT_PER_SECOND + 2);
    await cluster.stopAll();
  });

  test('that answers of more events than it was told breaks the protocol; one that cannot answer does not', async () => {
    for (const [answer, isClosed] of [
      [{ type: 'events-reply', feedback: Uint8Array.of(1, 1) }, true],
      [{ type: 'events-reply', feedback: Uint8Array.of(1) }, false],
      [{ type: 'failure', code: 'not-serving', reason: 'a test wants it' }, false],
    ] as const) {
      const { cluster, first } = await startMesh(1);
      const peer = await ScriptedPeer.dial(cluster, 'n0', 2);
      peer.answer = ({ type }) => (type === 'events' ? answer : undefined);
      first.gossip.broadcast('deploy', utf8('v'));
      await cluster.pass(INTERVAL_MS / 4);
      expect(peer.heard.map(({ type }) => type)).toContain('events');
      expect(peer.isClosed).toBe(isClosed);
      await cluster.stopAll();
    }
  });

  test('that speaks version 1 is told of no event, and may tell none', async () => {
    const { cluster, first } = await startMesh(1);
    const peer = await ScriptedPeer.dial(cluster, 'n0', 1);
    first.gossip.broadcast('deploy', utf8('v'));
    await cluster.pass(INTERVAL_MS);
    expect(peer.heard.map(({ type }) => type)).not.toContain('events');
    expect(peer.isClosed).toBe(false);
    peer.ask({ type: 'events', events: [event(1)] });
    await cluster.pass(10);
    expect(namesOf(first)).toStrictEqual(['deploy']);
    expect(peer.isClosed).toBe(true);
    await cluster.stopAll();
  });
});
