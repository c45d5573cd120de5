import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { openFolder } from '../../src/node/folder.ts';
import { silentLog } from '../../src/adapters/silent-log.ts';
import { openStore } from '../../src/index.ts';
import type { Log } from '../../src/ports/log.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { temporaryDir } from './temporary-store.ts';

/** Above all that a system gives to processes. */
const DEAD = 2 ** 30;

let dir = '';
let table = '';
let flipped: Buffer;

/** A folder after a kill; a byte of its table is another one. */
beforeEach(async () => {
  dir = await temporaryDir();
  const store = await openStore({ dir });
  await store.put('k', 'v'.repeat(100));
  await store.compact();
  await store.close();
  const name = (await readdir(join(dir, 'db'))).find((file) => file.endsWith('.ldb')) as string;
  table = join(dir, 'db', name);
  flipped = await readFile(table);
  flipped[20] = (flipped[20] as number) ^ 0xff;
  await writeFile(table, flipped);
});

async function isLookedAt(holder: object, log: Log = silentLog): Promise<boolean> {
  await writeFile(join(dir, 'holder.json'), JSON.stringify(holder));
  const home = await openFolder(dir, log);
  await home.store.close();
  await home.release();
  return !(await readFile(table)).equals(flipped);
}

describe('the tables of a folder are looked at before it is opened', () => {
  test.each([
    ['after its holder died', { pid: DEAD }, true],
    ['after a holder of the same number, as in a container', { pid: process.pid }, true],
    ['but not after one that had looked itself', { pid: DEAD, checked: true }, false],
    ['but not while its holder seems to live', { pid: process.ppid }, false],
    ['but not if it was given back', {}, false],
  ])('%s', async (_, holder, expected) => {
    expect(await isLookedAt(holder)).toBe(expected);
  });

  test('and the log says so, with how much there is to read', async () => {
    const log = new RecordingLog();
    await isLookedAt({ pid: DEAD }, log);
    expect(log.lines).toEqual([
      expect.stringMatching(/^info The last process ended .* read first\. \{"bytes":[1-9]\d*\}$/u),
    ]);
  });

  test('a holder that has looked says so', async () => {
    await writeFile(table, flipped);
    const home = await openFolder(dir, silentLog);
    const holder = async (): Promise<unknown> => JSON.parse(await readFile(join(dir, 'holder.json'), 'utf8'));
    expect(await holder()).toEqual({ pid: process.pid });
    await home.store.checkFiles?.(() => {});
    expect(await holder()).toEqual({ pid: process.pid, checked: true });
    expect((await readFile(table)).equals(flipped)).toBe(false);
    await home.store.close();
    await home.release();
  });
});
