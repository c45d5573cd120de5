/** Whether a write was seen here (R2), as far as reads show it. */

import type { Dot } from '../core/entry.ts';
import type { Reader } from '../ports/ordered-store.ts';
import { entryOfDot } from './locate.ts';
import type { State } from './state.ts';

/**
 * `dot`: of a write, or the last of a batch; entries of a batch come together, save in a first copy. `written`: resolves
 * when the state in memory is on disk, from where reads come.
 */
export async function isSeen(
  store: Reader,
  state: Pick<State, 'context' | 'bootstrapping'>,
  written: () => Promise<void>,
  { actor, version }: Dot,
): Promise<boolean> {
  const row = state.context.get(actor);
  if (row === undefined) return false;
  if (version <= row.received || (row.cloudVersions.has(version) && !state.bootstrapping)) {
    await written();
    return true;
  }
  // What is loose is known by a sum only: the index leads to it.
  if (row.loose.count === 0) return false;
  const entry = await entryOfDot(store, row.no, version);
  return entry !== undefined && (entry.first === entry.last || !state.bootstrapping);
}
