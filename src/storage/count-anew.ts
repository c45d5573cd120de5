/** Sums, and what rows say of entries, from the entries: where what is stored does not count all of them, or is lost. */

import { equalSums, SUM_ZERO, type Sum } from '../core/context.ts';
import { addSum } from '../core/fingerprint.ts';
import { maxVersion } from '../core/version.ts';
import type { Reader } from '../ports/ordered-store.ts';
import type { BoatoError } from '../core/errors.ts';
import type { LiveRow } from './context-table.ts';
import { damaged } from './damage.ts';
import { isPermanent } from './entry-record.ts';
import { forEachEntry } from './fold.ts';
import type { State } from './state.ts';

interface Tally {
  live: number;
  loose: Sum;
}

/** While nothing is committed. Resolves to damage that it met, if any; what cannot be read is not counted. */
export async function countAnew(reader: Reader, state: State): Promise<BoatoError | undefined> {
  const { context, fingerprints } = state;
  const tallies = new Map<LiveRow, Tally>(
    [...context.all()].map((row) => [row, { live: 0, loose: SUM_ZERO }]),
  );
  let damage: BoatoError | undefined;
  state.all = SUM_ZERO;
  state.permanent = SUM_ZERO;
  await forEachEntry(reader, context, {
    onEntry(key, { actorNo, version, last, flags }) {
      const row = context.byNo(actorNo);
      const sum = fingerprints.entry(row.actor, version, key);
      state.all = addSum(state.all, sum);
      if (isPermanent(flags)) state.permanent = addSum(state.permanent, sum);
      const tally = tallies.get(row) as Tally;
      tally.live++;
      if (!row.hasSeen(version)) tally.loose = addSum(tally.loose, fingerprints.dot(row.actor, version));
      row.indexed = maxVersion(row.indexed, version);
      state.see(last);
    },
    onUnreadable: () => void (damage ??= damaged('cannot be read')),
  });
  for (const [row, { live, loose }] of tallies) {
    // Where not all were counted, there are more, never fewer.
    if (live < row.live) damage ??= damaged('is missing');
    row.live = live;
    if (!equalSums(loose, row.loose)) context.setLoose(row, loose);
  }
  state.leftOut.add(context.settle(Number.NEGATIVE_INFINITY));
  return damage;
}
