/**
 * Copies what can be read of a database of which a part cannot, and puts the copy in its place. LevelDB would fail each
 * compaction that meets that part, and so every write after it: such a database cannot be mended where it is. What the copy
 * has may be stale, where something newer was lost: whoever opens it must count it as damaged, and give up its context.
 *
 * 1. `salvage` asks for it, and is there until the store knows that it is damaged.
 * 2. `db.salvaging` is a copy that is being made. Renamed to `db.salvaged` it is whole, and on disk.
 * 3. Then the database is renamed to `db.unreadable`, the copy to the name of the database, and the former goes.
 */

import { access, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openLevelStore } from '../adapters/level-store.ts';
import { BoatoError } from '../core/errors.ts';
import type { OrderedStore, StoredRecord } from '../ports/ordered-store.ts';
import { syncFile, syncFolder } from './sync.ts';

const REQUEST = 'salvage';

/** Records read, and written, at once. */
const PAGE_RECORDS = 256;

/** On disk when it resolves. */
export async function requestSalvage(dir: string): Promise<void> {
  const path = join(dir, REQUEST);
  await writeFile(
    path,
    'A part of the database beside this file cannot be read. The rest is copied at the next start.\n',
  );
  await syncFile(path);
  await syncFolder(dir);
}

export async function endSalvage(dir: string): Promise<void> {
  await rm(join(dir, REQUEST), { force: true });
  await syncFolder(dir);
}

/** If it was asked for. Resolves to whether it was; a copy that was begun is finished. */
export async function salvage(dir: string, name: string): Promise<boolean> {
  if (!(await isThere(join(dir, REQUEST)))) return false;
  const database = join(dir, name);
  const salvaged = `${database}.salvaged`;
  const unreadable = `${database}.unreadable`;
  if (!(await isThere(salvaged)) && !(await isThere(unreadable))) {
    const salvaging = `${database}.salvaging`;
    try {
      await copy(database, salvaging);
    } catch (error) {
      await rm(salvaging, { recursive: true, force: true });
      throw error;
    }
    await rename(salvaging, salvaged);
    await syncFolder(dir);
  }
  if (await isThere(salvaged)) {
    if (!(await isThere(unreadable))) await rename(database, unreadable);
    await rename(salvaged, database);
    await syncFolder(dir);
  }
  await rm(unreadable, { recursive: true, force: true });
  return true;
}

/** The lock of the database comes first. */
async function copy(database: string, target: string): Promise<void> {
  const from = await openLevelStore(database, { createIfMissing: false });
  try {
    await rm(target, { recursive: true, force: true });
    const to = await openLevelStore(target, { createIfMissing: true });
    try {
      await copyRecords(from, to);
    } finally {
      await to.close();
    }
    for (const file of await readdir(target)) await syncFile(join(target, file));
    await syncFolder(target);
  } finally {
    await from.close();
  }
}

/**
 * A scan of LevelDB passes over what it cannot read, and fails at its end, with what it read last. So the rest is read
 * again, a record at a time.
 */
async function copyRecords(from: OrderedStore, to: OrderedStore): Promise<void> {
  let after: Uint8Array = new Uint8Array(0);
  for (const count of [PAGE_RECORDS, 1]) {
    const scan = from.scan({ gt: after });
    try {
      for (let page = await scan.next(count); page.length > 0; page = await scan.next(count)) {
        await to.write(page.map(putOf), { sync: false });
        after = (page.at(-1) as StoredRecord)[0];
      }
      return;
    } catch (error) {
      if (!(error instanceof BoatoError && error.code === 'RECORD_DAMAGED')) throw error;
    } finally {
      await scan.close();
    }
  }
}

function putOf([key, value]: StoredRecord): {
  readonly type: 'put';
  readonly key: Uint8Array;
  readonly value: Uint8Array;
} {
  return { type: 'put', key, value };
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
