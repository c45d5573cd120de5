import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openNode, openStore } from '../../src/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { temporaryDir, temporaryStore } from './temporary-store.ts';

/** LevelDB's own lock, without any store: holds the database of the folder in its argument until its input ends. */
const HOLD = `
  import { Level } from 'level';
  const db = new Level(process.argv[1]);
  await db.open();
  process.stdout.write('held');
  process.stdin.on('end', () => db.close()).resume();
`;

async function holdInAnotherProcess(dir: string): Promise<{ pid: number; release: () => Promise<void> }> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', HOLD, join(dir, 'db')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return {
    pid: child.pid as number,
    async release() {
      child.stdin.end();
      await ended;
    },
  };
}

describe('a folder that is in use', () => {
  test.each([
    ['openStore', openStore],
    ['openNode', openNode],
  ])('is refused by %s, and the sentence names the folder and its holder', async (_name, open) => {
    const dir = await temporaryDir();
    const holder = await temporaryStore({ dir });
    await expect(open({ dir })).rejects.toMatchObject({
      name: 'BoatoError',
      code: 'STORE_LOCKED',
      message: `The folder ${dir} is in use by process ${process.pid}: stop it, or use another folder.`,
    });
    await holder.put('k', 1);
    expect(await holder.get('k')).toBe(1);
  });

  test('by another process is refused, and the sentence has the number in the note of its holder', async () => {
    const dir = await temporaryDir();
    await (await openStore({ dir })).close();
    const { pid, release } = await holdInAnotherProcess(dir);
    await writeFile(join(dir, 'holder.json'), JSON.stringify({ pid }));
    await expect(openStore({ dir })).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      message: expect.stringContaining(`in use by process ${pid}:`),
    });
    await release();
    await temporaryStore({ dir });
  });

  test.each([
    ['is not there', undefined],
    ['is cut short', '{"pid":'],
    ['names nobody', '{"pid":"me"}'],
  ])('is refused when the note of its holder %s, too', async (_name, note) => {
    const dir = await temporaryDir();
    await (await openStore({ dir })).close();
    const { release } = await holdInAnotherProcess(dir);
    if (note !== undefined) await writeFile(join(dir, 'holder.json'), note);
    await expect(openStore({ dir })).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      message: `The folder ${dir} is in use by another process: stop it, or use another folder.`,
    });
    await release();
  });

  test('is free when its store is closed, and the note of its holder is gone', async () => {
    const dir = await temporaryDir();
    const first = await openStore({ dir });
    expect(existsSync(join(dir, 'holder.json'))).toBe(true);
    await first.close();
    expect((await readdir(dir)).toSorted()).toEqual(['db', 'initialized', 'stopped.json']);
    await temporaryStore({ dir });
  });

  test('is free when the note of a holder that died is left in it', async () => {
    const dir = await temporaryDir();
    await (await openStore({ dir })).close();
    await writeFile(join(dir, 'holder.json'), JSON.stringify({ pid: 1 }));
    await temporaryStore({ dir });
  });
});

describe('a folder', () => {
  test('is made with those above it, for its owner only', async () => {
    const dir = join(await temporaryDir(), 'deep', 'er');
    await temporaryStore({ dir });
    for (const made of [dir, dirname(dir)]) expect((await stat(made)).mode & 0o777).toBe(0o700);
  });

  test('that is a file cannot be a store, nor one below a file', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, 'content');
    for (const dir of [file, join(file, 'node')]) {
      await expect(openStore({ dir })).rejects.toMatchObject({
        code: 'STORE_UNREADABLE',
        message: expect.stringContaining(`The folder ${dir} cannot be made (`),
      });
    }
  });

  test('is free again when the node could not listen', async () => {
    const dir = await temporaryDir();
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const taken = other.address();
    const listen = `127.0.0.1:${typeof taken === 'object' && taken !== null ? taken.port : 0}`;
    await expect(openNode({ dir, listen })).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      message: `The address ${listen} cannot be listened on: the port is in use by another process.`,
    });
    expect((await readdir(dir)).toSorted()).toEqual(['db', 'initialized', 'stopped.json']);
    await temporaryStore({ dir });
  });
});
