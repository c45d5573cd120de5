/** R3: a snapshot of the store together with its context and horizon, at one instant between two commits. */

import { type Actor, birthOf, nodeIdOf } from '../core/actor.ts';
import { type FullRow, unknownRow } from '../core/context.ts';
import type { BoatoError } from '../core/errors.ts';
import type { Version } from '../core/version.ts';
import type { Snapshot } from '../ports/ordered-store.ts';
import type { EntryScan, PinnedState } from '../ports/replica.ts';
import { EntryReader } from './entry-reader.ts';
import type { State } from './state.ts';

const NOTHING: EntryScan = { next: () => Promise.resolve([]), close: () => Promise.resolve() };

/** Must be called while no commit is under way. `undefined` if the context without `actors` is not `restHash`. */
export function pinState(
  state: State,
  openSnapshot: () => Snapshot,
  actors: readonly Actor[],
  restHash: bigint,
  onDamage: (error: BoatoError) => void,
): PinnedState | undefined {
  const { bootstrapping } = state;
  if (!bootstrapping && state.context.hashWithout(actors) !== restHash) return undefined;
  const rows = actors.map((actor) =>
    bootstrapping ? ownRowOnly(state, actor) : state.context.fullRow(actor),
  );
  const numbers = new Map(actors.map((actor) => [actor, state.context.get(actor)?.no]));
  const snapshot = openSnapshot();
  const reader = new EntryReader(snapshot, state.context, onDamage);
  return {
    rows,
    horizon: state.horizon,
    bootstrapping,
    byVersion(actor: Actor, after: Version) {
      const no = numbers.get(actor);
      const withheld = bootstrapping && nodeIdOf(actor) !== state.identity.nodeId;
      return no === undefined || withheld ? NOTHING : reader.byVersion(no, after);
    },
    byKey: (after) => reader.byKey({ gt: after }),
    close: () => snapshot.close(),
  };
}

/** While batches may be torn here, a node answers for its own writes only, and claims nothing but having them. */
function ownRowOnly(state: State, actor: Actor): FullRow {
  if (nodeIdOf(actor) !== state.identity.nodeId) return { ...unknownRow(actor), cloudVersions: [] };
  return { ...state.context.fullRow(actor), closed: birthOf(actor) };
}
