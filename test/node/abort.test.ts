/** What takes long can be called off, and leaves nothing behind. */

import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BoatoError, openNode, openStore, restoreStore, type Store } from '../../src/index.ts';
import { temporaryDir, temporaryNode, temporaryStore } from './temporary-store.ts';

const ABORTED = { name: 'BoatoError', code: 'ABORTED', cause: 'enough' };

/** More than one page, and more than one piece of a backup. */
async function fill(store: Store): Promise<void> {
  const value = 'v'.repeat(4000);
  await store.batch(Array.from({ length: 600 }, (_, at) => ({ type: 'put', key: `k${at}`, value })));
}

describe.each([
  ['a store', openStore],
  ['a node', openNode],
])('opening %s', (_, open) => {
  test('that was called off before makes nothing', async () => {
    const dir = await temporaryDir();
    await expect(open({ dir, signal: AbortSignal.abort('enough') })).rejects.toMatchObject(ABORTED);
    expect(await readdir(dirname(dir))).toEqual([]);
  });

  test('that is called off meanwhile lets the folder go, and keeps what was in it', async () => {
    const dir = await temporaryDir();
    const first = await openStore({ dir });
    await first.put('k', 1);
    await first.close();
    for (const turns of [0, 1, 2, 5, 10, 20, 50, 100, 200]) {
      const controller = new AbortController();
      const opening = open({ dir, signal: controller.signal });
      const outcome = opening.then(
        (store) => store.close().then(() => 'opened'),
        (error: unknown) => (error instanceof BoatoError ? error.code : error),
      );
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      controller.abort();
      expect(['ABORTED', 'opened']).toContain(await outcome);
    }
    expect(await (await temporaryStore({ dir })).get('k')).toBe(1);
  });

  test('is not called off later', async () => {
    const controller = new AbortController();
    const store = await open({ dir: await temporaryDir(), signal: controller.signal });
    controller.abort();
    await store.put('k', 1);
    await store.close();
  });
});

describe('entries', () => {
  test('end with a failure where their reader calls them off', async () => {
    const store = await temporaryStore();
    await fill(store);
    const controller = new AbortController();
    const seen: string[] = [];
    const read = async (): Promise<void> => {
      for await (const { key } of store.entries({ signal: controller.signal })) {
        seen.push(key);
        if (seen.length === 3) controller.abort('enough');
      }
    };
    await expect(read()).rejects.toMatchObject(ABORTED);
    expect(seen).toHaveLength(3);
  });

  test('that are counted end, too', async () => {
    const store = await temporaryStore();
    await fill(store);
    const controller = new AbortController();
    const counting = store.count({ prefix: 'k', signal: controller.signal });
    controller.abort('enough');
    await expect(counting).rejects.toMatchObject(ABORTED);
  });
});

describe('a backup', () => {
  test('that is called off leaves no file', async () => {
    const store = await temporaryStore();
    await fill(store);
    const path = join(await temporaryDir(), '..', 'backup');
    const controller = new AbortController();
    const backup = store.backup(path, { signal: controller.signal });
    controller.abort('enough');
    await expect(backup).rejects.toMatchObject(ABORTED);
    expect(await readdir(dirname(path))).toEqual([]);
  });

  test('that is called off in the middle of its pieces fails', async () => {
    const store = await temporaryStore();
    await fill(store);
    const controller = new AbortController();
    const read = async (): Promise<void> => {
      for await (const _ of store.backupStream({ signal: controller.signal })) controller.abort('enough');
    };
    await expect(read()).rejects.toMatchObject(ABORTED);
  });

  test('whose restore is called off leaves no store', async () => {
    const store = await temporaryStore();
    await fill(store);
    const dir = await temporaryDir();
    const controller = new AbortController();
    async function* pieces(): AsyncGenerator<Uint8Array, void, undefined> {
      for await (const piece of store.backupStream()) {
        yield piece;
        controller.abort('enough');
      }
    }
    await expect(restoreStore(pieces(), { dir, signal: controller.signal })).rejects.toMatchObject(ABORTED);
    expect(await readdir(dirname(dir))).toEqual([]);
  });
});

test('a verification that is called off says why', async () => {
  const store = await temporaryStore();
  await fill(store);
  const controller = new AbortController();
  const verifying = store.verify({ signal: controller.signal });
  controller.abort('enough');
  await expect(verifying).rejects.toMatchObject(ABORTED);
});

test('a sync that is called off says why', async () => {
  const node = await temporaryNode({ peers: ['127.0.0.1:1'] });
  const syncing = node.sync({ wait: true, signal: AbortSignal.abort('enough') });
  await expect(syncing).rejects.toMatchObject(ABORTED);
});

test('what is no signal is refused, everywhere', async () => {
  const node = await temporaryNode();
  const signal = { aborted: false } as AbortSignal;
  const dir = await temporaryDir();
  for (const call of [
    () => openStore({ dir, signal }),
    () => openNode({ dir, signal }),
    () => restoreStore('x', { dir, signal }),
    () => node.get('k', { signal }),
    () => node.entries({ signal }).next(),
    () => node.count({ signal }),
    () => node.sync({ signal }),
    () => node.verify({ signal }),
    () => node.backup('x', { signal }),
    () => node.backupStream({ signal }).next(),
  ]) {
    await expect(call()).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: 'The option `signal` must be an AbortSignal.',
    });
  }
});
