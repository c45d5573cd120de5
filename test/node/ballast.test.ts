import { mkdir, readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BoatoError } from '../../src/core/errors.ts';
import { Ballast, BALLAST_BYTES } from '../../src/node/ballast.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const FULL = new BoatoError('STORE_UNREADABLE', 'The database cannot be opened: No space left on device');

async function filled(): Promise<{ readonly dir: string; readonly ballast: Ballast }> {
  const dir = await temporaryFolder();
  const ballast = new Ballast(dir);
  await ballast.fill(() => false);
  return { dir, ballast };
}

describe('the room of a folder', () => {
  test('is looked at by writing: where nothing can be written no database can be opened', async () => {
    const dir = join(await temporaryFolder(), 'gone');
    await expect(new Ballast(dir).checkReopening(join(dir, 'db'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is enough for writes where some megabytes are left', async () => {
    await expect(new Ballast(await temporaryFolder()).checkRoom()).resolves.toBeUndefined();
  });
});

describe('the ballast', () => {
  test('takes as much room as it says, and is written once', async () => {
    const { dir, ballast } = await filled();
    const written = await stat(join(dir, 'ballast'));
    expect(written.size).toBe(BALLAST_BYTES);
    expect(written.blocks * 512).toBeGreaterThanOrEqual(BALLAST_BYTES);
    await ballast.fill(() => false);
    expect((await stat(join(dir, 'ballast'))).mtimeMs).toBe(written.mtimeMs);
  });

  test('that is not whole is written anew', async () => {
    const { dir, ballast } = await filled();
    await truncate(join(dir, 'ballast'), BALLAST_BYTES - 1);
    await ballast.fill(() => false);
    expect((await stat(join(dir, 'ballast'))).size).toBe(BALLAST_BYTES);
  });

  test('is not there when its writing is called off', async () => {
    const dir = await temporaryFolder();
    let asked = 0;
    await new Ballast(dir).fill(() => ++asked > 3);
    expect(await readdir(dir)).toEqual([]);
  });

  test('is given back when work fails because the disk is full, which is then done once more', async () => {
    const { dir, ballast } = await filled();
    const seen: number[] = [];
    const work = async (): Promise<string> => {
      seen.push((await readdir(dir)).length);
      if (seen.length === 1) throw FULL;
      return 'done';
    };
    expect(await ballast.spend(work)).toBe('done');
    expect(seen).toEqual([1, 0]);
  });

  test.each([
    ['another error', 'is kept', new Error('no'), 1],
    ['no ballast', 'is not tried again', FULL, 0],
  ])('with %s %s', async (_case, _what, error, files) => {
    const { dir, ballast } = await filled();
    if (files === 0) await ballast.giveBack();
    let count = 0;
    const failing = ballast.spend(() => {
      count++;
      return Promise.reject(error);
    });
    await expect(failing).rejects.toBe(error);
    expect(count).toBe(1);
    expect(await readdir(dir)).toHaveLength(files);
  });

  test('is enough room for the logs beside it, as far as they go', async () => {
    const dir = await temporaryFolder();
    const database = join(dir, 'db');
    await mkdir(database);
    await writeFile(join(database, '000001.log'), 'some');
    const ballast = new Ballast(dir);
    await ballast.checkReopening(database);
    expect(await readdir(dir)).toEqual(['db']);
    // Sparse: larger than any disk.
    await truncate(join(database, '000001.log'), 2 ** 43);
    await expect(ballast.checkReopening(database)).rejects.toThrow(
      /^The disk has too little room: 8388610 MiB must be free/u,
    );
  });
});
