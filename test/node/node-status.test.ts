import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freeAddress, NOBODY } from './ports.ts';
import { temporaryDir, temporaryNode, temporaryStore } from './temporary-store.ts';

const HASH = /^[0-9a-f]{16}$/;

describe('the status of a store', () => {
  test('tells who it is, where, and what it holds', async () => {
    const dir = await temporaryDir();
    const relativeDir = relative(process.cwd(), dir);
    const store = await temporaryStore({
      dir: relativeDir,
      nodeId: 'a',
      clusterId: 'shops',
      tombstoneTtlMs: 5000,
    });
    const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
    const { version } = JSON.parse(manifest) as { version: string };
    const empty = await store.status();
    expect(empty).toEqual({
      nodeId: 'a',
      clusterId: 'shops',
      version,
      dir,
      durability: 'fsync',
      tombstoneTtlMs: 5000,
      entries: 0,
      permanent: 0,
      actors: 0,
      cloudDots: 0,
      looseDots: 0,
      lastVersion: 0,
      horizon: 0,
      contextHash: expect.stringMatching(HASH),
      fingerprint: '0000000000000000',
      bootstrapping: false,
      healing: false,
      warnings: [],
    });
    await store.put('kept', 1);
    await store.put('expiring', 1, { ttlMs: 1_000_000 });
    await store.del('kept');
    await store.put('k', 1);
    const entry = await store.getEntry('k');
    const status = await store.status();
    expect(status).toMatchObject({
      entries: 3,
      permanent: 1,
      actors: 1,
      actor: entry?.actor,
      lastVersion: entry?.version,
    });
    expect(status.contextHash).not.toBe(empty.contextHash);
    expect(status.fingerprint).not.toBe(empty.fingerprint);
  });

  test('warns that writes can be taken back without fsync', async () => {
    const store = await temporaryStore({ durability: 'os' });
    expect(await store.status()).toMatchObject({
      durability: 'os',
      warnings: [{ code: 'NO_FSYNC', message: expect.stringContaining('power loss') }],
    });
  });
});

describe('the status of a node', () => {
  test('shows each peer from its side, and that both have seen and hold the same', async () => {
    const a = await temporaryNode({ nodeId: 'a' });
    expect(await a.status()).toMatchObject({ entries: 0, actors: 0, sessions: [] });
    const b = await temporaryNode({ nodeId: 'b', peers: [a.address] });
    await a.put('k', 1);
    await b.put('l', 2);
    await b.sync();
    await b.sync({ wait: true });
    const [ofA, ofB] = [await a.status(), await b.status()];
    expect(ofA).toMatchObject({ nodeId: 'a', address: a.address, entries: 2, actors: 2 });
    expect(ofB).toMatchObject({
      contextHash: ofA.contextHash,
      fingerprint: ofA.fingerprint,
      lastVersion: ofA.lastVersion,
    });
    expect(ofB.peers).toHaveLength(1);
    expect(ofB.peers[0]).toMatchObject({
      address: a.address,
      nodeId: 'a',
      state: 'connected',
      direction: 'outbound',
      actorsBehind: 0,
      lagMs: 0,
    });
    expect(ofB.peers[0]?.rounds).toBeGreaterThan(0);
    expect(ofB.peers[0]?.inSyncAgoMs).toBeGreaterThanOrEqual(0);
    expect(ofB.peers[0]?.lastSuccessAgoMs).toBeGreaterThanOrEqual(0);
    expect(ofB.peers[0]?.heardAgoMs).toBeGreaterThanOrEqual(0);
    expect(Math.abs(ofB.peers[0]?.clockOffsetMs ?? 5000)).toBeLessThan(5000);
    expect(ofB.mode).toBe('push-pull');
    expect(ofB.peers[0]?.bytesReceived).toBeGreaterThan(0);
    expect(ofB.peers[0]?.bytesSent).toBeGreaterThan(0);
    expect(ofA.peers).toHaveLength(1);
    expect(ofA.peers[0]).toMatchObject({ nodeId: 'b', state: 'connected', direction: 'inbound', lagMs: 0 });
  });

  test('shows a peer that cannot be reached, and why', async () => {
    const [address] = NOBODY;
    const node = await temporaryNode({ peers: [address] });
    await node.sync();
    const { peers } = await node.status();
    expect(peers).toEqual([
      {
        address,
        state: expect.stringMatching(/^(?:disconnected|connecting)$/),
        direction: 'outbound',
        rounds: 0,
        bytesReceived: 0,
        bytesSent: 0,
        lastError: `The peer at ${address} cannot be reached: nothing listens there.`,
      },
    ]);
  });

  test('shows its own address among the peers as itself, and nobody waits for it', async () => {
    const address = await freeAddress();
    const node = await temporaryNode({ listen: address, peers: [address] });
    await node.put('k', 1);
    await node.sync();
    const { peers, warnings } = await node.status();
    expect(peers).toMatchObject([{ address, nodeId: node.nodeId, state: 'self' }]);
    expect(warnings).toEqual([]);
    expect(await node.sync({ wait: true })).toMatchObject({ peers: 0, inSync: 0 });
  });

  test('shows a peer of another cluster as rejected, and nothing is taken from it', async () => {
    const other = await temporaryNode({ clusterId: 'bakeries' });
    await other.put('k', 1);
    const node = await temporaryNode({ clusterId: 'shops', peers: [other.address] });
    expect(await node.sync()).toMatchObject({ inSync: 0, entriesReceived: 0 });
    const { peers, warnings } = await node.status();
    expect(peers).toMatchObject([{ address: other.address, state: 'rejected' }]);
    expect(warnings).toMatchObject([{ code: 'PEER_REJECTED', message: expect.stringContaining('cluster') }]);
    expect(await node.count()).toBe(0);
  });
});
