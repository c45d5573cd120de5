import { describe, expect, test } from 'vitest';
import type { RumourOptions } from '../../src/gossip/rumour-mongering.ts';
import { INTERVAL_MS, keysSent, RUMOURS, type Sent, type TestNode } from '../support/gossip-fixture.ts';
import { type Mesh, startMesh } from '../support/mesh.ts';
import { put } from '../support/replica-fixture.ts';

/** Of nodes that tell rumours. */
function mesh(count: number, rumours: RumourOptions = RUMOURS): Promise<Mesh> {
  return startMesh(count, () => ({ rumours }));
}

function holders(nodes: readonly TestNode[], writer: TestNode): TestNode[] {
  const written = writer.replica.rows().find(({ actor }) => writer.replica.hasWrittenAs(actor));
  return nodes.filter(
    ({ replica }) => written !== undefined && (replica.row(written.actor)?.received ?? 0) >= written.received,
  );
}

const told = (sent: readonly Sent[]): Sent[] =>
  sent.filter(({ message }) => message !== 'malformed' && message.type === 'rumours');

describe('rumours', () => {
  test('bring a write to all of 16 idle nodes in less than a quarter of the time between rounds', async () => {
    const { cluster, nodes } = await mesh(16);
    const [writer] = nodes as [TestNode];
    await writer.put('news', 'value');
    await cluster.pass(INTERVAL_MS / 4 - 1);
    expect(holders(nodes, writer)).toHaveLength(16);
    await cluster.stopAll();
  });

  test('that are all lost cost latency only', async () => {
    const { cluster, nodes } = await mesh(4);
    const [writer] = nodes as [TestNode];
    cluster.onSend = ({ from, to, message }) => {
      if (message === 'malformed' || message.type !== 'rumours') return;
      cluster.network.cut(from, to);
      cluster.network.heal(from, to);
    };
    await writer.put('news', 'value');
    await cluster.converge(60_000);
    expect(holders(nodes, writer)).toHaveLength(4);
    await cluster.stopAll();
  });

  test('are never told to whoever told them, nor twice to anybody', async () => {
    const { cluster, nodes } = await mesh(8);
    const [writer] = nodes as [TestNode];
    await writer.put('news', 'value');
    await cluster.pass(INTERVAL_MS / 4);
    const ways = told(cluster.takeSent()).map(({ from, to }) => `${from} ${to}`);
    expect(new Set(ways).size).toBe(ways.length);
    const isOutward = new Set(ways);
    const back = ways.map((way) => way.split(' ') as [string, string]);
    // The writer has told three, who do not tell it back.
    const toldByWriter = back.filter(([from]) => from === writer.host).map(([, to]) => to);
    for (const host of toldByWriter) expect(isOutward.has(`${host} ${writer.host}`)).toBe(false);
    await cluster.stopAll();
  });

  test('end once so many peers in a row knew them', async () => {
    const { cluster, nodes } = await mesh(12, { ...RUMOURS, fanout: 1, unneededMax: 2 });
    const [writer] = nodes as [TestNode];
    await writer.put('news', 'value');
    await cluster.pass(INTERVAL_MS * 3);
    // Every node tells at most those that did not know, and two more in a row that did.
    const sent = told(cluster.takeSent());
    expect(sent.length).toBeLessThan(12 * 11);
    await cluster.pass(INTERVAL_MS * 3);
    expect(told(cluster.takeSent())).toStrictEqual([]);
    await cluster.stopAll();
  });

  test('carry whole batches', async () => {
    const { cluster, nodes } = await mesh(2);
    const [writer, reader] = nodes as [TestNode, TestNode];
    await writer.write(put('a', '1'), put('b', '2'), put('c', '3'));
    await cluster.pass(100);
    expect(holders(nodes, writer)).toContain(reader);
    const [sent] = told(cluster.takeSent());
    expect(sent?.message).toMatchObject({ type: 'rumours' });
    await cluster.stopAll();
  });

  test('only mention what is large, and whoever lacks it pulls', async () => {
    const { cluster, nodes } = await mesh(2);
    const [writer] = nodes as [TestNode];
    await writer.put('large', 'x'.repeat(20_000));
    await cluster.pass(100);
    const sent = cluster.takeSent();
    expect(told(sent).every(({ bytes }) => bytes < 200)).toBe(true);
    expect(sent.flatMap(keysSent)).toContain('large');
    expect(holders(nodes, writer)).toHaveLength(2);
    await cluster.stopAll();
  });

  test('that come before the one ahead of them wait for it', async () => {
    const { cluster, nodes } = await mesh(3, { ...RUMOURS, fanout: 1 });
    const [writer, other, third] = nodes as [TestNode, TestNode, TestNode];
    for (let number = 0; number < 20; number++) {
      await writer.put(`key-${number}`, 'value');
      await cluster.pass(7);
    }
    await cluster.pass(200);
    expect(holders([other, third], writer)).toHaveLength(2);
    await cluster.stopAll();
  });

  test('that are off are not told, and taken all the same', async () => {
    const { cluster, nodes } = await startMesh(2);
    const [writer] = nodes as [TestNode];
    await writer.put('news', 'value');
    await cluster.pass(100);
    expect(told(cluster.takeSent())).toStrictEqual([]);
    await cluster.stopAll();
  });

  test('are counted', async () => {
    const { cluster, nodes } = await mesh(2);
    const [writer, reader] = nodes as [TestNode, TestNode];
    await writer.put('news', 'value');
    await cluster.pass(100);
    expect(writer.gossip.rumours).toStrictEqual({ told: 1, unneeded: 0, heard: 0 });
    expect(reader.gossip.rumours).toStrictEqual({ told: 0, unneeded: 0, heard: 1 });
    await cluster.stopAll();
  });
});
