/**
 * System calls on the files of a store that fail: by `strace`, in a real process. The store tells every caller, goes on
 * serving reads, takes writes again by itself, and has all that it acknowledged.
 */

import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../src/index.ts';
import { CommandedStore } from '../support/commanded-store.ts';
import { Acknowledged } from '../support/disk/acknowledged.ts';
import { canTrace, LIBRARY, untraced } from '../support/disk/power-losses.ts';
import { injectFault } from '../support/strace-fault.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const WRITER = join(import.meta.dirname, '..', 'fixtures', 'power-loss-writer.mjs');

const AGAIN = 'The store was opened again';

/** LevelDB numbers its files; a test makes less than so many. */
const FILES_MAX = 80;

function pathsOf(database: string, extensions: readonly string[]): readonly string[] {
  return Array.from({ length: FILES_MAX }, (_, number) => String(number).padStart(6, '0')).flatMap((number) =>
    extensions.map((extension) => join(database, `${number}.${extension}`)),
  );
}

describe.skipIf(!canTrace)('a disk', { timeout: 60_000 }, () => {
  test.each([
    ['cannot sync (EIO)', 'fdatasync:error=EIO', [], 'Input/output error'],
    ['cannot write its log (EIO)', 'write:error=EIO', ['log'], 'Input/output error'],
    ['has no room for its log (ENOSPC)', 'write:error=ENOSPC', ['log'], 'No space left on device'],
    ['is over its quota (EDQUOT)', 'write:error=EDQUOT', ['log'], 'Disk quota exceeded'],
  ] as const)(
    `that %s tells every writer, goes on serving reads, and recovers by itself${untraced}`,
    async (_name, fault, extensions, reason) => {
      const dir = join(await temporaryFolder(), 'node');
      const store = await CommandedStore.open(dir);
      expect(await store.call('put', 'before', 'acknowledged')).toHaveProperty('value');
      const injected = await injectFault(store.pid, fault, pathsOf(join(dir, 'db'), extensions));
      const writers = Array.from({ length: 20 }, (_, at) => store.call('put', `refused/${at}`, at));
      for (const { code, message } of await Promise.all(writers)) {
        expect(code).toBe('STORE_FENCED');
        expect(message).toContain(reason);
      }
      expect(await store.call('get', 'before')).toEqual({ value: 'acknowledged' });
      await injected.end();
      await store.told(AGAIN);
      expect(await store.call('put', 'after', 'acknowledged, too')).toHaveProperty('value');
      await store.close();
      await expectSound(dir, { before: 'acknowledged', after: 'acknowledged, too' });
    },
  );

  test.each([
    ['cannot sync a table (EIO)', 'fdatasync:error=EIO'],
    ['has no room for a table (ENOSPC)', 'write:error=ENOSPC'],
  ])(`that %s while it compacts loses nothing, and recovers by itself${untraced}`, async (_name, fault) => {
    const dir = join(await temporaryFolder(), 'node');
    const store = await CommandedStore.open(dir);
    // LevelDB begins its second thread with its first table, and strace would not follow it.
    await store.call('compact');
    const keys = Array.from({ length: 50 }, (_, at) => `key/${at}`);
    await Promise.all(keys.map((key) => store.call('put', key, key)));
    const injected = await injectFault(store.pid, fault, pathsOf(join(dir, 'db'), ['ldb']));
    await store.call('compact');
    // LevelDB takes no writes once it could not make a table.
    expect(await store.call('put', 'refused', 1)).toMatchObject({ code: 'STORE_FENCED' });
    await injected.end();
    await store.told(AGAIN);
    expect(await store.call('put', 'after', 1)).toHaveProperty('value');
    expect(await store.call('getMany', keys)).toEqual({ value: keys });
    await store.close();
    await expectSound(dir, Object.fromEntries(keys.map((key) => [key, key])));
  });

  test.each(
    ['fdatasync:error=EIO', 'write:error=ENOSPC', 'fdatasync:signal=SIGKILL', 'write:signal=SIGKILL'].flatMap(
      (fault) => [2, 5, 9, 14, 23].map((when) => [fault, when] as const),
    ),
  )(`with %s at call %d of a thread keeps all that was acknowledged${untraced}`, async (fault, when) => {
    const dir = join(await temporaryFolder(), 'node');
    const acknowledged = new Acknowledged();
    const [call = ''] = fault.split(':');
    const only = pathsOf(join(dir, 'db'), ['log', 'ldb', 'dbtmp']).flatMap((path) => ['-P', path]);
    const inject = ['-e', `trace=${call}`, '-e', `inject=${fault}:when=${when}`, ...only];
    const child = spawn(
      'strace',
      ['-f', '-qq', '-o', '/dev/null', ...inject, process.execPath, WRITER, dir, LIBRARY],
      { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, UV_THREADPOOL_SIZE: '1' } },
    );
    const ended = once(child, 'close');
    for await (const line of createInterface({ input: child.stdout })) acknowledged.hear(line);
    await ended;
    await acknowledged.expectIn(dir);
  });
});

async function expectSound(dir: string, expected: Readonly<Record<string, string>>): Promise<void> {
  await using store = await openStore({ dir });
  expect(await store.getMany(Object.keys(expected))).toEqual(Object.values(expected));
  expect(await store.verify()).toMatchObject({ sound: true, problems: [] });
  expect((await readdir(dir)).includes('salvage')).toBe(false);
}
