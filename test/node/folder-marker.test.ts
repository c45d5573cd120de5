import { existsSync } from 'node:fs';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openLevelStore } from '../../src/adapters/level-store.ts';
import { openNode, openStore } from '../../src/index.ts';
import { temporaryDir, temporaryStore } from './temporary-store.ts';

/** A closed store with one key. */
async function madeStore(): Promise<string> {
  const dir = await temporaryDir();
  const store = await openStore({ dir, nodeId: 'lasting' });
  await store.put('k', 'kept');
  await store.close();
  return dir;
}

async function nameOf(dir: string, start: string): Promise<string> {
  const name = (await readdir(join(dir, 'db'))).find((file) => file.startsWith(start));
  return join(dir, 'db', name ?? 'none');
}

describe('a store whose database is gone', () => {
  const missing = (dir: string): object => ({
    name: 'BoatoError',
    code: 'STORE_MISSING',
    message: `The database in ${dir} is missing or incomplete, though it was there before: restore the folder, or empty it and let the peers fill it.`,
  });

  test.each([
    ['openStore', openStore],
    ['openNode', openNode],
  ])('is not begun anew by %s, however often it is tried', async (_name, open) => {
    const dir = await madeStore();
    await rm(join(dir, 'db'), { recursive: true });
    await expect(open({ dir })).rejects.toMatchObject(missing(dir));
    await expect(open({ dir })).rejects.toMatchObject(missing(dir));
    expect(existsSync(join(dir, 'db', 'CURRENT'))).toBe(false);
  });

  test('is what it was when the database is restored', async () => {
    const dir = await madeStore();
    await rename(join(dir, 'db'), join(dir, 'away'));
    await expect(openStore({ dir })).rejects.toMatchObject(missing(dir));
    await rm(join(dir, 'db'), { recursive: true, force: true });
    await rename(join(dir, 'away'), join(dir, 'db'));
    const store = await temporaryStore({ dir });
    expect(await store.get('k')).toBe('kept');
    expect(store.nodeId).toBe('lasting');
  });

  test('is begun anew in an emptied folder', async () => {
    const dir = await madeStore();
    await rm(dir, { recursive: true });
    const store = await temporaryStore({ dir });
    expect(await store.count()).toBe(0);
    expect(store.nodeId).not.toBe('lasting');
  });

  test('is noticed by the loss of the file that names its parts alone', async () => {
    const dir = await madeStore();
    const current = join(dir, 'db', 'CURRENT');
    await rename(current, `${current}.away`);
    await expect(openStore({ dir })).rejects.toMatchObject(missing(dir));
    await rename(`${current}.away`, current);
    expect(await (await temporaryStore({ dir })).get('k')).toBe('kept');
  });
});

describe('a store whose database cannot be read', () => {
  test.each([
    ['its manifest is lost', async (dir: string) => rm(await nameOf(dir, 'MANIFEST'))],
    ['its manifest is empty', async (dir: string) => writeFile(await nameOf(dir, 'MANIFEST'), '')],
    ['CURRENT names nothing', (dir: string) => writeFile(join(dir, 'db', 'CURRENT'), 'nothing\n')],
    ['CURRENT is empty', (dir: string) => writeFile(join(dir, 'db', 'CURRENT'), '')],
    [
      'it is a file',
      async (dir: string) => {
        await rm(join(dir, 'db'), { recursive: true });
        await writeFile(join(dir, 'db'), '');
      },
    ],
  ])('because %s is refused, and not repaired', async (_name, harm) => {
    const dir = await madeStore();
    await harm(dir);
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(openStore({ dir })).rejects.toMatchObject({
        code: 'STORE_UNREADABLE',
        message: expect.stringContaining(`The database at ${join(dir, 'db')} cannot be opened: `),
      });
    }
    expect(existsSync(join(dir, 'holder.json'))).toBe(false);
  });
});

describe('a start that was cut short', () => {
  test('before the marker was written goes on with what is there, and marks it', async () => {
    const dir = await madeStore();
    await rm(join(dir, 'initialized'));
    const store = await openStore({ dir });
    expect(store.nodeId).toBe('lasting');
    expect(await store.get('k')).toBe('kept');
    await store.close();
    await rm(join(dir, 'db'), { recursive: true });
    await expect(openStore({ dir })).rejects.toMatchObject({ code: 'STORE_MISSING' });
  });

  test('with half of the marker written goes on, too', async () => {
    const dir = await madeStore();
    await rm(join(dir, 'initialized'));
    await writeFile(join(dir, 'initialized.tmp'), 'The database bes');
    const store = await temporaryStore({ dir });
    expect(await store.get('k')).toBe('kept');
    expect(existsSync(join(dir, 'initialized'))).toBe(true);
    expect(existsSync(join(dir, 'initialized.tmp'))).toBe(false);
  });

  test('before the node had a name gives it the name that is asked for now', async () => {
    const dir = await madeStore();
    await rm(join(dir, 'initialized'));
    await rm(join(dir, 'db'), { recursive: true });
    await (await openLevelStore(join(dir, 'db'), { createIfMissing: true })).close();
    const store = await temporaryStore({ dir, nodeId: 'second' });
    expect(store.nodeId).toBe('second');
    expect(await store.count()).toBe(0);
  });
});
