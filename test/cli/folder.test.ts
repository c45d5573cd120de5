/** Folders that hold no store, or cannot: one sentence each, and nothing is made. */

import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkFolder, folderFailure, hasStore, openingFailure } from '../../src/cli/folder.ts';
import { BoatoError } from '../../src/core/errors.ts';
import { openStore } from '../../src/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { runMain } from './run-main.ts';

/** A backup of a store with one entry. */
async function backupFile(): Promise<string> {
  const folder = await temporaryFolder();
  await runMain(['put', 'a', '1', '--data', join(folder, 'a')]);
  await runMain(['backup', join(folder, 'file'), '--data', join(folder, 'a')]);
  return join(folder, 'file');
}

describe('a folder', () => {
  it('that holds other things is left alone', async () => {
    const dir = await temporaryFolder();
    await writeFile(join(dir, 'thesis.txt'), 'years of work');
    for (const args of [
      ['put', 'a', '1'],
      ['serve', '--port', '0', '--log-level', 'silent'],
      ['restore', await backupFile()],
    ]) {
      expect(await runMain([...args, '--data', dir])).toMatchObject({
        code: 3,
        stdout: '',
        stderr: `store: The folder ${dir} holds no store, but other things such as "thesis.txt": name an empty or a new folder with --data.\n`,
      });
    }
    expect(await readdir(dir)).toStrictEqual(['thesis.txt']);
  });

  it('in which a restore was killed takes another one', async () => {
    const dir = await temporaryFolder();
    await (await openStore({ dir: join(dir, 'restore.tmp') })).close();
    expect(await runMain(['restore', await backupFile(), '--data', dir])).toMatchObject({ code: 0 });
    expect((await runMain(['get', 'a', '--data', dir])).stdout).toBe('1\n');
  });

  it('that is new, empty, as good as empty, or holds a store is taken', async () => {
    const dir = await temporaryFolder();
    await checkFolder(join(dir, 'a', 'b'));
    await checkFolder(dir);
    await mkdir(join(dir, 'lost+found'));
    await checkFolder(dir);
    await (await openStore({ dir })).close();
    await writeFile(join(dir, 'notes.txt'), '');
    await checkFolder(dir);
    expect(await hasStore(dir)).toBe(true);
  });

  it('whose marker is gone still holds its store', async () => {
    const dir = await temporaryFolder();
    await runMain(['put', 'a', '1', '--data', dir]);
    await rm(join(dir, 'initialized'));
    expect(await runMain(['get', 'a', '--data', dir])).toMatchObject({ code: 0, stdout: '1\n', stderr: '' });
  });

  it('that is a file, or would lie in one, is named as such', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    for (const args of [
      ['get', 'a'],
      ['put', 'a', '1'],
    ]) {
      for (const dir of [file, join(file, 'below')]) {
        const { code, stderr } = await runMain([...args, '--data', dir]);
        expect(code).toBe(3);
        expect(stderr).toMatch(
          /^store: [^\n]+ is a file[^\n]*\.\n$|^store: .*a file where a folder should be; .*\n$/,
        );
      }
    }
  });

  it('that leads nowhere and round in circles is refused', async () => {
    const dir = join(await temporaryFolder(), 'loop');
    await symlink(dir, dir);
    const { code, stderr } = await runMain(['put', 'a', '1', '--data', dir]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^store: [^\n]+\n$/);
  });
});

describe('what the system says of a folder', () => {
  it.each([
    ['EACCES', /^The folder data\/x cannot be opened: it is not permitted; give your user /],
    ['EROFS', /its file system is read-only; choose another/],
    ['ENOSPC', /its disk is full; make room/],
    ['EMFILE', /too many files are open; raise the limit/],
    ['ENAMETOOLONG', /its path is too long/],
  ])('%s is put into words', (code, sentence) => {
    const error = folderFailure('data/x', Object.assign(new Error(code), { code }));
    expect((error as Error).message).toMatch(sentence);
  });

  it.each([
    ['/x/db/LOCK: Permission denied', /^The store in data\/x cannot be opened: it is not permitted; /],
    ['/x/db/000005.log: Read-only file system', /its file system is read-only/],
    ['/x/db/MANIFEST-000004: No space left on device', /its disk is full/],
  ])('LevelDB passes on as %j, which is put into words', (words, sentence) => {
    const raw = `The database at /x/db cannot be opened: IO error: ${words}`;
    const error = openingFailure('data/x', new BoatoError('STORE_UNREADABLE', raw)) as Error;
    expect(error.message).toMatch(sentence);
    expect(error.message).not.toMatch(/IO error/);
  });

  it('that is unknown, and errors of another kind, are left as they are', () => {
    const damaged = new BoatoError('STORE_UNREADABLE', 'Corruption: a block.');
    expect(openingFailure('x', damaged)).toBe(damaged);
    const mismatch = new BoatoError('NAME_MISMATCH', 'It belongs to another node.');
    expect(openingFailure('x', mismatch)).toBe(mismatch);
    const defect = new Error('a defect');
    expect(folderFailure('x', defect)).toBe(defect);
  });
});
