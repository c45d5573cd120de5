import { describe, expect, test } from 'vitest';
import { openStore } from '../../src/index.ts';
import { contentsOf, temporaryDir, temporaryNode, temporaryStore } from './temporary-store.ts';
import { openFaultyNode } from './faulty-node.ts';

const DISK_FULL = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
const FENCED = { name: 'BoatoError', code: 'STORE_FENCED', cause: DISK_FULL };

describe('stopped', () => {
  test('settles with nothing when the node was closed, and not before', async () => {
    const node = await temporaryNode();
    await node.put('k', 1);
    await node.sync();
    expect(await Promise.race([node.stopped, Promise.resolve('runs')])).toBe('runs');
    await node.close();
    expect(await node.stopped).toBeUndefined();
  });

  test('settles with the error when a write fails, and the folder is free then', async () => {
    const dir = await temporaryDir();
    const node = await openFaultyNode(dir, 1, DISK_FULL);
    await node.put('k', 'acknowledged');
    const refused = [node.put('k', 'refused'), node.put('l', 'refused'), node.del('k')];
    for (const outcome of await Promise.allSettled(refused)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: FENCED });
    }
    expect(await node.stopped).toMatchObject(FENCED);
    const store = await openStore({ dir });
    expect(await contentsOf(store)).toEqual(new Map([['k', 'acknowledged']]));
    await store.close();
  });

  test('settles with the error when what a peer sent cannot be written', async () => {
    const peer = await temporaryNode();
    await peer.put('k', 1);
    const node = await openFaultyNode(await temporaryDir(), 0, DISK_FULL, [peer.address]);
    expect(await node.stopped).toMatchObject(FENCED);
    await peer.put('k', 2);
    expect(await peer.get('k')).toBe(2);
  });

  test('settles with the error also when the node is closed afterwards', async () => {
    const dir = await temporaryDir();
    const node = await openFaultyNode(dir, 0, DISK_FULL);
    await expect(node.put('k', 1)).rejects.toMatchObject(FENCED);
    await Promise.all([node.close(), node.close()]);
    expect(await node.stopped).toMatchObject(FENCED);
    await expect(node.get('k')).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    expect(await (await temporaryStore({ dir })).count()).toBe(0);
  });
});
