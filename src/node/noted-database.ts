/** A database that is compared, when it is opened, with what it was when it was closed. */

import { join } from 'node:path';
import { openLevelStore } from '../adapters/level-store.ts';
import { BoatoError } from '../core/errors.ts';
import type { OrderedStore } from '../ports/ordered-store.ts';
import { differenceFrom, readStopNote, removeStopNote, writeStopNote } from './stop-note.ts';
import { syncFolder } from './sync.ts';

export interface NotedDatabase {
  readonly store: OrderedStore;
  /** Its files are not what they were. Found again at each opening, until it is settled. */
  readonly damage: BoatoError | undefined;
  /** The store itself knows of the damage now. */
  settle(): Promise<void>;
}

/** Opens the database `name` of the folder `dir`. Fails as `openLevelStore` does. */
export async function openNoted(
  dir: string,
  name: string,
  options: { readonly createIfMissing: boolean },
): Promise<NotedDatabase> {
  const database = join(dir, name);
  const note = await readStopNote(dir);
  const difference = note === undefined ? undefined : await differenceFrom(note, database);
  if (note !== undefined && difference === undefined) {
    await removeStopNote(dir);
    await syncFolder(dir);
  }
  const store = await openLevelStore(database, options);
  // Another process may have had the database since: with another note, or none, it is another database.
  const isDamaged = difference !== undefined && (await readStopNote(dir)) === note;
  let isSettled = !isDamaged;
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    // Best effort: without a note nothing is compared.
    if (isSettled) await writeStopNote(dir, database).catch(() => undefined);
    await store.close();
  };
  return {
    store: { ...store, close: () => (closed ??= close()) },
    damage: isDamaged ? changedWhileClosed(difference) : undefined,
    async settle() {
      if (isSettled) return;
      await removeStopNote(dir);
      await syncFolder(dir);
      isSettled = true;
    },
  };
}

function changedWhileClosed(difference: string): BoatoError {
  return new BoatoError(
    'RECORD_DAMAGED',
    `${difference}: the disk or the folder was damaged, or an older copy was put in its place. The node serves no peer until it has asked its peers for what is missing; without peers, restore a backup, or let \`store verify --repair\` keep what is there.`,
  );
}
