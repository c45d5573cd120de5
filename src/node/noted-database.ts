/** A database that is compared, when it is opened, with what it was when it was closed. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openLevelStore } from '../adapters/level-store.ts';
import { BoatoError } from '../core/errors.ts';
import type { OrderedStore } from '../ports/ordered-store.ts';
import { endSalvage, salvage } from './salvage.ts';
import { differenceFrom, readStopNote, removeStopNote, writeStopNote } from './stop-note.ts';
import { syncFolder } from './sync.ts';

export interface NotedDatabase {
  readonly store: OrderedStore;
  /** Its files are not what they were. Found again at each opening, until it is settled. */
  readonly damage: BoatoError | undefined;
  /** The store itself knows of the damage now. */
  readonly settle: () => Promise<void>;
}

/** Opens the database `name` of the folder `dir`. Fails as `openLevelStore` does. */
export async function openNoted(
  dir: string,
  name: string,
  options: { readonly createIfMissing: boolean },
): Promise<NotedDatabase> {
  const database = join(dir, name);
  const isSalvaged = await salvage(dir, name);
  // It is of the database that was.
  if (isSalvaged) await removeStopNote(dir);
  const note = await readStopNote(dir);
  const difference =
    note !== undefined
      ? await differenceFrom(note, database)
      : options.createIfMissing
        ? undefined
        : await missingLog(database);
  if (note !== undefined && difference === undefined) {
    await removeStopNote(dir);
    await syncFolder(dir);
  }
  const store = await openLevelStore(database, options);
  // Another process may have had the database since: with another note, or none, it is another database.
  const isChanged = difference !== undefined && (await readStopNote(dir)) === note;
  const isDamaged = isChanged || isSalvaged;
  let isSettled = !isDamaged;
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    // Best effort: without a note nothing is compared.
    if (isSettled) await writeStopNote(dir, database).catch(() => undefined);
    await store.close();
  };
  return {
    store: { ...store, close: () => (closed ??= close()) },
    damage: isSalvaged ? readInPart(database) : isChanged ? changedWhileClosed(difference) : undefined,
    async settle() {
      if (isSettled) return;
      await removeStopNote(dir);
      await endSalvage(dir);
      isSettled = true;
    },
  };
}

/** Once it was opened for the first time, a database has a log, however it was left. */
async function missingLog(database: string): Promise<string | undefined> {
  const names = await readdir(database).catch((): string[] => []);
  const isMissing = names.includes('CURRENT') && !names.some((name) => name.endsWith('.log'));
  return isMissing ? `The log of the database ${database} is gone` : undefined;
}

function readInPart(database: string): BoatoError {
  return new BoatoError(
    'RECORD_DAMAGED',
    `The database ${database} could not be read as a whole, and what could be was copied into a new one: look after the disk. The node serves no peer until it has asked its peers for what is missing.`,
  );
}

function changedWhileClosed(difference: string): BoatoError {
  return new BoatoError(
    'RECORD_DAMAGED',
    `${difference}: the disk or the folder was damaged, or an older copy was put in its place. The node serves no peer until it has asked its peers for what is missing; without peers, restore a backup, or let \`store verify --repair\` keep what is there.`,
  );
}
