/** Real processes, really killed. They are awaited by what they print and by their end, never by time. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../src/index.ts';
import { runStore, startServe } from '../support/run-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const LIBRARY = pathToFileURL(join(import.meta.dirname, '..', '..', 'dist', 'index.js')).href;

/** Writes for ever, 32 at a time, and prints each key once its write was acknowledged. */
const STORM = `
  import { openStore } from ${JSON.stringify(LIBRARY)};
  const store = await openStore({ dir: process.argv[1] });
  let next = 0;
  await Promise.all(Array.from({ length: 32 }, async () => {
    for (;;) {
      const key = 'key' + next++;
      await store.put(key, 'value of ' + key);
      process.stdout.write(key + '\\n');
    }
  }));
`;

describe('a node', () => {
  test.each([1, 300, 2000])('killed after %d acknowledged writes of a storm has them all', async (count) => {
    const dir = join(await temporaryFolder(), 'node');
    const child = spawn(process.execPath, ['--input-type=module', '--eval', STORM, dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'close');
    const acknowledged: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(line);
      if (acknowledged.length === count) child.kill('SIGKILL');
    }
    await ended;
    expect(acknowledged.length).toBeGreaterThanOrEqual(count);
    const store = await openStore({ dir });
    const values = await store.getMany(acknowledged);
    expect(values).toEqual(acknowledged.map((key) => `value of ${key}`));
    await store.close();
  });

  test('keeps its data, its name and what it has seen across a restart', async () => {
    const dir = join(await temporaryFolder(), 'node');
    const first = await startServe(['--data', dir, '--name', 'lasting']);
    await runStore(['put', 'greeting', 'hello', '--data', dir]);
    const before = JSON.parse((await runStore(['status', '--data', dir, '--json'])).stdout) as object;
    expect(await first.stop()).toBe(0);
    const second = await startServe(['--data', dir]);
    expect(second.nodeId).toBe('lasting');
    expect((await runStore(['get', 'greeting', '--data', dir])).stdout).toBe('hello\n');
    const after = JSON.parse((await runStore(['status', '--data', dir, '--json'])).stdout) as object;
    const { contextHash, fingerprint, lastVersion } = before as Record<string, unknown>;
    expect(after).toMatchObject({ contextHash, fingerprint, lastVersion });
  });

  test('is replicated to another one, which keeps it when the first is killed', async () => {
    const folder = await temporaryFolder();
    const a = await startServe(['--data', join(folder, 'a'), '--name', 'a']);
    await startServe(['--data', join(folder, 'b'), '--name', 'b', '--peer', a.address]);
    await runStore(['put', 'k', 'from a', '--data', join(folder, 'a')]);
    const synced = await runStore(['sync', '--wait', '--timeout', '20s', '--data', join(folder, 'b')]);
    expect(synced).toMatchObject({ code: 0, stderr: '' });
    await runStore(['sync', '--data', join(folder, 'b')]);
    await a.kill();
    expect((await runStore(['get', 'k', '--data', join(folder, 'b')])).stdout).toBe('from a\n');
  });

  test('whose database is gone does not begin an empty one in its place', async () => {
    const dir = join(await temporaryFolder(), 'node');
    await runStore(['put', 'k', 'v', '--data', dir]);
    await rm(join(dir, 'db', 'CURRENT'));
    const refused = await runStore(['get', 'k', '--data', dir]);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(/^store: The database in .* is missing or incomplete, .*\n$/);
    await rm(join(dir, 'db'), { recursive: true });
    expect((await runStore(['put', 'k', 'v', '--data', dir])).code).toBe(3);
  });
});
