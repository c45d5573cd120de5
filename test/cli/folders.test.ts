import { once } from 'node:events';
import { access, readdir, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runStore, spawnStore, startServe } from '../support/run-store.ts';
import { appears, temporaryFolder } from '../support/temporary-folder.ts';
import { runMain } from './run-main.ts';

describe('a folder without a store', () => {
  it.each([['get', 'a'], ['del', 'a'], ['list'], ['count'], ['export'], ['status'], ['collect']])(
    'is not made by store %s',
    async (...args) => {
      const parent = await temporaryFolder();
      const dir = join(parent, 'node');
      const { code, stdout, stderr } = await runMain([...args, '--data', dir]);
      expect({ code, stdout, stderr }).toStrictEqual({
        code: 3,
        stdout: '',
        stderr: `store: There is no store in ${dir}: \`store put\` or \`store serve\` makes one.\n`,
      });
      expect(await readdir(parent)).toStrictEqual([]);
    },
  );

  it('is not made by an import of a file that is not there, nor by store sync', async () => {
    const parent = await temporaryFolder();
    const dir = join(parent, 'node');
    const imported = await runMain(['import', join(parent, 'none'), '--data', dir]);
    expect(imported).toMatchObject({ code: 3, stdout: '' });
    expect(imported.stderr).toBe(
      `store: The file ${join(parent, 'none')} cannot be read: there is no such file.\n`,
    );
    const synced = await runMain(['sync', '--data', dir]);
    expect(synced).toMatchObject({
      code: 3,
      stderr: `store: No node runs in ${dir}: \`store serve\` starts one.\n`,
    });
    expect(await readdir(parent)).toStrictEqual([]);
  });

  it('is data/node of the working directory if nothing else is said', async () => {
    const cwd = await temporaryFolder();
    expect((await runStore(['put', 'a', '1'], { cwd })).code).toBe(0);
    await access(join(cwd, 'data/node/initialized'));
    expect((await runStore(['get', 'a', '--data', join(cwd, 'data/node')])).stdout).toBe('1\n');
  });

  it('is named by --data before STORE_DATA', async () => {
    const parent = await temporaryFolder();
    const env = { STORE_DATA: join(parent, 'b') };
    await runStore(['put', 'a', '1', '--data', join(parent, 'a')], { env });
    expect(await readdir(parent)).toStrictEqual(['a']);
    await runStore(['put', 'a', '1'], { env });
    expect(await readdir(parent)).toStrictEqual(['a', 'b']);
  });
});

describe('the socket of a running node', () => {
  it('opens for its owner only', async () => {
    const dir = join(await temporaryFolder(), 'node');
    const { socket, pid } = await startServe(['--data', dir]);
    expect(socket).toBe(join(dir, 'socket'));
    expect(((await stat(socket)).mode & 0o777).toString(8)).toBe('600');
    expect(JSON.parse(await readFile(join(dir, 'node.json'), 'utf8'))).toMatchObject({ pid, socket });
  });

  it('works for a folder with a path of more than 100 bytes', async () => {
    const dir = join(await temporaryFolder(), 'long'.repeat(25), 'node');
    const node = await startServe(['--data', dir]);
    expect(node.socket.startsWith(dir)).toBe(false);
    expect(((await stat(dirname(node.socket))).mode & 0o777).toString(8)).toBe('700');
    await runStore(['put', 'a', '1', '--data', dir]);
    const { stdout } = await runStore(['status', '--data', dir]);
    expect(stdout).toContain(`running as process ${node.pid}`);
    await node.stop();
    await expect(access(dirname(node.socket))).rejects.toThrow('ENOENT');
    expect((await runStore(['get', 'a', '--data', dir])).stdout).toBe('1\n');
  });

  it('of a killed node is passed over, and replaced by the next one', async () => {
    const dir = join(await temporaryFolder(), 'node');
    const killed = await startServe(['--data', dir]);
    await runStore(['put', 'a', '1', '--data', dir]);
    await killed.kill();
    await access(killed.socket);
    expect(await runStore(['get', 'a', '--data', dir])).toMatchObject({ code: 0, stdout: '1\n' });
    const next = await startServe(['--data', dir]);
    expect(next.nodeId).toBe(killed.nodeId);
    const { stdout } = await runStore(['status', '--data', dir]);
    expect(stdout).toContain(`running as process ${next.pid}`);
    expect(await next.stop()).toBe(0);
    expect(await readdir(dir)).not.toContain('socket');
    expect(await readdir(dir)).not.toContain('node.json');
  });

  it('of a killed node with a long path is found by the next one, too', async () => {
    const dir = join(await temporaryFolder(), 'long'.repeat(25));
    const killed = await startServe(['--data', dir]);
    await killed.kill();
    const next = await startServe(['--data', dir]);
    expect(next.socket).not.toBe(killed.socket);
    await expect(access(dirname(killed.socket))).rejects.toThrow('ENOENT');
    await next.stop();
  });
});

describe('a folder that is in use', () => {
  it('is refused to a second node, which names the first', async () => {
    const dir = join(await temporaryFolder(), 'node');
    const { pid } = await startServe(['--data', dir]);
    const { code, stdout, stderr } = await runStore([
      'serve',
      '--data',
      dir,
      '--port',
      '0',
      '--log-level',
      'silent',
    ]);
    expect({ code, stdout }).toStrictEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^store: The folder .* is in use by process \d+[^\n]*\n$/);
    expect(stderr).toContain(String(pid));
    expect((await runStore(['put', 'a', '1', '--data', dir])).code).toBe(0);
  });

  it('by another command is named in one sentence', async () => {
    const dir = join(await temporaryFolder(), 'node');
    await runStore(['put', 'a', '1', '--data', dir]);
    // An import whose input does not end holds the folder.
    const holder = spawnStore(['import', '-', '--data', dir]);
    await appears(join(dir, 'holder.json'));
    const { code, stderr } = await runStore(['get', 'a', '--data', dir]);
    holder.stdin?.end();
    await once(holder, 'close');
    expect(code).toBe(3);
    expect(stderr).toBe(
      `store: The folder ${dir} is in use by process ${holder.pid}, perhaps another \`store\` command: try again when it has ended, or let \`store serve\` run there, through which many commands work at once.\n`,
    );
    expect(await runStore(['get', 'a', '--data', dir])).toMatchObject({ code: 0, stdout: '1\n' });
  });
});

describe('a node that does not answer', () => {
  it('ends a command with a sentence when it goes away', async () => {
    const dir = await temporaryFolder();
    const server = createServer((connection) => {
      connection.once('data', () => connection.destroy());
    });
    server.listen(join(dir, 'socket'));
    await once(server, 'listening');
    const { code, stderr } = await runStore(['get', 'a', '--data', dir]);
    server.close();
    expect({ code, stderr }).toStrictEqual({
      code: 3,
      stderr: `store: The node of ${dir} went away before it had answered.\n`,
    });
  });
});
