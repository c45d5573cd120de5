/** Nodes that join, watch, leave and forget each other, on loopback. */

import { describe, expect, test } from 'vitest';
import type { Member, MemberEventName, MemberStatus, Node, NodeOptions } from '../../src/index.ts';
import { contentsOf, temporaryDir, temporaryNode } from './temporary-store.ts';

/** A quick detector, so that tests need not wait for long. */
const QUICK = { probeIntervalMs: 100 };

async function start(nodeId: string, options: Partial<NodeOptions> = {}): Promise<Node> {
  return temporaryNode({ ...QUICK, nodeId, ...options });
}

const EVENTS: readonly MemberEventName[] = [
  'member:up',
  'member:suspect',
  'member:down',
  'member:left',
  'member:updated',
];

/** Until the node takes this member for this, and knows it at this address. */
function knows(node: Node, nodeId: string, status: MemberStatus, address?: string): Promise<Member> {
  return new Promise((resolve) => {
    const look = (): void => {
      const member = node.members().find((known) => known.nodeId === nodeId);
      if (member?.status !== status || member.address !== (address ?? member.address)) return;
      for (const name of EVENTS) node.off(name, look);
      resolve(member);
    };
    for (const name of EVENTS) node.on(name, look);
    look();
  });
}

function statuses(node: Node): string[] {
  return node.members().map(({ nodeId, status }) => `${nodeId} ${status}`);
}

describe('a node', () => {
  test('that runs alone is its only member', async () => {
    const a = await start('a');
    expect(a.members()).toEqual([
      {
        nodeId: 'a',
        isSelf: true,
        status: 'up',
        statusAgoMs: expect.any(Number) as number,
        address: a.address,
        incarnation: expect.any(Number) as number,
        version: (await a.status()).version,
        protocolVersion: 2,
        metadata: '',
      },
    ]);
  });

  test('that joins one node of a cluster knows all of them, and is known to all', async () => {
    const a = await start('a');
    const b = await start('b', { peers: [a.address] });
    const c = await start('c');
    const seen = [knows(a, 'c', 'up'), knows(b, 'c', 'up'), knows(c, 'b', 'up')];
    expect(await c.join([a.address])).toEqual({ reached: [a.address], unreached: [] });
    const [first] = await Promise.all(seen);
    expect(first).toMatchObject({ nodeId: 'c', status: 'up', address: c.address, isSelf: false });
    for (const node of [a, b])
      expect(statuses(node)).toEqual(expect.arrayContaining(['a up', 'b up', 'c up']));
  });

  test('that joins nobody is told why, for each address', async () => {
    const a = await start('a');
    expect(await a.join(['127.0.0.1:1'], { timeoutMs: 5000 })).toEqual({
      reached: [],
      unreached: [
        {
          address: '127.0.0.1:1',
          reason: 'The peer at 127.0.0.1:1 cannot be reached: nothing listens there.',
        },
      ],
    });
    await expect(a.join([])).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(a.join(['a:0'])).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(a.join(['a:1'], { timeoutMs: 0 })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    const signal = AbortSignal.abort();
    await expect(a.join(['127.0.0.1:1'], { signal })).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('that leaves is told to have left, at once, and closes', async () => {
    const a = await start('a');
    const b = await start('b', { peers: [a.address] });
    await Promise.all([knows(a, 'b', 'up'), knows(b, 'a', 'up')]);
    const left = knows(a, 'b', 'left');
    await b.leave();
    expect(await left).toMatchObject({ nodeId: 'b', status: 'left' });
    expect(await b.stopped).toBeUndefined();
    await expect(b.leave()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    expect((await a.status()).peers).toEqual([]);
  });

  test('that leaves before it has met anybody waits until it has, and is told to have left', async () => {
    const a = await start('a');
    const dir = await temporaryDir();
    const b = await start('b', { dir, peers: [a.address] });
    await knows(a, 'b', 'up');
    await b.close();
    const again = await start('b', { dir, peers: [a.address] });
    const left = knows(a, 'b', 'left');
    await again.leave();
    expect(await left).toMatchObject({ status: 'left' });
  });

  test('that leaves at once, and reaches nobody, closes without waiting any longer', async () => {
    const a = await start('a', { peers: ['127.0.0.1:1'] });
    await a.leave({ timeoutMs: 60_000 });
    expect(await a.stopped).toBeUndefined();
  });

  test('that stops without a word is suspected, then down; it can be forgotten then, and not before', async () => {
    const a = await start('a');
    const b = await start('b', { peers: [a.address] });
    await knows(a, 'b', 'up');
    await expect(a.forget('b')).rejects.toMatchObject({ code: 'MEMBER_LIVE' });
    await expect(a.forget('a')).rejects.toMatchObject({ code: 'MEMBER_LIVE' });
    await expect(a.forget('nobody')).rejects.toMatchObject({ code: 'MEMBER_UNKNOWN' });
    await expect(a.forget('no name!')).rejects.toMatchObject({ code: 'MEMBER_UNKNOWN' });
    const suspected = knows(a, 'b', 'suspect');
    const down = knows(a, 'b', 'down');
    await b.close();
    await suspected;
    await down;
    await a.forget('b');
    expect(statuses(a)).toEqual(['a up']);
  });

  test('that is forgotten for ever leaves one record of all its runs everywhere, and is let in by nobody', async () => {
    const a = await start('a');
    const b = await start('b', { peers: [a.address] });
    const dir = await temporaryDir();
    for (const run of [1, 2, 3]) {
      const before = await start('c', { dir, peers: [a.address, b.address] });
      await Promise.all([knows(a, 'c', 'up'), knows(b, 'c', 'up')]);
      await before.put(`run ${run}`, run);
      await Promise.all([a.sync(), b.sync()]);
      await before.close();
    }
    await Promise.all([knows(a, 'c', 'down'), knows(b, 'c', 'down')]);
    expect((await a.status()).actors).toBe(3);
    expect(await a.forget('c', { forEver: true })).toEqual({ runs: 3 });
    expect(await a.forget('c', { forEver: true })).toEqual({ runs: 0 });
    await b.sync();
    expect(statuses(a)).toEqual(['a up', 'b up']);
    expect(await contentsOf(b)).toEqual(await contentsOf(a));
    expect((await contentsOf(a)).size).toBe(3);

    const c = await start('c', { dir });
    const { reached, unreached } = await c.join([a.address, b.address]);
    expect(reached).toEqual([]);
    for (const { reason } of unreached) expect(reason).toContain('node c was forgotten for ever here');
    const refused = {
      code: 'PEER_REJECTED',
      message: expect.stringContaining('for ever here: give this one') as string,
    };
    for (const node of [a, b, c])
      expect((await node.status()).warnings).toContainEqual(expect.objectContaining(refused));
  });

  test('is not forgotten for ever while another member is away, or unknown to all', async () => {
    const a = await start('a');
    const b = await start('b', { peers: [a.address] });
    const c = await start('c', { peers: [a.address] });
    await Promise.all([knows(a, 'b', 'up'), knows(a, 'c', 'up')]);
    const away = [knows(a, 'b', 'down'), knows(a, 'c', 'down')];
    await Promise.all([b.close(), c.close()]);
    await Promise.all(away);
    await expect(a.forget('c', { forEver: true })).rejects.toMatchObject({
      code: 'MEMBER_UNSETTLED',
      message:
        'Node c is not forgotten for ever: these members are away, and may hold writes of it that no other node has: b. Let them come back, or forget them first.',
    });
    expect(statuses(a)).toContain('c down');
    await a.forget('b');
    expect(await a.forget('c', { forEver: true })).toEqual({ runs: 0 });
    await expect(a.forget('nobody', { forEver: true })).rejects.toMatchObject({ code: 'MEMBER_UNKNOWN' });
    const outsider = await start('outsider', { membership: false, peers: [a.address] });
    await outsider.sync();
    await expect(a.forget('outsider', { forEver: true })).rejects.toMatchObject({
      code: 'MEMBER_UNSETTLED',
      message: 'Node outsider is not forgotten for ever: it is connected with this node.',
    });
    const partial = await start('p', { sampler: 'partial' });
    await expect(partial.forget('c', { forEver: true })).rejects.toMatchObject({ code: 'MEMBER_UNSETTLED' });
    for (const options of [{ forEver: 'yes' }, { forever: true }] as object[])
      await expect(a.forget('c', options)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });

  test('finds its cluster again after a restart, by what it knew, though its seed is gone', async () => {
    const a = await start('a');
    const b = await start('b', { peers: [a.address] });
    const dir = await temporaryDir();
    const c = await start('c', { dir, peers: [a.address] });
    await Promise.all([knows(b, 'c', 'up'), knows(c, 'b', 'up')]);
    await c.close();
    await a.close();
    const again = await start('c', { dir });
    await knows(b, 'c', 'up', again.address);
    expect(statuses(again)).toContain('b up');
  });

  test('joins again by itself what it had joined, after a restart', async () => {
    const a = await start('a', { membership: false });
    const dir = await temporaryDir();
    const b = await start('b', { dir });
    await b.join([a.address]);
    await b.close();
    const again = await start('b', { dir });
    expect((await again.status()).peers.map(({ address }) => address)).toEqual([a.address]);
  });

  test('without membership tells no members, and joins and leaves all the same', async () => {
    const a = await start('a');
    const b = await start('b', { membership: false });
    const off = { code: 'MEMBERSHIP_OFF' };
    expect(() => b.members()).toThrow(expect.objectContaining(off));
    await expect(b.forget('a')).rejects.toMatchObject(off);
    expect((await b.join([a.address])).reached).toEqual([a.address]);
    expect(statuses(a)).toEqual(['a up']);
    await b.leave();
    expect(await b.stopped).toBeUndefined();
  });

  test('of a name that another live one has is refused by those that know that one, and told so', async () => {
    const a = await start('a');
    const b = await start('b', { peers: [a.address] });
    await knows(a, 'b', 'up');
    const twin = await start('b');
    const { reached, unreached } = await twin.join([a.address]);
    expect(reached).toEqual([]);
    expect(unreached[0]?.reason).toMatch(/^two nodes have the name b: /u);
    expect((await a.status()).warnings.map(({ code }) => code)).toContain('SAME_NAME');
    expect(a.members().find(({ nodeId }) => nodeId === 'b')?.address).toBe(b.address);
  });

  test('tells its peers the address that it was told to advertise', async () => {
    const a = await start('a');
    await start('b', { peers: [a.address], advertise: 'localhost:1' });
    await knows(a, 'b', 'up', 'localhost:1');
  });

  test('tells its peers what it was given to tell of itself, as long as it may be', async () => {
    const a = await start('a');
    const metadata = 'é'.repeat(256);
    await start('b', { peers: [a.address], metadata });
    expect(await knows(a, 'b', 'up')).toMatchObject({ metadata });
  });

  test('that has nobody to tell it refuses to be given something to tell of itself', async () => {
    const refused = { code: 'INVALID_OPTION', message: expect.stringContaining('`membership`') as string };
    await expect(start('a', { membership: false, metadata: 'zone=1' })).rejects.toMatchObject(refused);
  });

  test('that listens on all addresses is known by the one by which it was seen', async () => {
    const a = await start('a');
    const b = await start('b', { peers: [a.address], listen: '0.0.0.0:0', insecureNetwork: true });
    const port = b.address.split(':').at(-1);
    await knows(a, 'b', 'up', `127.0.0.1:${port}`);
  });
});
