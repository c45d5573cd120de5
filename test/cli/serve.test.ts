import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runStore, spawnStore, startServe } from '../support/run-store.ts';
import { appears, temporaryFolder } from '../support/temporary-folder.ts';
import { runMain } from './run-main.ts';

/** The first lines that come, `count` of them. The stream flows on. */
function linesOf(stream: NodeJS.ReadableStream, count: number): Promise<string[]> {
  let text = '';
  return new Promise((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const lines = text.split('\n');
      if (lines.length > count) resolve(lines.slice(0, count));
    });
  });
}

describe('store serve', () => {
  it('says in one line when it is ready, and where', async () => {
    const dir = join(await temporaryFolder(), 'node');
    const child = spawnStore(['serve', '--data', dir, '--port', '0', '--name', 'a', '--log-level', 'silent']);
    const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    child.kill('SIGTERM');
    await once(child, 'close');
    expect(line.toString()).toMatch(/^ready: a serves peers on 127\.0\.0\.1:[1-9]\d*, data in (.*)\n$/);
    expect(line.toString()).toContain(dir);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('closes cleanly at %s', async (signal) => {
    const dir = join(await temporaryFolder(), 'node');
    const node = await startServe(['--data', dir]);
    await runStore(['put', 'a', '1', '--data', dir]);
    process.kill(node.pid, signal);
    expect(await node.exited).toStrictEqual({ code: 0, signal: null });
    const { stdout } = await runStore(['status', '--data', dir, '--json']);
    expect((JSON.parse(stdout) as { warnings: unknown[] }).warnings).toStrictEqual([]);
  });

  it('keeps its data and its name over a restart', async () => {
    const dir = join(await temporaryFolder(), 'node');
    const first = await startServe(['--data', dir]);
    await runStore(['put', 'a', '1', '--data', dir]);
    expect(await first.stop()).toBe(0);
    const second = await startServe(['--data', dir]);
    expect(second.nodeId).toBe(first.nodeId);
    expect((await runStore(['get', 'a', '--data', dir])).stdout).toBe('1\n');
  });

  it.each([
    ['--name', /name|node/i],
    ['--cluster', /cluster/i],
  ])('refuses another %s than the folder has', async (option, reason) => {
    const dir = join(await temporaryFolder(), 'node');
    const node = await startServe(['--data', dir, option, 'a']);
    await node.stop();
    const { code, stderr } = await runStore([
      'serve',
      '--data',
      dir,
      '--port',
      '0',
      option,
      'b',
      '--log-level',
      'silent',
    ]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^store: [^\n]+\n$/);
    expect(stderr).toMatch(reason);
  });

  it('says that its port is taken', async () => {
    const folder = await temporaryFolder();
    const { address } = await startServe(['--data', join(folder, 'a')]);
    const port = address.slice(address.lastIndexOf(':') + 1);
    const args = ['serve', '--data', join(folder, 'b'), '--port', port, '--log-level', 'silent'];
    const { code, stderr } = await runStore(args);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^store: [^\n]+\n$/);
    expect(stderr).toContain(port);
  });

  it('prints its state in a line to standard error each time, and nothing else there', async () => {
    const dir = join(await temporaryFolder(), 'node');
    const options = ['--print-state', '100ms', '--log-level', 'silent', '--mode', 'pull'];
    const child = spawnStore(['serve', '--data', dir, '--port', '0', ...options]);
    const stderr = await linesOf(child.stderr as NodeJS.ReadableStream, 2);
    expect(JSON.parse((await runStore(['status', '--data', dir, '--json'])).stdout)).toMatchObject({
      mode: 'pull',
    });
    child.kill('SIGTERM');
    await once(child, 'close');
    for (const line of stderr) {
      expect(line).toMatch(
        /^\d{4}-\d\d-\d\dT[\d:.]+Z 0 entries, 0 of 0 peers reachable, 0 sessions, [\d.]+ K?B on disk$/,
      );
    }
  });

  it('listens on IPv6', async () => {
    const dir = join(await temporaryFolder(), 'node');
    const { address } = await startServe(['--data', dir, '--host', '::1']);
    expect(address).toMatch(/^\[::1\]:\d+$/);
  });

  it('gives a peer what it has: sync --wait ends when all hold the same', async () => {
    const folder = await temporaryFolder();
    const [a, b] = [join(folder, 'a'), join(folder, 'b')];
    const first = await startServe(['--data', a, '--name', 'a']);
    await runStore(['put', 'greeting', 'hello', '--data', a]);
    await startServe(['--data', b, '--name', 'b', '--peer', first.address]);
    const synced = await runStore(['sync', '--wait', '--timeout', '20s', '--data', b, '--json']);
    expect(synced).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(synced.stdout)).toMatchObject({ peers: 1, inSync: 1 });
    expect((await runStore(['get', 'greeting', '--data', b])).stdout).toBe('hello\n');
    const { stdout } = await runStore(['status', '--data', b]);
    expect(stdout).toMatch(/^peers\n {2}address .*\n {2}127\.0\.0\.1:\d+ +a +connected/m);
  });
});

describe('store status --watch', () => {
  it('prints a line each time where no terminal is, until no node runs any more', async () => {
    const dir = join(await temporaryFolder(), 'node');
    const node = await startServe(['--data', dir]);
    const child = spawnStore(['status', '--watch', '100ms', '--data', dir]);
    const lines = await linesOf(child.stdout as NodeJS.ReadableStream, 2);
    for (const line of lines) expect(line).toMatch(/Z 0 entries, 0 of 0 peers reachable, .* on disk$/);
    const failed = linesOf(child.stderr as NodeJS.ReadableStream, 1);
    const closed = once(child, 'close');
    await node.stop();
    expect(await failed).toEqual([expect.stringMatching(/^store: /)]);
    expect(await closed).toStrictEqual([3, null]);
  });
});

describe('the end of other commands', () => {
  it('is quiet when nobody reads their output any more', async () => {
    const dir = join(await temporaryFolder(), 'node');
    const text = Array.from(
      { length: 2000 },
      (_, at) => `{"key":"k${at}","value":"${'x'.repeat(1000)}"}\n`,
    ).join('');
    await runStore(['import', '-', '--data', dir], { input: text });
    for (const isServed of [false, true]) {
      if (isServed) await startServe(['--data', dir]);
      for (const command of ['export', 'list']) {
        const child = spawnStore([command, '--data', dir]);
        let stderr = '';
        child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
        await once(child.stdout as NodeJS.ReadableStream, 'readable');
        child.stdout?.destroy();
        const [code] = (await once(child, 'close')) as [number | null];
        expect({ code, stderr }).toStrictEqual({ code: 0, stderr: '' });
      }
    }
  });

  it('by a signal closes the folder before', async () => {
    const dir = join(await temporaryFolder(), 'node');
    await runStore(['put', 'a', '1', '--data', dir]);
    const child = spawnStore(['import', '-', '--data', dir]);
    await appears(join(dir, 'holder.json'));
    child.stdin?.write('{"key":"b","value":1}\n{"key":"c","val');
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.kill('SIGINT');
    expect(await once(child, 'close')).toStrictEqual([130, null]);
    // Where the signal comes before the store is open, nothing was begun.
    expect(stderr).toMatch(/^(store: The import was interrupted with [01] entr(y|ies) stored: .*\n)?$/);
    expect(await runStore(['get', 'a', '--data', dir])).toMatchObject({ code: 0, stdout: '1\n', stderr: '' });
  });

  it('by a broken line in the middle keeps what came before, from a node as well', async () => {
    const folder = await temporaryFolder();
    const dir = join(folder, 'node');
    await startServe(['--data', dir]);
    const file = join(folder, 'lines');
    const good = Array.from({ length: 1000 }, (_, at) => `{"key":"k${at}","value":${at}}\n`).join('');
    await writeFile(file, `${good}{"key":\n${good.repeat(100)}`);
    const { code, stderr } = await runStore(['import', file, '--data', dir]);
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /^store: line 1001: .*; the import stopped there, with 1000 entries stored: .*\n$/,
    );
    expect((await runStore(['count', '--data', dir])).stdout).toBe('1000\n');
  });
});

describe('help', () => {
  const commands = [
    'serve',
    'put',
    'get',
    'del',
    'list',
    'count',
    'import',
    'export',
    'status',
    'sync',
    'collect',
  ];

  it.each(commands)('of %s has examples', async (command) => {
    const { code, stdout, stderr } = await runMain([command, '--help']);
    expect({ code, stderr }).toStrictEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Examples:\\n(.*\\bstore ${command}\\b.*\\n)+`, 'm'));
    expect(stdout).toContain('--data <folder>');
    expect(stdout).toContain('--json');
  });

  it('is what store alone prints, as an error', async () => {
    const { code, stdout, stderr } = await runMain([]);
    expect({ code, stdout }).toStrictEqual({ code: 2, stdout: '' });
    for (const command of commands) expect(stderr).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    expect(await runMain(['--help'])).toMatchObject({ code: 0, stdout: stderr });
  });

  it('has the version', async () => {
    const { code, stdout } = await runStore(['--version']);
    expect({ code, stdout }).toStrictEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
    });
  });
});
