/** A node's folder: the database, the marker that it was made, and who holds it. */

import { access, mkdir, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { folderBytes } from '../adapters/folder-bytes.ts';
import { openLevelStore } from '../adapters/level-store.ts';
import { markDamagedBlocks } from '../adapters/level-tables.ts';
import { BoatoError } from '../core/errors.ts';
import type { Log } from '../ports/log.ts';
import type { OrderedStore } from '../ports/ordered-store.ts';
import { Ballast } from './ballast.ts';
import { diedUnchecked, holderPath, readHolder, writeHolder } from './holder.ts';
import { makeFirstDatabase, removeAsides } from './first-database.ts';
import { type NotedDatabase, openNoted } from './noted-database.ts';
import { requestSalvage } from './salvage.ts';
import type { StoreHome } from './store-home.ts';
import { syncFolder } from './sync.ts';

/** Once it is there, a missing database is an error, not a reason to begin an empty one. */
const MARKER = 'initialized';
const DATABASE = 'db';
const MEMBERS = 'members.json';
/** A database that is being restored: it becomes the folder's only when it is whole. */
const RESTORING = 'restore.tmp';

const MARKER_TEXT =
  'The database beside this file was made. If it is missing, restore it, or empty the whole folder.\n';

/**
 * The database of a folder that holds one, for a short look: nothing is written in it. Fails as `openFolder` does, and with
 * `RECORD_DAMAGED` where its files are not what they were when it was closed.
 */
export async function openForLook(dir: string): Promise<OrderedStore> {
  const { store, damage } = await openDatabase(resolve(dir), true);
  if (damage === undefined) return store;
  await store.close();
  throw damage;
}

/** Takes the folder's lock. Fails with `STORE_LOCKED`, `STORE_MISSING`, `STORE_UNREADABLE`. */
export async function openFolder(path: string, log: Log): Promise<StoreHome> {
  const dir = resolve(path);
  const ballast = new Ballast(dir);
  await makeFolder(dir);
  const isInitialized = await exists(join(dir, MARKER));
  if (!isInitialized && !(await exists(join(dir, DATABASE)))) await makeFirstDatabase(dir, DATABASE);
  // LevelDB may have ended the process over a damaged table, and would again.
  if (await diedUnchecked(dir)) await lookAtTables(join(dir, DATABASE), log);
  const { store, damage, settle } = await openDatabase(dir, isInitialized);
  try {
    await writeHolder(dir, { pid: process.pid });
  } catch (error) {
    await store.close();
    throw unusable(`The file ${holderPath(dir)} cannot be written`, error);
  }
  return {
    dir,
    store: {
      ...store,
      async checkFiles(onPiece) {
        await store.checkFiles?.(onPiece);
        await writeHolder(dir, { pid: process.pid, checked: true }).catch(() => undefined);
      },
    },
    isInitialized,
    damage,
    members: {
      read: () => readFile(join(dir, MEMBERS)).catch(() => undefined),
      write: (bytes) => writeDurably(dir, MEMBERS, bytes),
    },
    async markInitialized() {
      await settle();
      if (isInitialized) return;
      await removeAsides(dir);
      await writeDurably(dir, MARKER, MARKER_TEXT);
    },
    checkReopening: () => ballast.checkReopening(join(dir, DATABASE)),
    requestSalvage: () => requestSalvage(dir),
    reopen: (read) =>
      ballast.spend(async () => {
        const { store: reopened, damage: found, settle: settleFound } = await openDatabase(dir, true);
        try {
          const result = await read(reopened, found);
          await settleFound();
          return result;
        } catch (error) {
          await reopened.close();
          throw error;
        }
      }),
    setRoomAside: (isCalledOff) => ballast.fill(isCalledOff),
    checkRoom: () => ballast.checkRoom(),
    release: () => rm(holderPath(dir), { force: true }),
  };
}

async function lookAtTables(database: string, log: Log): Promise<void> {
  const bytes = await folderBytes(database);
  log.info({ bytes }, 'The last process ended before it had looked at its tables: they are read first.');
  await markDamagedBlocks(database, () => {});
}

/**
 * Makes a store in a folder that holds none, out of what `fill` writes; if it fails, there is none. Fails with
 * `STORE_EXISTS`, `STORE_LOCKED`, `STORE_UNREADABLE`.
 */
export async function makeStore<T>(path: string, fill: (store: OrderedStore) => Promise<T>): Promise<T> {
  const dir = resolve(path);
  if ((await exists(join(dir, MARKER))) || (await exists(join(dir, DATABASE)))) throw storeExists(dir);
  const firstMade = await makeFolder(dir);
  const restoring = join(dir, RESTORING);
  const store = await openEmpty(dir, restoring);
  try {
    const filled = await fill(store);
    await store.close();
    // Fails if a store was begun here in the meantime.
    await rename(restoring, join(dir, DATABASE)).catch((error: unknown) => {
      throw isTaken(error) ? storeExists(dir) : unusable(`The database in ${dir} cannot be made`, error);
    });
    await syncFolder(dir);
    await writeDurably(dir, MARKER, MARKER_TEXT);
    return filled;
  } catch (error) {
    await store.close();
    await rm(restoring, { recursive: true, force: true });
    if (firstMade !== undefined) await removeEmptyFolders(dir, firstMade);
    throw error;
  }
}

/** What a restore that was killed left behind goes. */
async function openEmpty(dir: string, location: string): Promise<OrderedStore> {
  try {
    const isLeft = await exists(location);
    const store = await openLevelStore(location, { createIfMissing: true });
    if (!isLeft) return store;
    await store.close();
    await rm(location, { recursive: true, force: true });
    return await openLevelStore(location, { createIfMissing: true });
  } catch (error) {
    if (!(error instanceof BoatoError && error.code === 'STORE_LOCKED')) throw error;
    throw new BoatoError('STORE_LOCKED', `Another restore into ${dir} is under way: wait for its end.`, {
      cause: error,
    });
  }
}

function storeExists(dir: string): BoatoError {
  return new BoatoError(
    'STORE_EXISTS',
    `The folder ${dir} holds a store already: restore into another folder, or move this one away.`,
  );
}

function isTaken(error: unknown): boolean {
  return ['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** `dir` and those above it up to `last`, as far as nothing is in them. */
async function removeEmptyFolders(dir: string, last: string): Promise<void> {
  for (let folder = dir; ; folder = dirname(folder)) {
    if ((await readdir(folder)).length > 0) return;
    await rmdir(folder);
    if (folder === last) return;
  }
}

async function openDatabase(dir: string, isInitialized: boolean): Promise<NotedDatabase> {
  try {
    return await openNoted(dir, DATABASE, { createIfMissing: !isInitialized });
  } catch (error) {
    if (!(error instanceof BoatoError)) throw error;
    if (error.code === 'STORE_LOCKED') throw await lockedBy(dir, error);
    if (error.code === 'STORE_MISSING') throw missing(dir, error);
    throw isDamagedDatabase(error)
      ? new BoatoError(error.code, error.message + ADVICE, { cause: error })
      : error;
  }
}

const ADVICE = '; restore the folder, or empty it and let the peers fill it.';

/** Rather than that the system does not let it be opened. */
function isDamagedDatabase({ code, message }: BoatoError): boolean {
  return code === 'STORE_UNREADABLE' && /: Corruption: |: No such file or directory$/u.test(message);
}

/** What was damaged is needed to open the store: who the node is, or what it has seen. */
export function unopenable(dir: string, cause: BoatoError): BoatoError {
  return new BoatoError(
    'RECORD_DAMAGED',
    `The database in ${dir} is damaged where the store keeps what it needs to open${ADVICE}`,
    { cause },
  );
}

export function missing(dir: string, cause: unknown): BoatoError {
  return new BoatoError(
    'STORE_MISSING',
    `The database in ${dir} is missing or incomplete, though it was there before: restore the folder, or empty it and let the peers fill it.`,
    { cause },
  );
}

async function lockedBy(dir: string, cause: BoatoError): Promise<BoatoError> {
  const pid = await readHolder(dir);
  const holder = pid === undefined ? 'another process' : `process ${pid}`;
  return new BoatoError(
    'STORE_LOCKED',
    `The folder ${dir} is in use by ${holder}: stop it, or use another folder.`,
    {
      cause,
    },
  );
}

/** The first folder that had to be made, if any. */
async function makeFolder(dir: string): Promise<string | undefined> {
  try {
    return await mkdir(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unusable(`The folder ${dir} cannot be made`, error);
  }
}

function unusable(what: string, cause: unknown): BoatoError {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new BoatoError(
    'STORE_UNREADABLE',
    `${what} (${code}): choose another folder, or mend its permissions.`,
    { cause },
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The file has its whole content after a power loss, or is not there. Fails with `STORE_UNREADABLE`. */
async function writeDurably(dir: string, name: string, content: string | Uint8Array): Promise<void> {
  const temporary = join(dir, `${name}.tmp`);
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(dir, name));
    await syncFolder(dir);
  } catch (error) {
    throw unusable(`The file ${join(dir, name)} cannot be written`, error);
  }
}
