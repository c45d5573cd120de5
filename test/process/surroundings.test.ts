/** What a machine does to a process: it runs out of file descriptors, its disk is read-only, its clock jumps. */

import { execFile, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openStore, type StoreStatus } from '../../src/index.ts';
import { CommandedStore } from '../support/commanded-store.ts';
import { runStore, startServe } from '../support/run-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);

const canLimit = spawnSync('prlimit', ['--version']).status === 0;
const unlimited = canLimit ? '' : ' (NOT TESTED HERE: there is no prlimit)';

const canMount = process.getuid?.() === 0 && spawnSync('mount', ['--version']).status === 0;
const unmounted = canMount ? '' : ' (NOT TESTED HERE: only root may mount)';

/** The library that `faketime` puts before a process. */
const fakeTime = spawnSync('faketime', ['-f', '+0d', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' });
const canJump = fakeTime.status === 0;
const unjumped = canJump ? '' : ' (NOT TESTED HERE: there is no faketime)';

async function warningsOf(store: CommandedStore): Promise<readonly string[]> {
  const { warnings } = (await store.call('status')).value as StoreStatus;
  return warnings.map(({ code }) => code);
}

describe.skipIf(!canLimit)('a process without a free file descriptor', { timeout: 60_000 }, () => {
  const limit = (pid: number, files: number): Promise<unknown> =>
    run('prlimit', ['--pid', String(pid), `--nofile=${files}:`]);

  test(`is told so by what it reads, takes nothing for damaged, and goes on once it has one${unlimited}`, async () => {
    const dir = join(await temporaryFolder(), 'node');
    const keys = Array.from({ length: 100 }, (_, at) => `key/${at}`);
    const made = await openStore({ dir, nodeId: 'a' });
    // More than one table, so that there are some that nobody has opened yet.
    for (let round = 0; round < 2; round++) {
      await Promise.all(keys.map((key) => made.put(key, crypto.getRandomValues(new Uint8Array(60_000)))));
      await made.compact();
    }
    await made.close();

    const store = await CommandedStore.open(dir);
    await limit(store.pid, 3);
    const refused = await store.call('getMany', keys);
    expect(refused).toMatchObject({ code: 'STORE_UNREADABLE' });
    expect(refused.message).toMatch(/too many files open.*nothing is damaged/u);
    expect(await warningsOf(store)).toEqual([]);
    await limit(store.pid, 1024);
    expect((await store.call('getMany', keys)).value).toHaveLength(keys.length);
    await store.close();
    await using again = await openStore({ dir });
    expect(await again.verify()).toMatchObject({ sound: true });
  });

  test(`goes on writing, and compacts once it has some${unlimited}`, async () => {
    const dir = join(await temporaryFolder(), 'node');
    const store = await CommandedStore.open(dir);
    await store.call('put', 'before', 1);
    await limit(store.pid, 3);
    await store.call('compact');
    expect(await store.call('put', 'meanwhile', 1)).toHaveProperty('value');
    await limit(store.pid, 1024);
    await store.call('compact');
    const keys = ['before', 'meanwhile'];
    expect(await store.call('getMany', keys)).toEqual({ value: [1, 1] });
    await store.close();
    await using again = await openStore({ dir });
    expect(await again.getMany(keys)).toEqual([1, 1]);
    expect(await again.verify()).toMatchObject({ sound: true });
  });
});

describe('a folder', () => {
  test('with spaces and letters of all the world in its path serves as any other', async () => {
    const dir = join(await temporaryFolder(), 'com espaços', 'Ærøskøbing ☃ 東京');
    const node = await startServe(['--data', dir, '--name', 'a']);
    expect(await runStore(['put', 'k', 'v', '--data', dir])).toMatchObject({ code: 0, stderr: '' });
    expect((await runStore(['get', 'k', '--data', dir])).stdout).toBe('v\n');
    expect(await node.stop()).toBe(0);
    expect((await runStore(['get', 'k', '--data', dir])).stdout).toBe('v\n');
  });

  test.skipIf(!canMount)(`on a read-only file system is refused with a sentence${unmounted}`, async () => {
    const disk = await temporaryFolder();
    await run('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk]);
    onTestFinished(async () => void (await run('umount', ['--lazy', disk])));
    const dir = join(disk, 'node');
    await mkdir(dir);
    const store = await openStore({ dir });
    await store.put('k', 'v');
    await store.close();
    await run('mount', ['-o', 'remount,ro', disk]);
    for (const args of [
      ['get', 'k'],
      ['put', 'k', 'w'],
      ['serve', '--port', '0'],
    ]) {
      const { code, stderr } = await runStore([...args, '--data', dir]);
      expect(code).toBe(3);
      expect(stderr).toMatch(
        /^store: [^\n]* its file system is read-only; choose another folder with --data\.\n$/u,
      );
    }
    await run('mount', ['-o', 'remount,rw', disk]);
    await using again = await openStore({ dir });
    expect(await again.get('k')).toBe('v');
  });
});

describe.skipIf(!canJump)('a clock', { timeout: 60_000 }, () => {
  test(`that jumps and comes back costs no write, and is doubted meanwhile${unjumped}`, async () => {
    const folder = await temporaryFolder();
    const time = join(folder, 'time');
    const jump = (by: string): Promise<void> => writeFile(time, `${by}\n`);
    await jump('+0');
    const store = await CommandedStore.open(join(folder, 'node'), [
      'env',
      `LD_PRELOAD=${fakeTime.stdout.trim()}`,
      `FAKETIME_TIMESTAMP_FILE=${time}`,
      'FAKETIME_NO_CACHE=1',
      'FAKETIME_DONT_FAKE_MONOTONIC=1',
      'DONT_FAKE_MONOTONIC=1',
    ]);
    const put = async (key: string): Promise<number> => {
      const { value } = await store.call('put', key, key);
      return (value as { readonly version: number }).version;
    };
    const first = await put('first');
    expect(await warningsOf(store)).toEqual([]);
    // Over one drift, in which a clock is doubted; below 2.5, at which writes are refused.
    await jump('+100');
    expect(await warningsOf(store)).toContain('CLOCK_IN_DOUBT');
    expect((await store.call('collect')).value).toHaveProperty('reason');
    const ahead = await put('ahead');
    await jump('+0');
    const back = await put('back');
    expect([first, ahead, back]).toEqual([first, ahead, back].toSorted((a, b) => a - b));
    await jump('+3600');
    await put('far ahead');
    await jump('+0');
    expect(await store.call('put', 'refused', 1)).toMatchObject({ code: 'CLOCK_AHEAD' });
    expect(await store.call('repairClock')).toHaveProperty('value');
    await put('repaired');
    const keys = ['first', 'ahead', 'back', 'far ahead', 'repaired'];
    expect(await store.call('getMany', keys)).toEqual({ value: keys });
    await store.close();
    await using again = await openStore({ dir: join(folder, 'node') });
    expect(await again.verify()).toMatchObject({ sound: true });
  });
});
