/** A real disk, of a few megabytes, filled to its last byte. */

import { execFile } from 'node:child_process';
import { mkdir, open, rm, stat, watch } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type NodeStatus, openStore, type Store } from '../../src/index.ts';
import { BALLAST_BYTES } from '../../src/node/ballast.ts';
import { runStore, startServe } from '../support/run-store.ts';
import { makeTemporaryFolder, removeFolder, temporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);
const MIB = 2 ** 20;
const DISK_BYTES = 160 * MIB;

/** Only root may mount, and not everywhere. */
const canMount = await tryToMount();
if (!canMount)
  process.stderr.write('SKIPPED: no file system can be mounted here, so no real disk is filled.\n');

describe.skipIf(!canMount)('a full disk', { timeout: 120_000 }, () => {
  test('refuses writes and not reads, and takes writes again once there is room, without a restart', async () => {
    const disk = await smallDisk();
    const dir = join(disk, 'node');
    const node = await startServe(['--data', dir, '--name', 'full']);
    await hasBallast(dir);
    await runStore(['put', 'k', 'acknowledged', '--data', dir]);
    await fill(disk);
    const refused = await putUntilRefused(dir);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(/^STORE_FENCED|A write to disk failed/u);
    expect((await runStore(['get', 'k', '--data', dir])).stdout).toBe('acknowledged\n');
    const status = await statusOf(dir);
    expect(status.fenced?.reason).toContain('No space left on device');
    expect(status.warnings.map(({ code }) => code)).toContain('FENCED');
    const again = await runStore(['put', 'k', 'refused', '--data', dir]);
    expect(again).toMatchObject({ code: 3 });
    expect(again.stderr).toContain('The store tries by itself to take writes again');

    await rm(join(disk, 'filler'));
    while ((await statusOf(dir)).fenced !== undefined);
    expect(await runStore(['put', 'k', 'again', '--data', dir])).toMatchObject({ code: 0, stderr: '' });
    expect((await statusOf(dir)).warnings).toEqual([]);
    expect((await stat(join(dir, 'ballast'))).size).toBe(BALLAST_BYTES);
    expect(await node.stop()).toBe(0);
    for (let at = 0; at < refused.count; at++)
      expect((await runStore(['get', `fill/${at}`, '--data', dir])).code).toBe(0);
  });

  test('of a storm of large writes loses nothing that was acknowledged, and no watch', async () => {
    const disk = await smallDisk();
    const dir = join(disk, 'node');
    let takesWrites = (): void => {};
    const info = (_fields: unknown, message: string): void => {
      if (message.startsWith('The store was opened again')) takesWrites();
    };
    const log = { debug() {}, info, warn() {}, error() {} };
    let store = await openStore({ dir, log });
    onTestFinished(() => store.close());
    await hasBallast(dir);
    const changes = store.watch({ prefix: 'after' });
    await changes.begun;
    const acknowledged = new Map<string, number>();
    const failures = await storm(store, acknowledged);
    expect(failures).toMatchObject(Array.from({ length: 8 }, () => ({ code: 'STORE_FENCED' })));
    await expectAll(store, acknowledged);
    // What fills the disk is the store itself: nothing that could be deleted.
    await grow(disk);
    for (;;) {
      const woken = new Promise<void>((resolve) => (takesWrites = resolve));
      if (
        await store.put('after', 1).then(
          () => true,
          () => false,
        )
      )
        break;
      await woken;
    }
    expect((await changes.next()).value).toMatchObject({ type: 'put', key: 'after' });
    await expectAll(store, acknowledged);
    await store.close();
    store = await openStore({ dir });
    await expectAll(store, acknowledged);
    expect(await store.get('after')).toBe(1);
    expect((await store.verify()).sound).toBe(true);
  });

  test('opens with the ballast given back', async () => {
    const disk = await smallDisk();
    const dir = join(disk, 'node');
    const first = await startServe(['--data', dir]);
    await hasBallast(dir);
    await runStore(['put', 'k', 'acknowledged', '--data', dir]);
    await first.kill();
    await fill(disk);
    const store = await openStore({ dir });
    onTestFinished(() => store.close());
    expect(await store.get('k')).toBe('acknowledged');
    await expect(stat(join(dir, 'ballast'))).rejects.toMatchObject({ code: 'ENOENT' });
    await store.put('k', 'written in the room that it gave');
  });
});

async function storm(store: Store, acknowledged: Map<string, number>): Promise<unknown[]> {
  const writer = async (name: number): Promise<unknown> => {
    try {
      for (let at = 0; ; at++) {
        const key = `${name}/${at}`;
        await store.put(key, crypto.getRandomValues(new Uint8Array(50_000)));
        acknowledged.set(key, 50_000);
      }
    } catch (error) {
      return error;
    }
  };
  return Promise.all(Array.from({ length: 8 }, (_, name) => writer(name)));
}

async function expectAll(store: Store, acknowledged: ReadonlyMap<string, number>): Promise<void> {
  const missing: string[] = [];
  for (const [key, length] of acknowledged) {
    const value = await store.get(key);
    if (!(value instanceof Uint8Array && value.length === length)) missing.push(key);
  }
  expect(missing).toEqual([]);
}

async function putUntilRefused(dir: string): Promise<{ count: number; code: number | null; stderr: string }> {
  for (let count = 0; ; count++) {
    const { code, stderr } = await runStore(['put', `fill/${count}`, 'x'.repeat(100_000), '--data', dir]);
    if (code !== 0) return { count, code, stderr };
  }
}

async function statusOf(dir: string): Promise<NodeStatus> {
  return JSON.parse((await runStore(['status', '--data', dir, '--json'])).stdout) as NodeStatus;
}

/** Its ballast is written in the background. */
async function hasBallast(dir: string): Promise<void> {
  const stop = new AbortController();
  const changes = watch(dir, { signal: stop.signal })[Symbol.asyncIterator]();
  let change = changes.next();
  for (;;) {
    const { size } = await stat(join(dir, 'ballast')).catch(() => ({ size: 0 }));
    if (size === BALLAST_BYTES) break;
    await change;
    change = changes.next();
  }
  stop.abort();
  await change.catch(() => undefined);
}

/** To the last byte. */
async function fill(disk: string): Promise<void> {
  const file = await open(join(disk, 'filler'), 'w');
  try {
    for (const bytes of [MIB, 4096]) {
      const piece = new Uint8Array(bytes);
      try {
        for (;;) await file.appendFile(piece);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    await file.close();
  }
}

async function smallDisk(): Promise<string> {
  const disk = await temporaryFolder();
  await mount(disk);
  onTestFinished(() => unmount(disk));
  return disk;
}

async function mount(disk: string): Promise<void> {
  await mkdir(disk, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', disk]);
}

async function grow(disk: string): Promise<void> {
  await run('mount', ['-o', `remount,size=${2 * DISK_BYTES}`, disk]);
}

async function unmount(disk: string): Promise<void> {
  await run('umount', ['--lazy', disk]);
}

async function tryToMount(): Promise<boolean> {
  const disk = await makeTemporaryFolder();
  try {
    await mount(disk);
    await unmount(disk);
    return true;
  } catch {
    return false;
  } finally {
    await removeFolder(disk);
  }
}
