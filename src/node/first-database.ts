/**
 * The first database of a folder is made aside, and takes its place when all of it is on disk. LevelDB names its first
 * manifest before it has synced it: a power loss in the first moments of a store left a database that never opened again.
 */

import { randomUUID } from 'node:crypto';
import { access, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openLevelStore } from '../adapters/level-store.ts';
import { syncFile, syncFolder } from './sync.ts';

const ASIDE = /\.aside-[0-9a-f-]{36}$/u;

/** An empty database `name` in the folder `dir`, unless another process was faster. */
export async function makeFirstDatabase(dir: string, name: string): Promise<void> {
  const database = join(dir, name);
  const aside = `${database}.aside-${randomUUID()}`;
  try {
    const store = await openLevelStore(aside, { createIfMissing: true });
    await store.close();
    for (const file of await readdir(aside)) await syncFile(join(aside, file));
    await syncFolder(aside);
    await rename(aside, database);
    await syncFolder(dir);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    if (!(await isThere(database))) throw error;
  }
}

/** What first starts that were killed have left. Only while the database is held. */
export async function removeAsides(dir: string): Promise<void> {
  const names = (await readdir(dir)).filter((name) => ASIDE.test(name));
  for (const name of names) await rm(join(dir, name), { recursive: true, force: true });
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
