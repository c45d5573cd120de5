/** Whether a write was seen here (R2), as far as reads show it. */

import type { TokenDot } from '../core/token.ts';
import type { Reader } from '../ports/ordered-store.ts';
import { entryOfDot } from './locate.ts';
import type { State } from './state.ts';

export interface SeenIn {
  readonly store: Reader;
  readonly state: Pick<State, 'context'>;
  /** Resolves when the state in memory is on disk, from where reads come. */
  readonly written: () => Promise<void>;
  /** Resolves when the dot index lists all entries. */
  readonly indexed: () => Promise<void>;
}

/**
 * Each entry of the write is here, or something that replaced it. Entries of a batch come together, but those that were
 * replaced where it came from do not come at all; what replaced them may come later in the same session.
 */
export async function isSeen(
  { store, state: { context }, written, indexed }: SeenIn,
  { actor, version: last, entries = 1 }: TokenDot,
): Promise<boolean> {
  const row = context.get(actor);
  const { received } = context.known(actor);
  for (let version = last; version > last - entries && version > received; version--) {
    if (row === undefined) return false;
    if (row.cloudVersions.has(version)) continue;
    // What is loose is known by a sum only: the index leads to it.
    if (row.loose.count === 0) return false;
    await indexed();
    if ((await entryOfDot(store, row.no, version)) === undefined) return false;
  }
  await written();
  return true;
}
