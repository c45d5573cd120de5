import { existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStore, restoreStore } from '../../src/index.ts';
import { runStore, startServe } from '../support/run-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('store backup and store restore', () => {
  it('bring a running node back into another folder, and refuse one that holds a store', async () => {
    const folder = await temporaryFolder();
    const [data, other, file] = [join(folder, 'a'), join(folder, 'x', 'b'), join(folder, 'a.boato')];
    const serve = await startServe(['--data', data, '--name', 'a']);
    await runStore(['put', 'greeting', 'Good morning', '--data', data]);
    await runStore(['put', 'large', '--file', '-', '--data', data], { input: 'v'.repeat(1_000_000) });

    const backup = await runStore(['backup', file, '--data', data]);
    expect(backup).toMatchObject({ code: 0, stderr: '' });
    expect(backup.stdout).toMatch(/^backed up node a: \d+ records, .*KB\n$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['a', 'a.boato']);
    const piped = await runStore(['backup', '-', '--data', data]);
    expect(piped).toMatchObject({ code: 0, stderr: '' });
    expect(piped.stdoutBytes.subarray(0, 8).toString()).toBe('boato-bk');
    await serve.stop();

    const restore = await runStore(['restore', file, '--data', other, '--json']);
    expect(restore).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(restore.stdout)).toMatchObject({ dir: other, nodeId: 'a', clusterId: 'default' });
    expect((await runStore(['get', 'greeting', '--data', other])).stdout).toBe('Good morning\n');

    const refused = await runStore(['restore', file, '--data', other]);
    expect(refused).toMatchObject({ code: 3, stdout: '' });
    expect(refused.stderr).toMatch(/^store: The folder .* holds a store already: [^\n]*\n$/);

    const again = await runStore(['restore', '-', '--data', join(folder, 'c')], { input: piped.stdoutBytes });
    expect(again).toMatchObject({ code: 0, stderr: '' });
    const store = await openStore({ dir: join(folder, 'c') });
    expect(store.nodeId).toBe('a');
    expect(await store.get('large')).toBe('v'.repeat(1_000_000));
    await store.close();
  });

  it('leave no store behind a file that is cut off, and no file where none can be', async () => {
    const folder = await temporaryFolder();
    const [data, file] = [join(folder, 'a'), join(folder, 'a.boato')];
    await runStore(['put', 'greeting', 'Good morning', '--data', data]);
    await runStore(['backup', file, '--data', data]);
    const whole = await readFile(file);
    await writeFile(file, whole.subarray(0, -10));

    const refused = await runStore(['restore', file, '--data', join(folder, 'x', 'b')]);
    expect(refused).toMatchObject({
      code: 3,
      stdout: '',
      stderr: 'store: The backup cannot be used: it is cut off.\n',
    });
    expect(existsSync(join(folder, 'x'))).toBe(false);

    const nowhere = await runStore(['backup', join(folder, 'none', 'file'), '--data', data]);
    expect(nowhere.code).toBe(3);
    expect(nowhere.stderr).toMatch(/^store: The file .* cannot be written \(ENOENT\): [^\n]*\n$/);
    expect((await runStore(['backup', file, '--data', join(folder, 'none')])).code).toBe(3);
  });
});

describe('backup and restoreStore', () => {
  it('do the same in a program, and what a killed restore left is no hindrance', async () => {
    const folder = await temporaryFolder();
    const store = await openStore({ dir: join(folder, 'a'), nodeId: 'a' });
    await store.put('a', 1);
    const result = await store.backup(join(folder, 'file'));
    await store.put('a', 2);
    await store.close();
    expect(result).toMatchObject({ nodeId: 'a', bytes: (await stat(join(folder, 'file'))).size });

    const dir = join(folder, 'b');
    const left = await openStore({ dir: join(dir, 'restore.tmp') });
    await left.close();
    expect(await restoreStore(join(folder, 'file'), { dir })).toEqual(result);
    expect((await readdir(dir)).toSorted()).toEqual(['db', 'initialized']);
    const restored = await openStore({ dir });
    expect(await restored.get('a')).toBe(1);
    await restored.close();

    await expect(restoreStore(join(folder, 'none'), { dir: join(folder, 'c') })).rejects.toMatchObject({
      code: 'BACKUP_INVALID',
    });
    expect(existsSync(join(folder, 'c'))).toBe(false);
  });
});
