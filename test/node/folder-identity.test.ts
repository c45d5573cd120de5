import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openLevelStore } from '../../src/adapters/level-store.ts';
import { removeStopNote } from '../../src/node/stop-note.ts';
import type { NodeId } from '../../src/core/actor.ts';
import { openStore } from '../../src/index.ts';
import { seal } from '../../src/storage/checksum.ts';
import { metaKey } from '../../src/storage/keyspace.ts';
import { encodeIdentity, FORMAT_VERSION } from '../../src/storage/meta-record.ts';
import { temporaryDir, temporaryNode, temporaryStore } from './temporary-store.ts';

const IDENTITY = metaKey('identity');

/** A closed store of node `a` in cluster `shops`. */
async function madeStore(): Promise<string> {
  const dir = await temporaryDir();
  const store = await openStore({ dir, nodeId: 'a', clusterId: 'shops' });
  await store.put('k', 'kept');
  await store.close();
  return dir;
}

async function writeIdentity(dir: string, record: Uint8Array): Promise<void> {
  await removeStopNote(dir);
  const store = await openLevelStore(join(dir, 'db'), { createIfMissing: false });
  await store.write([{ type: 'put', key: IDENTITY, value: record }], { sync: true });
  await store.close();
}

function identityOfFormat(formatVersion: number): Uint8Array {
  const names = { nodeId: 'a' as NodeId, clusterId: 'shops' };
  return seal(IDENTITY, encodeIdentity({ formatVersion, ...names }));
}

describe('a folder', () => {
  test('keeps the name and the cluster that it was made with', async () => {
    const dir = await madeStore();
    const store = await temporaryStore({ dir });
    expect(await store.status()).toMatchObject({ nodeId: 'a', clusterId: 'shops', dir });
  });

  test('keeps a random name', async () => {
    const dir = await temporaryDir();
    const first = await openStore({ dir });
    await first.close();
    expect((await temporaryStore({ dir })).nodeId).toBe(first.nodeId);
  });

  test('can be a map alone today and a node tomorrow', async () => {
    const dir = await madeStore();
    const node = await temporaryNode({ dir, nodeId: 'a' });
    expect(await node.get('k')).toBe('kept');
  });

  test('of another node is refused, left as it was, and free', async () => {
    const dir = await madeStore();
    await expect(openStore({ dir, nodeId: 'b' })).rejects.toMatchObject({
      code: 'NAME_MISMATCH',
      message: 'The folder belongs to node a, not b: use that name, or another folder.',
    });
    const store = await temporaryStore({ dir, nodeId: 'a' });
    expect(await store.get('k')).toBe('kept');
  });

  test('of another cluster is refused, left as it was, and free', async () => {
    const dir = await madeStore();
    await expect(openStore({ dir, clusterId: 'default' })).rejects.toMatchObject({
      code: 'CLUSTER_MISMATCH',
      message: 'The folder belongs to cluster shops, not default: use that cluster, or another folder.',
    });
    const store = await temporaryStore({ dir, clusterId: 'shops' });
    expect(await store.get('k')).toBe('kept');
  });

  test.each([FORMAT_VERSION + 1, 200])(
    'of format %d is refused, left as it was, and free',
    async (format) => {
      const dir = await madeStore();
      await writeIdentity(dir, identityOfFormat(format));
      await expect(openStore({ dir })).rejects.toMatchObject({
        code: 'FORMAT_UNSUPPORTED',
        message: `The folder has format ${format}, and this version of Boato reads format ${FORMAT_VERSION}: use the version that wrote it.`,
      });
      await writeIdentity(dir, identityOfFormat(FORMAT_VERSION));
      expect(await (await temporaryStore({ dir })).get('k')).toBe('kept');
    },
  );

  test('whose name is damaged is refused, and does not take another one', async () => {
    const dir = await madeStore();
    const record = identityOfFormat(FORMAT_VERSION);
    record[2] = (record[2] ?? 0) ^ 1;
    await writeIdentity(dir, record);
    await expect(openStore({ dir, nodeId: 'a' })).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
    await writeIdentity(dir, identityOfFormat(FORMAT_VERSION));
    expect(await (await temporaryStore({ dir, nodeId: 'a' })).get('k')).toBe('kept');
  });
});
